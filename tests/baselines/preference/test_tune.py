from __future__ import annotations

import csv
import json
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.preference.pairs import Origin, Pair, read_pairs, write_pairs
from baselines.preference.tune import tune
from submission.adapters import Weighted, merge
from submission.adapters.prompts import read_prompts
from submission.cli import run
from submission.errors import InputError, Stopped
from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe
from tests.models import gpt2


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return ModelFiles("tiny", gpt2(tmp_path_factory.mktemp("models") / "tiny"))


PROMPTS = ["벽지가 왜 우나요?", "타일이 왜 깨지나요?", "마루가 왜 썩나요?", "문이 왜 뻑뻑한가요?"]
# Learned on three prompts and seen on a fourth. Both answers have as many tokens.
CHOSEN, REJECTED = "습기 때문입니다.", "습기 탓이랍니다."
PAIRS = [Pair(prompt, "", {}, CHOSEN, REJECTED) for prompt in PROMPTS[:3]]
HELD_OUT = [Pair(PROMPTS[3], "", {}, CHOSEN, REJECTED)]


def recipe(**training: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "tiny",
            "model": {"name": "tiny"},
            "prompt": {"template": "질문: {{ question }}\n답변:\n"},
            "training": {
                "epochs": 10,
                "learning_rate": 5e-3,
                "batch_size": 2,
                "lora": {"rank": 4, "alpha": 8},
                **training,
            },
            "preference": {"beta": 0.1},
        }
    )


def with_adapter(folder: Path, **training: Any) -> Recipe:
    made = recipe(**training)
    assert made.model is not None
    model = made.model.model_copy(update={"adapter": str(folder)})
    return made.model_copy(update={"model": model})


def adapter_bytes(folder: Path) -> tuple[bytes, bytes]:
    return (
        (folder / "adapter_model.safetensors").read_bytes(),
        (folder / "adapter_config.json").read_bytes(),
    )


