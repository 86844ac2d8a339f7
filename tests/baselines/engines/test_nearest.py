"""The answer of the nearest training question; and the whole way with every model-free recipe."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from baselines.engines import nearest
from baselines.engines.nearest import Nearest
from submission.cli import run
from submission.competitions import find_competition
from submission.engines.base import EngineContext, Finish, TaskData
from submission.recipes import find_recipe
from submission.records.read import read_training
from submission.records.rows import TrainingRow
from tests.requests import ask, flat

REAL = os.environ.get("LEADERKIT_REAL_DATA")
WALLPAPER = find_competition("sample-wallpaper")
SAMPLE = Path(__file__).parents[3] / "data_sample/wallpaper"


def row(name: str, questions: tuple[str, ...], answers: tuple[str, ...]) -> TrainingRow:
    return TrainingRow(name, questions, answers, "", "", {})


def answers(train: list[TrainingRow], *questions: str) -> list[str]:
    engine = Nearest(EngineContext(find_recipe("nearest"), TaskData(WALLPAPER, train, "digest")))
    engine.start()
    done = flat(engine.complete([ask(text, text) for text in questions]))
    assert [completion.key for completion in done] == list(questions)
    assert {completion.finish for completion in done} <= {Finish.STOP}
    return [completion.text for completion in done]


TRAIN = [
    row("a", ("벽지는 무엇인가요?", "도배지를 설명해 주세요."), ("종이",)),
    row("b", ("타일은 무엇인가요?",), ("판",)),
]


def test_any_phrasing_of_a_question_finds_its_answer() -> None:
    asked = ["도배지를 설명해 주세요.", "타일은 무엇인가요", "벽지는 무엇인가요?"]
    assert answers(TRAIN, *asked) == ["종이", "판", "종이"]


def test_of_several_answers_the_one_most_like_the_others_is_given() -> None:
    several = ("모르겠네요", "방수 시공을 합니다.", "방수 시공을 합니다!")
    (given,) = answers([row("a", ("누수는?",), several)], "누수는?")
    assert given in several[1:]


def test_of_equally_near_questions_the_first_is_taken() -> None:
    twins = [row("a", ("누수는?",), ("하나",)), row("b", ("누수는?",), ("둘",))]
    assert answers(twins, "누수는?") == ["하나"]


def test_many_questions_are_answered_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    train = read_training(WALLPAPER.profile, SAMPLE / "train.csv")
    asked = pd.read_csv(SAMPLE / "test.csv", encoding="utf-8-sig")["질문"].tolist()
    whole = answers(train, *asked)
    monkeypatch.setattr(nearest, "QUESTIONS_AT_ONCE", 5)
    assert answers(train, *asked) == whole


@pytest.mark.parametrize("recipe", ["nearest", "medoid", "constant"])
def test_from_the_sample_files_to_a_submission_that_passes(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole_chain(recipe, "sample-wallpaper", SAMPLE, (36, 513))


@pytest.mark.skipif(not REAL, reason="LEADERKIT_REAL_DATA names no folder of competition files")
@pytest.mark.parametrize("recipe", ["nearest", "medoid", "constant"])
def test_from_the_organizers_files_to_a_submission_that_passes(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path(REAL or "") / "dacon-236216"
    whole_chain(recipe, "dacon-236216", folder, (130, 513), "--encoder", "offline")


def whole_chain(
    recipe: str, competition: str, folder: Path, shape: tuple[int, int], *encoder: str
) -> None:
    common = ["-c", competition, "--ledger", "ledger.db"]
    made = ["--test", str(folder / "test.csv"), "--run", "r", *encoder]
    made += (
        ["--set", "answer=네"] if recipe == "constant" else ["--train", str(folder / "train.csv")]
    )
    assert run(["generate", recipe, *common, *made]) == 0
    template = ["--template", str(folder / "sample_submission.csv")]
    assert run(["submit", *common, "--run", "r", *template, "--out", "s.csv", *encoder]) == 0
    assert run(["check", *common[:2], "--submission", "s.csv", *template]) == 0
    # The organizer reads with pandas.
    written, wanted = pd.read_csv("s.csv"), pd.read_csv(folder / "sample_submission.csv")
    assert written.shape == wanted.shape == shape
    assert list(written.columns) == list(wanted.columns)
    assert written["id"].tolist() == wanted["id"].tolist()
    vectors = written.drop(columns="id").to_numpy()
    assert np.isfinite(vectors).all()
    assert (np.linalg.norm(vectors, axis=1) > 0.99).all()
    if competition == "dacon-236216":
        final = ["check", *common[:2], "--submission", "s.csv", *template, "--final"]
        assert run(final) == 1
