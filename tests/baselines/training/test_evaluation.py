"""Held-out rows: which they are, how they are scored, and what follows from the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.commands.train import command
from baselines.training.base import load
from baselines.training.batches import collate_padded
from baselines.training.evaluations import Evaluated, best_of, evaluated, steps_between
from baselines.training.held_out import HeldOut, hold_out
from baselines.training.held_out_score import HeldOutScore
from baselines.training.samples import Limits
from baselines.training.sft import train
from submission.competitions import find_competition
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Evaluation, Recipe
from submission.records.rows import Reference, TrainingRow
from submission.tables import read_table
from tests.baselines.training.conftest import with_tables, with_training

COMPETITION = find_competition("sample-wallpaper")


def held(rows: list[TrainingRow]) -> HeldOut:
    references = [Reference(row.id, row.answers, row.category) for row in rows]
    return HeldOut(COMPETITION, rows, references)


def row(number: int, question: str, context: str = "") -> TrainingRow:
    return TrainingRow(str(number), (question,), ("답",), "", context, {"id": str(number)})


def test_the_base_is_tried_first_and_the_best_weights_are_kept(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    chosen = with_training(recipe, evaluation={"metric": "loss", "every_steps": 4}, epochs=6.0)
    said: list[str] = []
    out = tmp_path / "out"
    report = train(chosen, rows, out, base=base, held_out=held(rows), say=said.append)
    table = read_table(out / "loss.csv")
    scores = {r.values["step"]: r.values["score"] for r in table.records if r.values["score"]}
    assert list(scores) == ["0", "4", "8", "12", "16", "18"]
    assert report.score_base == float(scores["0"])
    assert report.score == min(map(float, list(scores.values())[1:]))
    assert float(scores[str(report.kept_step)]) == report.score < report.score_base
    assert "before training: loss" in "\n".join(said)
    assert (out / "loss.svg").read_text().startswith("<?xml")


def test_too_high_a_rate_ends_early_with_the_weights_that_were_best(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    evaluation = {"metric": "loss", "every_steps": 1, "patience": 2}
    chosen = with_training(
        recipe, evaluation=evaluation, epochs=60.0, learning_rate=0.3, schedule="constant"
    )
    said: list[str] = []
    report = train(chosen, rows[:1], tmp_path / "out", base=base, held_out=held(rows[2:]),
                   say=said.append)  # fmt: skip
    assert report.stopped_early
    assert report.kept_step == report.steps - 2
    assert f"Using the best weights, of step {report.kept_step}." in said

    score = score_of(chosen, base, rows[2:])
    from peft import PeftModel

    assert chosen.model is not None
    assert chosen.training is not None
    model = load(base, chosen.model, chosen.training).model
    kept = PeftModel.from_pretrained(model, str(tmp_path / "out"))
    assert score(kept) == pytest.approx(report.score, rel=1e-5)


def score_of(recipe: Recipe, base: ModelFiles, rows: list[TrainingRow]) -> HeldOutScore:
    assert recipe.model is not None
    assert recipe.training is not None
    loaded = load(base, recipe.model, recipe.training)
    encoder = PromptEncoder(loaded.tokenizer, recipe.prompt)
    metric = recipe.training.evaluation.metric
    return HeldOutScore(
        held(rows), recipe, base, loaded.tokenizer, encoder, Limits(512), collate_padded, metric
    )


@pytest.mark.parametrize(("metric", "name"), [(None, "cosine"), ("chrf", "chrf")])
def test_answers_are_scored_as_generated_and_nothing_is_left_changed(
    metric: str | None, name: str, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    recipe = with_training(recipe, evaluation={"metric": metric})
    assert recipe.model is not None
    assert recipe.training is not None
    score = score_of(recipe, base, rows)
    assert (score.name, score.direction) == (name, "higher")
    model = load(base, recipe.model, recipe.training).model.train()
    drawn = torch.get_rng_state()
    found = score(model)
    assert 0.0 <= found <= 1.0
    assert score(model) == found
    assert model.training
    assert torch.equal(torch.get_rng_state(), drawn)


def test_a_4_bit_model_can_be_trained_after_it_was_tried(
    small: Callable[[str], ModelFiles], rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    chosen = with_tables(
        recipe,
        sampling={"max_tokens": 4},
        training={
            **(recipe.training.model_dump() if recipe.training else {}),
            "method": "qlora",
            "learning_rate": 2e-2,
        },
    )
    report = train(chosen, rows, tmp_path / "out", base=small("llama"), held_out=held(rows))
    assert report.score_base is not None
    assert report.loss_last < report.loss_first - 0.1


def test_a_score_that_cannot_be_computed_is_told_before_training(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    missing = HeldOut(COMPETITION, held(rows).rows, held(rows).references, str(tmp_path / "no"))
    with pytest.raises(InputError, match=r"[^.]\. Name another metric in .*--encoder"):
        train(recipe, rows, tmp_path / "out", base=base, held_out=missing)
    assert not (tmp_path / "out").exists()


def test_patience_needs_held_out_rows(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    chosen = with_training(recipe, evaluation={"patience": 1})
    with pytest.raises(InputError, match="patience needs held-out rows"):
        train(chosen, rows, tmp_path / "out", base=base)


def test_the_best_is_the_first_of_the_best_and_never_the_base() -> None:
    log = [{"step": 0, "eval_score": 9.0}, {"step": 3, "loss": 1.0}]
    log += [{"step": step, "eval_score": score} for step, score in ((3, 1.0), (6, 2.0), (9, 2.0))]
    done = evaluated(log)
    assert best_of(done, "higher") == Evaluated(6, 2.0)
    assert best_of(done, "lower") == Evaluated(3, 1.0)
    assert best_of(done[:1], "higher") is None


def test_steps_between_evaluations() -> None:
    assert steps_between(Evaluation(), 7) == 7
    assert steps_between(Evaluation(every_epochs=0.5), 7) == 4
    assert steps_between(Evaluation(every_epochs=0.01), 7) == 1
    assert steps_between(Evaluation(every_steps=5), 7) == 5


@given(
    st.lists(st.tuples(st.sampled_from("가나다라마"), st.sampled_from(["", "p", "q"])), min_size=2),
    st.floats(0.05, 0.9),
    st.integers(0, 5),
)
@settings(max_examples=80, deadline=None)
def test_what_is_held_out_shares_no_question_and_no_context_with_what_is_trained(
    cells: list[tuple[str, str]], share: float, seed: int
) -> None:
    rows = [row(number, *cell) for number, cell in enumerate(cells)]
    try:
        rest, out = hold_out(held(rows), share, seed)
    except InputError:
        return
    assert len(rest) + len(out.rows) == len(rows)
    assert len(out.rows) <= max(1, round(share * len(rows)))
    assert {r.id for r in out.rows} == {r.id for r in out.references}
    assert not {r.questions[0] for r in rest} & {r.questions[0] for r in out.rows}
    assert not {r.context for r in rest if r.context} & {r.context for r in out.rows if r.context}
    assert [r.id for r in hold_out(held(rows), share, seed)[0]] == [r.id for r in rest]


def test_the_command_holds_out_a_share_or_reads_a_file(tmp_path: Path, base: ModelFiles) -> None:
    data = tmp_path / "train.csv"
    data.write_text(
        "id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5\n"
        + "".join(
            f"T_{n},{n}번 벽지는?,{n}번은 왜?,벽지,습기 {n}.,말린다 {n}.,,,\n" for n in range(6)
        ),
        encoding="utf-8",
    )
    common = ["embedded", "-c", "sample-wallpaper", "--data", str(data)]
    common += ["--model", str(base.folder), "--set", "training.epochs=1"]
    common += ["--set", "sampling.max_tokens=4"]
    share = ["--out", str(tmp_path / "one"), "--set", "training.evaluation.share=0.34"]
    result = CliRunner().invoke(command, [*common, *share])
    assert result.exit_code == 0, result.output
    assert "2 of 6 rows are held out" in result.stderr
    assert "held out: cosine" in result.stdout
    file = ["--out", str(tmp_path / "two"), "--eval", str(data), "--encoder", "offline"]
    result = CliRunner().invoke(command, [*common, *file, "--json"])
    assert result.exit_code == 0, result.output
    assert '"score_base"' in result.stdout


def test_held_out_rows_that_are_too_long_are_told_of(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    long = row(7, "왜 " * 300)
    by_loss = with_training(recipe, evaluation={"metric": "loss"}, max_steps=1, max_length=128)
    said: list[str] = []
    more = held([*rows, long])
    train(by_loss, rows, tmp_path / "one", base=base, held_out=more, say=said.append)
    assert any(line.startswith("Warning: 1 of 11 held-out samples are too long") for line in said)
    by_score = with_training(recipe, max_steps=1)
    train(by_score, rows, tmp_path / "two", base=base, held_out=more, say=said.append)
    assert any(line.startswith("Warning: 1 of 4 held-out prompts are longer") for line in said)
    with pytest.raises(InputError, match=r"None of the 1 held-out samples has at most 128"):
        train(by_loss, rows, tmp_path / "three", base=base, held_out=held([long]))


def test_what_a_held_out_figure_depends_on(rows: list[TrainingRow], recipe: Recipe) -> None:
    same = held(rows).digest(recipe, None)
    assert held(list(rows)).digest(recipe, None) == same
    sampled = with_tables(recipe, sampling={"max_tokens": 3})
    other = replace(rows[0], answers=("다른 답.",))
    different = [
        held(rows).digest(sampled, None),
        held(rows).digest(recipe, "chrf"),
        held([other, *rows[1:]]).digest(recipe, None),
        replace(held(rows), encoder="offline").digest(recipe, None),
    ]
    assert len({same, *different}) == 5
    assert held(rows).digest(recipe, "loss") == held(rows).digest(sampled, "loss")
