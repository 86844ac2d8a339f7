"""A training whose loss becomes NaN: ended at once, and what was best before it kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments

from baselines.training.divergence import EndWhereItDiverges, finite
from baselines.training.held_out import HeldOut
from baselines.training.report import ends
from baselines.training.sft import train
from submission.adapters.adapter import read_adapter, read_weights
from submission.cli import run
from submission.competitions import find_competition
from submission.errors import InputError, Stopped
from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe
from submission.records.rows import Reference, TrainingRow
from submission.tables import read_table
from tests.baselines.training.conftest import adapter_bytes, with_training

# Weights grow by the rate in each step and count ALPHA / 4 times, until their squares overflow.
RUNAWAY = {"learning_rate": 0.99, "schedule": "constant", "clip": 0.0, "epochs": 10.0}
ALPHA = 3e9


def held(rows: list[TrainingRow]) -> HeldOut:
    references = [Reference(row.id, row.answers, row.category) for row in rows]
    return HeldOut(find_competition("sample-wallpaper"), rows, references)


@pytest.fixture
def runaway(recipe: Recipe) -> Recipe:
    evaluation = {"metric": "loss", "every_steps": 1}
    lora = {"rank": 4, "alpha": ALPHA}
    return with_training(recipe, **RUNAWAY, evaluation=evaluation, lora=lora)


def test_the_best_weights_before_it_are_written(
    base: ModelFiles, rows: list[TrainingRow], runaway: Recipe, tmp_path: Path
) -> None:
    report = train(runaway, rows, tmp_path / "out", base=base, held_out=held(rows))
    assert report.diverged_at is not None
    assert 0 < report.kept_step < report.diverged_at == report.steps < 30
    assert "where the loss became NaN" in report.summary()
    with pytest.raises(Stopped, match=rf"NaN at step {report.diverged_at}: lower training\.learn"):
        report.refuse_if_diverged()
    read_weights(read_adapter(tmp_path / "out"))  # refuses what is no number
    assert json.loads((tmp_path / "out" / "leaderkit.json").read_text())["loss_last"] > 0
    last = read_table(tmp_path / "out" / "loss.csv").records[-1].values
    assert (last["step"], last["loss"]) == (str(report.steps), "nan")


def test_without_held_out_rows_the_latest_checkpoint_is_written(
    base: ModelFiles, rows: list[TrainingRow], runaway: Recipe, tmp_path: Path
) -> None:
    said: list[str] = []
    out = tmp_path / "out"
    report = train(runaway, rows, out, base=base, checkpoint_seconds=0.0, say=said.append)
    assert report.diverged_at is not None
    assert 0 < report.kept_step < report.diverged_at
    assert f"Using the weights of the latest checkpoint, step {report.kept_step}." in said
    stopped = with_training(runaway, max_steps=report.kept_step)
    train(stopped, rows, tmp_path / "before", base=base)
    assert adapter_bytes(out)[0] == adapter_bytes(tmp_path / "before")[0]


def test_without_any_weights_from_before_nothing_is_written_and_nothing_is_in_the_way(
    base: ModelFiles, rows: list[TrainingRow], runaway: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"NaN at step \d+ of 30, before any weights were saved"):
        train(runaway, rows, tmp_path / "out", base=base)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_computes_no_numbers_has_no_score_though_it_writes_text(
    base: ModelFiles, rows: list[TrainingRow], runaway: Recipe, tmp_path: Path
) -> None:
    chosen = with_training(runaway, evaluation={"metric": "chrf", "every_steps": 1})
    report = train(chosen, rows, tmp_path / "out", base=base, held_out=held(rows))
    scores = [each.values["score"] for each in read_table(tmp_path / "out" / "loss.csv").records]
    assert report.diverged_at is not None
    assert scores[report.kept_step] not in {"", "nan"}
    assert scores[-1] in {"", "nan"}
    by_loss = train(runaway, rows, tmp_path / "loss", base=base, held_out=held(rows))
    assert report.kept_step == by_loss.kept_step


def test_the_command_writes_the_best_and_ends_with_3(base: ModelFiles, tmp_path: Path) -> None:
    data = tmp_path / "train.csv"
    data.write_text(
        "id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5\n"
        + "".join(f"T_{n},{n}번 벽지는?,{n}번은 왜?,벽지,습기 {n}.,,,,\n" for n in range(6)),
        encoding="utf-8",
    )
    settings = {**RUNAWAY, "lora.alpha": ALPHA, "lora.rank": 4, "evaluation.metric": "loss",
                "evaluation.every_steps": 1}  # fmt: skip
    arguments = ["train", "embedded", "-c", "sample-wallpaper", "--data", str(data)]
    arguments += ["--model", str(base.folder), "--out", str(tmp_path / "out"), "--eval", str(data)]
    for key, value in settings.items():
        arguments += ["--set", f"training.{key}={value}"]
    assert run(arguments) == 3
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize(
    ("logged", "fp16", "ends"),
    [
        ({"loss": 1.0, "grad_norm": 2.0}, False, False),
        ({"loss": float("nan"), "grad_norm": 2.0}, False, True),
        ({"loss": 1.0, "grad_norm": float("inf")}, False, True),
        ({"loss": 1.0, "grad_norm": float("inf")}, True, False),
        ({"eval_score": float("nan")}, False, False),
    ],
)
def test_what_counts_as_divergence(
    logged: dict[str, float], fp16: bool, ends: bool, tmp_path: Path
) -> None:
    arguments = TrainingArguments(str(tmp_path), use_cpu=True)
    arguments.fp16 = fp16
    control = TrainerControl(should_evaluate=True, should_save=True)
    callback = EndWhereItDiverges()
    callback.on_log(arguments, TrainerState(global_step=7), control, logs=logged)
    assert control.should_training_stop is ends
    assert control.should_save is control.should_evaluate is not ends
    assert callback.step == (7 if ends else None)


def test_weights_that_are_not_trained_may_be_anything() -> None:
    layer = torch.nn.Linear(2, 2)
    assert finite(layer)
    torch.nn.init.constant_(layer.bias, float("nan"))
    assert not finite(layer)
    layer.bias.requires_grad = False
    assert finite(layer)


def test_losses_are_averaged_over_what_is_a_number() -> None:
    assert ends([3.0, 2.0, float("nan")]) == (3.0, 2.0)
