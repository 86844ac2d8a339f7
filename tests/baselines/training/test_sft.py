from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from baselines.commands.train import command
from baselines.training.held_out import HeldOut
from baselines.training.report import TrainingReport
from baselines.training.sft import train
from baselines.training.workspace import Workspace
from submission.cli import run
from submission.competitions import find_competition
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe
from submission.records.rows import Reference, TrainingRow
from submission.tables import read_table
from tests.baselines.training.conftest import adapter_bytes, with_tables, with_training
from tests.models import gpt2


def test_the_loss_falls_and_the_folder_is_whole(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    said: list[str] = []
    out = tmp_path / "어댑터"
    report = train(recipe, rows, out, base=base, data_sha256="d" * 64, say=said.append)
    assert report.loss_last < report.loss_first - 0.3
    assert (report.samples, report.too_long, report.steps, report.resumed_at) == (10, 0, 18, 0)
    assert {path.name for path in out.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "leaderkit.json",
        "loss.csv",
        "loss.svg",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((out / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"
    assert config["target_modules"] == ["c_attn", "c_fc", "c_proj"]
    manifest = json.loads((out / "leaderkit.json").read_text())
    assert manifest["base"] == "tiny"
    assert manifest["data_sha256"] == "d" * 64
    assert manifest["recipe"]["training"]["lora"]["rank"] == 4
    assert [path.name for path in tmp_path.iterdir()] == ["어댑터"]
    assert any(line.startswith("18/18 steps, ") for line in said)


def test_one_seed_one_adapter(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    short = with_training(recipe, epochs=1.0)
    train(short, rows, tmp_path / "first", base=base, seed=3)
    train(short, rows, tmp_path / "again", base=base, seed=3)
    train(short, rows, tmp_path / "other", base=base, seed=4)
    assert adapter_bytes(tmp_path / "first") == adapter_bytes(tmp_path / "again")
    assert adapter_bytes(tmp_path / "first") != adapter_bytes(tmp_path / "other")


def test_tells_of_samples_left_out(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    said: list[str] = []
    short = with_training(recipe, epochs=1.0, max_length=75)
    report = train(short, rows, tmp_path / "out", base=base, say=said.append)
    assert report.too_long > 0
    assert report.samples + report.too_long == 10
    assert any(f"{report.too_long} of 10 samples are longer" in line for line in said)


def test_what_was_occupied_stays(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        train(recipe, rows, out, base=base)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": None}, r"Recipe 'tiny' cannot be trained: it has no \[training\]"),
        ({"model": None}, r"Recipe 'tiny' cannot be trained: it has no \[model\]"),
    ],
)
def test_recipes_that_are_not_trained(
    tmp_path: Path,
    base: ModelFiles,
    rows: list[TrainingRow],
    recipe: Recipe,
    change: dict[str, None],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        train(recipe.model_copy(update=change), rows, tmp_path / "out", base=base)


def test_models_that_are_not_trained(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    assert recipe.model is not None
    other = with_tables(recipe, model={"name": "tiny", "adapter": "somewhere"})
    with pytest.raises(InputError, match="has an adapter already"):
        train(other, rows, tmp_path / "out", base=base)
    other = with_tables(recipe, model={"name": "tiny", "kind": "seq2seq"})
    with pytest.raises(InputError, match="no encoder-decoder that can be loaded"):
        train(other, rows, tmp_path / "out", base=base)


def test_a_target_the_model_has_not(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    assert recipe.training is not None
    lora = {"targets": ["q_proj", "c_attn"]}
    with pytest.raises(InputError, match=r"no layer q_proj\. It has c_attn, c_fc, c_proj, lm_head"):
        train(with_training(recipe, lora=lora), rows, tmp_path / "out", base=base)
    assert not (tmp_path / "out").exists()


def test_an_end_token_without_embedding_is_replaced_by_the_models(
    tmp_path: Path, rows: list[TrainingRow], recipe: Recipe
) -> None:
    from tests.models import gpt2

    folder = gpt2(tmp_path / "odd")
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["eos_token"] = "<|endoftext|>"
    path.write_text(json.dumps(config))
    train(with_training(recipe, epochs=1.0), rows, tmp_path / "out", base=ModelFiles("odd", folder))
    saved = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert saved["eos_token"] == "</s>"


def test_the_command_prints_one_object(tmp_path: Path, base: ModelFiles) -> None:
    data = tmp_path / "train.csv"
    data.write_text(
        "id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5\n"
        "T_0,벽지가 울어요.,벽지가 왜 우나요?,벽지,습기 때문입니다.,말리면 펴집니다.,,,\n",
        encoding="utf-8-sig",
    )
    out = tmp_path / "out"
    arguments = ["embedded", "-c", "sample-wallpaper", "--data", str(data), "--out", str(out)]
    settings = ["--model", str(base.folder), "--set", "training.epochs=2", "--seed", "7"]
    result = CliRunner().invoke(command, [*arguments, *settings, "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert (printed["samples"], printed["seed"], printed["steps"]) == (4, 7, 2)
    assert printed["data_sha256"] == hashlib.sha256(data.read_bytes()).hexdigest()
    assert json.loads((out / "leaderkit.json").read_text()) == printed
    assert "4 samples" in result.stderr
    assert run(["train", *arguments, *settings]) == 2


def test_trackers_that_are_not_installed_are_named_with_the_command_that_installs_them(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    if find_spec("wandb") is not None:
        pytest.skip("wandb is installed")
    chosen = with_training(recipe, report_to=["tensorboard", "wandb"])
    with pytest.raises(InputError, match=r"wandb is not installed: pip install wandb$"):
        train(chosen, rows, tmp_path / "out", base=base)
    assert list(tmp_path.iterdir()) == []


def test_tensorboard_reads_the_losses_of_a_training_and_the_scores_of_its_trials(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    evaluation = {"metric": "loss", "every_steps": 3}
    chosen = with_training(recipe, report_to=["tensorboard"], max_steps=6, evaluation=evaluation)
    references = [Reference(row.id, row.answers, row.category) for row in rows]
    held_out = HeldOut(find_competition("sample-wallpaper"), rows, references)
    train(chosen, rows, tmp_path / "out", base=base, held_out=held_out)
    events = EventAccumulator(str(next((tmp_path / "out" / "runs").iterdir()))).Reload()
    logged = read_table(tmp_path / "out" / "loss.csv")
    told = [(each.step, each.value) for each in events.Scalars("train/loss")]
    losses = [
        (int(each.values["step"]), pytest.approx(float(each.values["loss"])))
        for each in logged.records
        if each.values["loss"]
    ]
    assert told == losses
    assert [each.step for each in events.Scalars("eval/score")] == [0, 3, 6]


def test_more_rows_than_there_are_is_told_of(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    said: list[str] = []
    chosen = with_training(recipe, max_steps=1, rows=400)
    report = train(chosen, rows, tmp_path / "out", base=base, say=said.append)
    assert "training.rows is 400, but there are only 3 rows: all of them are used." in said
    assert report.samples == 10


def test_what_is_in_the_way_is_told_before_the_model_is_loaded(
    tmp_path: Path, rows: list[TrainingRow], recipe: Recipe
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").touch()
    nowhere = ModelFiles("nowhere", tmp_path / "nowhere")
    with pytest.raises(InputError, match="the folder is not empty"):
        train(recipe, rows, tmp_path / "out", base=nowhere)


def test_what_a_kill_left_beside_a_finished_training_is_removed(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    out = tmp_path / "out"
    chosen = with_training(recipe, max_steps=2)
    report = train(chosen, rows, out, base=base)
    left = Workspace.of(out).folder
    left.mkdir()
    (left / "training.json").write_text("{}")
    assert train(chosen, rows, out, base=base, resume=True) == report
    assert not left.exists()


def test_a_folder_may_have_the_longest_name_there_is(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    out = tmp_path / ("가" * 85)  # 255 bytes
    train(with_training(recipe, max_steps=1), rows, out, base=base)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("stop", [[], ["<pad>"]])
def test_the_end_of_a_turn_at_which_generation_does_not_stop_is_warned_of(
    stop: list[str], tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    folder = tmp_path / "base"
    shutil.copytree(base.folder, folder)
    (folder / "chat_template.jinja").write_text(
        "{% for message in messages %}{{ message.content }}"
        "{% if message.role == 'assistant' %}<pad>{% endif %}{% endfor %}"
    )
    asked = recipe.prompt.model_copy(update={"chat": True})
    sampling = recipe.sampling.model_copy(update={"stop": stop})
    chosen = recipe.model_copy(update={"prompt": asked, "sampling": sampling})
    said: list[str] = []
    chosen = with_training(chosen, max_steps=1)
    train(chosen, rows, tmp_path / "out", base=ModelFiles("x", folder), say=said.append)
    warned = any("end in '<pad>', at which generation does not stop" in line for line in said)
    assert warned == (not stop)


CLOCK = (
    "{{ strftime_now('%d %b %Y') }}{% for message in messages %}{{ message.content }}{% endfor %}"
)


class Killed(Exception):  # noqa: N818 -- no error of anyone's
    """In place of a kill."""


def test_a_training_goes_on_with_the_day_on_which_it_was_begun(
    tmp_path: Path, rows: list[TrainingRow], recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = ModelFiles("tiny", gpt2(tmp_path / "tiny"))
    (base.folder / "chat_template.jinja").write_text(CLOCK)
    chosen = with_tables(with_training(recipe, max_steps=3), prompt={"chat": True})

    def begin(day: date, out: Path, *, resume: bool = False) -> TrainingReport:
        monkeypatch.setattr("submission.prompts.encode.local_day", lambda: day)
        return train(chosen, rows, out, base=base, checkpoint_seconds=0.0, resume=resume)

    def killed(*_: object) -> None:
        raise Killed

    first, later = date(2026, 1, 31), date(2026, 2, 1)
    whole = begin(first, tmp_path / "whole")
    assert whole.recipe["prompt"]["date"] == "2026-01-31"
    assert begin(later, tmp_path / "whole", resume=True) == whole
    with monkeypatch.context() as patch:
        patch.setattr("baselines.training.sft.save", killed)
        with pytest.raises(Killed):
            begin(first, tmp_path / "out")
    resumed = begin(later, tmp_path / "out", resume=True)
    assert resumed.resumed_at > 0
    assert resumed.fingerprint == whole.fingerprint
    assert adapter_bytes(tmp_path / "out") == adapter_bytes(tmp_path / "whole")
    assert begin(later, tmp_path / "other").fingerprint != whole.fingerprint