def log_prob(base: ModelFiles, adapter: Path | None, pair: Pair, answer: str) -> float:
    """By a plain forward pass: what transformers and peft alone say."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base.folder)
    model = AutoModelForCausalLM.from_pretrained(base.folder)
    if adapter is not None:
        model = PeftModel.from_pretrained(model, str(adapter))
    prompt = tokenizer(f"질문: {pair.question}\n답변:\n")["input_ids"]
    ids = torch.tensor([[*prompt, *tokenizer(answer)["input_ids"], tokenizer.eos_token_id]])
    with torch.no_grad():
        values = model.eval()(ids).logits.log_softmax(-1)[0, :-1]
    found = values.gather(-1, ids[0, 1:, None])[len(prompt) - 1 :, 0]
    return float(found.sum())


def test_margins_rise_and_the_chosen_answer_becomes_the_likelier_one(
    tmp_path: Path, base: ModelFiles
) -> None:
    said: list[str] = []
    out = tmp_path / "어댑터"
    report = tune(
        recipe(), PAIRS, out, held_out=HELD_OUT, base=base, data_sha256="d" * 64, say=said.append
    )
    assert report.loss.first == pytest.approx(0.6931, abs=0.05)  # ln 2: nothing tells them apart
    assert report.loss.last < 0.2
    assert report.margin.last > 1.0
    assert report.accuracy.last == 1.0
    assert (report.pairs, report.too_long, report.steps, report.resumed_at) == (3, 0, 20, 0)
    assert {path.name for path in out.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "leaderkit.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "tuning.csv",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["어댑터"]
    assert json.loads((out / "leaderkit.json").read_text()) == report.as_json()
    with (out / "tuning.csv").open(newline="") as lines:
        course = list(csv.DictReader(lines))
    assert [int(row["step"]) for row in course if row["loss"]] == list(range(1, 21))
    assert [row["step"] for row in course if row["held_out_loss"]] == [
        str(step) for step in range(0, 21, 2)
    ]
    assert float(course[-1]["margin"]) > float(course[1]["margin"])
    assert any(line.startswith("20/20 steps, ") for line in said)

    held_out = report.held_out
    assert held_out is not None
    assert held_out.accuracy == 1.0
    assert held_out.chosen_before < held_out.rejected_before
    assert (held_out.prefers_before, held_out.prefers) == (0.0, 1.0)
    pair = HELD_OUT[0]
    assert held_out.chosen_before == pytest.approx(
        log_prob(base, None, pair, pair.chosen), abs=1e-3
    )
    assert held_out.chosen == pytest.approx(log_prob(base, out, pair, pair.chosen), abs=1e-3)
    assert held_out.rejected == pytest.approx(log_prob(base, out, pair, pair.rejected), abs=1e-3)


def test_an_adapter_of_another_base_is_refused_unless_it_is_meant(
    tmp_path: Path, base: ModelFiles
) -> None:
    tune(recipe(max_steps=1), PAIRS, tmp_path / "first", base=base)
    other = ModelFiles("other", gpt2(tmp_path / "other", seed=9))
    asked = with_adapter(tmp_path / "first", max_steps=1)
    with pytest.raises(InputError, match=r"was trained on 'tiny', and .*model\.other_base=true"):
        tune(asked, PAIRS, tmp_path / "second", base=other)
    assert not (tmp_path / "second").exists()
    assert asked.model is not None
    meant = asked.model.model_copy(update={"other_base": True})
    said: list[str] = []
    tune(
        asked.model_copy(update={"model": meant}), PAIRS, tmp_path / "second", base=other,
        say=said.append,
    )  # fmt: skip
    assert any("are not those the adapter was trained on ('tiny')" in each for each in said)


def test_one_seed_one_adapter(tmp_path: Path, base: ModelFiles) -> None:
    for name, seed in [("first", 3), ("again", 3), ("other", 4)]:
        tune(recipe(epochs=2), PAIRS, tmp_path / name, base=base, seed=seed)
    assert adapter_bytes(tmp_path / "first") == adapter_bytes(tmp_path / "again")
    assert adapter_bytes(tmp_path / "first") != adapter_bytes(tmp_path / "other")


def test_the_next_round_begins_with_the_result_and_is_held_to_it(
    tmp_path: Path, base: ModelFiles
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    one = tune(recipe(), PAIRS, first, held_out=HELD_OUT, base=base)
    again = with_adapter(first, epochs=2, learning_rate=1e-3)
    two = tune(again, PAIRS, second, held_out=HELD_OUT, base=base)
    assert one.held_out is not None
    assert two.held_out is not None
    assert two.held_out.chosen_before == pytest.approx(one.held_out.chosen, abs=1e-3)
    assert two.loss.first == pytest.approx(0.6931, abs=0.01)
    assert two.start == str(first)
    assert two.start_sha256 is not None
    pair = HELD_OUT[0]
    assert two.held_out.chosen == pytest.approx(log_prob(base, second, pair, pair.chosen), abs=1e-3)
    assert not (second / "ref").exists()


def test_the_result_merges(tmp_path: Path, base: ModelFiles) -> None:
    out = tmp_path / "out"
    tune(recipe(), PAIRS, out, base=base)
    adapters = [Weighted(ModelFiles(str(out), out))]
    report = merge(base, adapters, tmp_path / "merged", read_prompts())
    assert report.written.difference < 1e-3
    assert not report.warnings


INTERRUPTED = """
import sys, pickle
from pathlib import Path
import torch
torch.set_num_threads(1)
from baselines.preference.tune import tune
from submission.files.model_files import ModelFiles
recipe, pairs, folder, out = pickle.loads(Path(sys.argv[1]).read_bytes())
tune(recipe, pairs, Path(out), base=ModelFiles("tiny", Path(folder)), checkpoint_seconds=0.0)
"""


def test_a_killed_tuning_goes_on_to_the_same_adapter(tmp_path: Path, base: ModelFiles) -> None:
    torch.set_num_threads(1)
    start = tmp_path / "start"
    tune(recipe(epochs=2), PAIRS, start, base=base)
    # With a reference beside it, a checkpoint has two adapters to tell apart.
    longer = with_adapter(start, epochs=12)
    out, work = tmp_path / "out", tmp_path / "out.training"
    job = tmp_path / "job"
    job.write_bytes(pickle.dumps((longer, PAIRS, str(base.folder), str(out))))
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(job)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not list(work.glob("checkpoint-*[13579]/whole.json")):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()

    with pytest.raises(InputError, match=r"unfinished training\. Continue it with --resume"):
        tune(longer, PAIRS, out, base=base)
    with pytest.raises(InputError, match="checkpoints of another training"):
        tune(longer, PAIRS[:2], out, base=base, resume=True)
    resumed = tune(longer, PAIRS, out, base=base, resume=True)
    whole = tune(longer, PAIRS, tmp_path / "whole", base=base)
    assert 0 < resumed.resumed_at < resumed.steps == whole.steps
    assert adapter_bytes(out) == adapter_bytes(tmp_path / "whole")
    assert (resumed.loss, resumed.margin) == (whole.loss, whole.margin)
    said: list[str] = []
    assert tune(longer, PAIRS, out, base=base, resume=True, say=said.append) == resumed
    assert any("already finished" in line for line in said)


def test_an_adapter_of_the_output_layer_is_not_tuned(tmp_path: Path, base: ModelFiles) -> None:
    lora = {"rank": 2, "targets": ["c_attn", "lm_head"]}
    with pytest.raises(
        InputError, match=r"training\.lora\.targets: has the output layer.*Remove it"
    ):
        tune(recipe(lora=lora), PAIRS, tmp_path / "out", base=base)
    assert not (tmp_path / "out").exists()


def test_recipes_that_are_not_tuned(tmp_path: Path, base: ModelFiles) -> None:
    without = recipe().model_copy(update={"preference": None})
    with pytest.raises(InputError, match=r"has no \[preference\].*--set preference\.beta=0\.1"):
        tune(without, PAIRS, tmp_path / "out", base=base)


def test_a_diverged_tuning_leaves_nothing(tmp_path: Path, base: ModelFiles) -> None:
    wild = recipe(learning_rate=0.99, clip=0.0, epochs=6, lora={"rank": 64, "alpha": 1e30})
    with pytest.raises(InputError, match="became NaN"):
        tune(wild, PAIRS, tmp_path / "out", base=base)
    assert not (tmp_path / "out").exists()


def test_nothing_is_told_to_anyone(
    tmp_path: Path, base: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something is sent")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    tune(recipe(max_steps=1), PAIRS, tmp_path / "out", base=base)


def test_the_command_prints_one_object(
    tmp_path: Path, base: ModelFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, unseen, out = tmp_path / "pairs.jsonl", tmp_path / "unseen.csv", tmp_path / "out"
    write_pairs(pairs, [(pair, Origin("R0", 0, "samples", "person", 0, 1)) for pair in PAIRS])
    unseen.write_text("context,question,chosen,rejected\n,왜?,습기 때문입니다.,습기 탓\n")
    arguments = [
        "tune", "embedded", "--model", str(base.folder), "--pairs", str(pairs), "--eval",
        str(unseen), "--out", str(out), "--set", "preference.beta=0.2", "--set",
        "training.max_steps=2", "--seed", "7", "--json",
    ]  # fmt: skip
    assert run(arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["pairs"], printed["steps"], printed["seed"]) == (3, 2, 7)
    assert printed["held_out"]["pairs"] == 1
    assert printed["recipe"]["preference"]["beta"] == 0.2
    assert len(read_pairs(pairs)) == 3
    assert run(arguments) == 2
    assert "not empty" in capsys.readouterr().err


def test_pairs_that_do_not_fit_are_computed_one_by_one_in_the_same_step(
    tmp_path: Path, base: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import GPT2Model

    whole = tune(recipe(epochs=3), PAIRS, tmp_path / "whole", base=base)
    forward, room = GPT2Model.forward, [2]

    def full(self: GPT2Model, input_ids: torch.Tensor, **settings: Any) -> Any:
        if len(input_ids) > room[0]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, input_ids, **settings)

    monkeypatch.setattr(GPT2Model, "forward", full)
    said: list[str] = []
    parts = tune(recipe(epochs=3), PAIRS, tmp_path / "parts", base=base, say=said.append)
    assert "Out of memory at 2 pairs: 1 at a time from here on; steps keep their size." in said
    assert (whole.micro_batch, parts.micro_batch, parts.steps) == (2, 1, whole.steps)
    assert near(tmp_path / "whole", tmp_path / "parts")
    room[0] = 0
    with pytest.raises(Stopped, match=r"with a single pair of \d+ tokens\. Lower"):
        tune(recipe(), PAIRS, tmp_path / "out", base=base)
    assert not (tmp_path / "out").exists()


def near(one: Path, other: Path) -> bool:
    from safetensors.torch import load_file

    first, second = (load_file(each / "adapter_model.safetensors") for each in (one, other))
    return all(torch.allclose(first[name], second[name], atol=2e-4) for name in first)


def test_every_pair_of_a_step_counts_alike_however_they_are_spread(
    tmp_path: Path, base: ModelFiles
) -> None:
    # Three pairs: in a batch of their own, and as two and one.
    tune(recipe(batch_size=3, epochs=4), PAIRS, tmp_path / "one", base=base)
    tune(recipe(batch_size=2, accumulation=2, epochs=4), PAIRS, tmp_path / "two", base=base)
    assert near(tmp_path / "one", tmp_path / "two")


def test_the_weights_with_the_least_held_out_loss_are_kept(
    tmp_path: Path, base: ModelFiles
) -> None:
    # What is held out prefers the other way round, so that each step makes it worse.
    turned = [Pair(PROMPTS[3], "", {}, REJECTED, CHOSEN)]
    chosen = recipe(evaluation={"every_steps": 1, "patience": 3})
    said: list[str] = []
    report = tune(chosen, PAIRS, tmp_path / "out", held_out=turned, base=base, say=said.append)
    assert report.stopped_early
    assert report.kept_step == report.steps - 3
    assert f"Using the best weights, of step {report.kept_step}." in said
    assert report.held_out is not None
    with (tmp_path / "out" / "tuning.csv").open(newline="") as lines:
        losses = {row["step"]: row["held_out_loss"] for row in csv.DictReader(lines)}
    assert float(losses["0"]) == pytest.approx(0.6931, abs=1e-3)
    assert float(losses[str(report.kept_step)]) == pytest.approx(report.held_out.loss, abs=1e-4)
    assert report.held_out.rejected == pytest.approx(
        log_prob(base, tmp_path / "out", turned[0], CHOSEN), abs=1e-3
    )
    every = recipe(evaluation={"every_steps": 1, "keep_best": False}, max_steps=4)
    last = tune(every, PAIRS, tmp_path / "last", held_out=turned, base=base)
    assert last.kept_step == last.steps == 4


def test_a_share_of_the_pairs_can_be_held_out_and_a_part_of_them_learned(
    tmp_path: Path, base: ModelFiles
) -> None:
    pairs = [Pair(prompt, "", {}, CHOSEN, REJECTED) for prompt in PROMPTS]
    said: list[str] = []
    chosen = recipe(evaluation={"share": 0.25}, rows=2, max_steps=1)
    report = tune(chosen, pairs, tmp_path / "out", base=base, say=said.append)
    assert "1 of 4 pairs are held out." in said
    assert report.pairs == 2
    assert report.held_out is not None
    assert report.held_out.pairs == 1


def test_what_tuning_does_not_read_is_said(tmp_path: Path, base: ModelFiles) -> None:
    said: list[str] = []
    lora = {"rank": 4, "alpha": 8, "dropout": 0.5}
    plain = tune(recipe(max_steps=2), PAIRS, tmp_path / "plain", base=base)
    dropped = tune(
        recipe(max_steps=2, lora=lora), PAIRS, tmp_path / "out", base=base, say=said.append
    )
    assert any(
        line.startswith("training.lora.dropout is set to 0 for preference tuning") for line in said
    )
    assert adapter_bytes(tmp_path / "plain")[0] == adapter_bytes(tmp_path / "out")[0]
    assert dropped.fingerprint == plain.fingerprint
    other = with_adapter(tmp_path / "out", max_steps=1, lora={"rank": 2, "alpha": 2})
    tune(other, PAIRS, tmp_path / "two", base=base, say=said.append)
    assert any("keeps its shape (rank 4, alpha 8)" in line for line in said)
    with pytest.raises(
        InputError, match=r"metric=chrf: held-out pairs are evaluated by their loss"
    ):
        tune(recipe(evaluation={"metric": "chrf"}), PAIRS, tmp_path / "three", base=base)
    with pytest.raises(InputError, match=r"patience needs held-out pairs"):
        tune(recipe(evaluation={"patience": 1}), PAIRS, tmp_path / "three", base=base)


def test_other_held_out_pairs_are_another_tuning(tmp_path: Path, base: ModelFiles) -> None:
    out = tmp_path / "out"
    tune(recipe(max_steps=1), PAIRS, out, held_out=HELD_OUT, base=base)
    with pytest.raises(InputError, match="the folder is not empty"):
        tune(recipe(max_steps=1), PAIRS, out, held_out=PAIRS[:1], base=base, resume=True)


def test_a_tuning_that_diverges_keeps_what_was_best_or_nothing(
    tmp_path: Path, base: ModelFiles
) -> None:
    runaway = {"learning_rate": 0.99, "schedule": "constant", "clip": 0.0}
    lora = {"rank": 4, "alpha": 3e9}
    chosen = recipe(**runaway, lora=lora, evaluation={"every_steps": 1})
    report = tune(chosen, PAIRS, tmp_path / "out", held_out=HELD_OUT, base=base)
    assert report.diverged_at is not None
    assert 0 < report.kept_step < report.diverged_at < 20
    assert "where the loss became NaN" in report.summary()
    with pytest.raises(InputError, match="before any weights were saved: lower"):
        tune(chosen, PAIRS, tmp_path / "other", base=base)
    assert not list(tmp_path.glob("other*"))


def test_a_damaged_adapter_is_refused_before_the_model_is_loaded(
    tmp_path: Path, base: ModelFiles
) -> None:
    first = tmp_path / "first"
    tune(recipe(max_steps=1), PAIRS, first, base=base)
    path = first / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    bare = tmp_path / "bare"  # with no weights that could be loaded
    shutil.copytree(base.folder, bare)
    (bare / "model.safetensors").unlink()
    (first / "leaderkit.json").unlink()  # which would tell that this is not the base
    with pytest.raises(InputError, match=r"adapter_model\.safetensors: cannot be read"):
        tune(with_adapter(first), PAIRS, tmp_path / "second", base=ModelFiles("bare", bare))
