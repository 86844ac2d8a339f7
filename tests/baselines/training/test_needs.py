"""What is said of a training before and while it runs: phases, memory, time, settings that help."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from baselines.training import loop, needs
from baselines.training.needs import Measured, Work, cures, measure, needs_of, tell_needs, tokens_of
from baselines.training.sft import train
from submission.adapters.load import load_base
from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe, Training
from submission.records.rows import TrainingRow
from submission.terminal import progress
from tests.baselines.training.conftest import with_training

GIB = 2**30


def tuned(base: ModelFiles, dropout: float = 0.0) -> torch.nn.Module:
    torch.manual_seed(0)
    config = LoraConfig(r=4, lora_dropout=dropout, target_modules=["c_attn"])
    return get_peft_model(load_base(base.folder, torch.float32), config)


def ids(rows: int, tokens: int) -> dict[str, torch.Tensor]:
    return {"input_ids": torch.full((rows, tokens), 70)}


def work(rows: int, tokens: int, positions: int = 0, steps: int = 10) -> Work:
    return Work(rows * tokens, positions, mean=rows * tokens, steps=steps)


def test_each_phase_is_told_before_it_begins(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    said: list[str] = []
    report = train(recipe, rows, tmp_path / "out", base=base, say=said.append)
    phases = [
        r"Loading tiny \(lora, float32\)\.",
        r"Tokenizing 3 rows\.",
        r"10 samples, ",
        r"Memory: about \d+ MiB beside the model \(activations .*\) for [\d,]+ tokens at once",
        rf"First step: about .* tokens; all {report.steps} steps about ",
        rf"1/{report.steps} steps",
    ]
    assert len(said) >= len(phases)
    for text, phase in zip(said, phases, strict=False):
        assert re.match(phase, text), text


def test_what_is_said_of_the_largest_batch_is_what_it_keeps(base: ModelFiles) -> None:
    """The tensors of a whole batch, counted, against the forecast from one row of it."""
    model = tuned(base, dropout=0.1)
    training = Training(batch_size=6)
    small = measure(model, ids(1, 32), training)
    large = measure(model, ids(6, 96), training)
    assert small is not None
    assert large is not None
    forecast = needs_of(model, work(6, 96), training, small).activations
    assert forecast == pytest.approx(large.kept * 6 * 96, rel=0.15)


def test_dropout_of_an_adapter_keeps_more(base: ModelFiles) -> None:
    training = Training()
    without, with_ = (measure(tuned(base, dropout), ids(1, 32), training) for dropout in (0.0, 0.1))
    assert without is not None
    assert with_ is not None
    assert with_.kept > without.kept
    assert measure(tuned(base, 0.1), ids(1, 32), training, dropout=False).kept == without.kept
    left = [
        re.search(r"dropout=0 takes about (.*?)$", told)
        for told in cures(tuned(base, 0.1), work(4, 10**5), training, with_, without)
    ]
    smaller = needs_of(tuned(base), work(4, 10**5), training, without).memory
    assert [found[1] for found in left if found] == [f"{smaller / GIB:.1f} GiB"]


def test_looking_leaves_no_trace(base: ModelFiles) -> None:
    model = tuned(base, dropout=0.5).eval()
    before, state = torch.random.get_rng_state(), dict(model.state_dict())
    tell_needs(model, ids(1, 32), work(4, 32), Training(), lambda _: None)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(state[name], each) for name, each in model.state_dict().items())
    assert not model.training
    assert all(each.grad is None for each in model.parameters())


def test_the_parts_of_the_memory(base: ModelFiles) -> None:
    model = tuned(base)
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    found = needs_of(model, work(2, 50, positions=20), Training(), Measured(1000.0, 0.5))
    assert found.activations == 1000 * 100
    assert found.logits == 16 * 20 * 259
    assert found.trained == trained * (4 + 8)
    assert found.memory == found.activations + found.logits + found.trained
    assert found.step_seconds == 0.5 * 100 * 3
    eight_bit = Training(optimizer="adamw_8bit")
    assert needs_of(model, work(2, 50), eight_bit, Measured(0.0, 0.0)).trained == trained * 6


def test_memory_out_of_proportion_comes_with_the_settings_that_help(
    base: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "free_for_models", lambda: 2**20)
    said: list[str] = []
    training = Training.model_validate({"batch_size": 8, "lora": {"dropout": 0.1}})
    tell_needs(tuned(base), ids(1, 32), work(8, 400, positions=800), training, said.append)
    memory, warning, _ = said
    assert "1 MiB are free" in memory
    assert warning.startswith("Warning: that may not fit. training.gradient_checkpointing=true")
    assert "training.batch_size=2 with training.accumulation=4 (steps of the same size)" in warning
    assert re.search(r"training.lora.dropout=0 takes about [\d.]+ MiB", warning)
    said.clear()
    monkeypatch.setattr(needs, "free_for_models", lambda: 1000 * GIB)
    tell_needs(tuned(base), ids(1, 32), work(8, 400), training, said.append)
    assert not [text for text in said if "Warning" in text]


def test_only_settings_that_are_not_set_yet_are_named(base: ModelFiles) -> None:
    training = Training.model_validate(
        {"batch_size": 1, "gradient_checkpointing": True, "lora": {"dropout": 0.0}}
    )
    found = cures(tuned(base), work(1, 400), training, Measured(1e6, 0.0))
    assert found == ["training.max_length leaves longer samples out"]


def test_gradient_checkpointing_takes_less_memory_and_more_time(base: ModelFiles) -> None:
    model, measured = tuned(base), Measured(1e6, 0.5)
    plain = needs_of(model, work(4, 100), Training(), measured)
    less = needs_of(model, work(4, 100), Training(gradient_checkpointing=True), measured)
    assert less.activations < plain.activations
    assert less.step_seconds > plain.step_seconds


def test_a_long_training_is_told_to_be_long(base: ModelFiles) -> None:
    said: list[str] = []
    tell_needs(tuned(base), ids(1, 32), work(8, 10**6, steps=10**6), Training(), said.append)
    assert said[-1].startswith("Warning: that is long. training.rows")


def test_a_long_step_tells_how_far_it_is(
    base: ModelFiles,
    rows: list[TrainingRow],
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    said: list[str] = []
    chosen = with_training(recipe, batch_size=2, accumulation=2, max_steps=2)
    train(chosen, rows, tmp_path / "out", base=base, say=said.append)
    inside = [text for text in said if text.startswith("step ")]
    assert [text.partition(",")[0] for text in inside] == [
        "step 1: 2/4 sequences",
        "step 2: 2/4 sequences",
    ]


def test_a_training_that_goes_on_tells_of_what_is_left(
    base: ModelFiles,
    rows: list[TrainingRow],
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)

    def stop(text: str) -> None:
        if text.startswith("4/6 steps"):
            raise KeyboardInterrupt

    chosen = with_training(recipe, max_steps=6)
    with pytest.raises(KeyboardInterrupt):
        train(chosen, rows, tmp_path / "out", base=base, say=stop, checkpoint_seconds=0)
    said: list[str] = []
    train(chosen, rows, tmp_path / "out", base=base, resume=True, say=said.append)
    (told,) = [text for text in said if "step: about" in text]
    (resumed,) = [text for text in said if text.startswith("Resuming after step ")]
    left = 6 - int(resumed.removeprefix("Resuming after step ").removesuffix("."))
    assert re.match(rf"Next step: about .* tokens; the remaining {left} steps about ", told)


def test_the_last_step_is_told_once(base: ModelFiles) -> None:
    said: list[str] = []
    one = replace(work(1, 32), steps=1, began=5)
    tell_needs(tuned(base), ids(1, 32), one, Training(), said.append)
    assert re.fullmatch(r"Next step: about [\d.]+ s for 32 tokens\.", said[-1])


@pytest.mark.parametrize("accumulation", [1, 2, 3])
@pytest.mark.parametrize("batch_size", range(2, 20))
def test_smaller_batches_make_a_step_of_the_same_size(
    base: ModelFiles, batch_size: int, accumulation: int
) -> None:
    training = Training(batch_size=batch_size, accumulation=accumulation)
    _, told, *_ = cures(tuned(base), work(batch_size, 40), training, Measured(1e6, 0.0))
    size, times = map(int, re.findall(r"=(\d+)", told))
    assert size * times == batch_size * accumulation
    assert size < batch_size


@pytest.mark.parametrize(("architecture", "method"), [("gpt2", "lora"), ("t5", "full")])
def test_what_is_measured_and_what_is_computed_are_counted_alike(
    architecture: str,
    method: str,
    small: Callable[[str], ModelFiles],
    rows: list[TrainingRow],
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One and the same row, alone in its batch: the step's tokens are those of the pass."""
    told: list[tuple[dict[str, torch.Tensor], Work]] = []

    def look(_: object, inputs: dict[str, torch.Tensor], work: Work, *__: object) -> None:
        told.append((inputs, work))

    monkeypatch.setattr(loop, "tell_needs", look)
    row = replace(rows[0], questions=rows[0].questions[:1], answers=rows[0].answers[:1])
    chosen = with_training(recipe, method=method, batch_size=1, accumulation=1, max_steps=1)
    train(chosen, [row], tmp_path / "out", base=small(architecture))
    ((inputs, work),) = told
    assert work.tokens == work.mean == tokens_of(inputs)
    if architecture == "t5":
        assert work.positions == inputs["decoder_input_ids"].numel()


def test_a_short_first_pass_is_repeated_and_not_what_is_told(base: ModelFiles) -> None:
    """Loading kernels and filling caches takes longer than the pass itself."""
    model = tuned(base)
    passes: list[int] = []

    def late(*_: object) -> None:
        passes.append(len(passes))
        if len(passes) == 1:
            time.sleep(0.5)

    model.register_forward_pre_hook(late)
    found = measure(model, ids(1, 32), Training())
    assert found is not None
    assert len(passes) == 2
    assert found.seconds * 32 < 0.5
