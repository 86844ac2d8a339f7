"""Cells with several questions: split without losing text."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submission.prompts.compound import is_compound, join, split

REAL = os.environ.get("LEADERKIT_REAL_DATA")
SAMPLES = Path(__file__).parents[3] / "data_sample"
PIECES = [
    "벽지는 무엇인가요", "알려주세요", "어떻게 하죠", "?", ".", "!", "”", " ", "\n", "그리고",
    "또한", "또", "아울러", "더불어", "추가로", ",", "어떤 것", "가",
]  # fmt: skip


def together(cell: str) -> str:
    return "".join(part.lead + part.text for part in split(cell))


@given(st.text())
def test_any_text_is_given_back_exactly(cell: str) -> None:
    assert together(cell) == cell


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_of_questions_and_connectors_is_given_back_exactly(cell: str) -> None:
    parts = split(cell)
    assert "".join(part.lead + part.text for part in parts) == cell
    assert parts[0].lead == ""
    assert all(part.text.strip() for part in parts[1:])
    assert is_compound(cell) is (len(parts) > 1)


@pytest.mark.parametrize(
    ("cell", "questions"),
    [
        ("벽지는 뭔가요? 그리고 타일은요?", ["벽지는 뭔가요?", "타일은요?"]),
        ("벽지를 알려주세요 또한, 타일은요?", ["벽지를 알려주세요", "타일은요?"]),
        ("하나요? 아울러 둘은요? 더불어 셋은요?", ["하나요?", "둘은요?", "셋은요?"]),
        ("하나인가요?  추가로, 둘은요?", ["하나인가요?", "둘은요?"]),
        ("하나인가요? 또, 둘은요?", ["하나인가요?", "둘은요?"]),
        # "또 어떤 …" goes on with the sentence before it.
        ("뭐가 좋죠? 또 어떤 점이 나쁜가요?", ["뭐가 좋죠? 또 어떤 점이 나쁜가요?"]),
        # One question about two things.
        ("석고보드와 그리고 합판의 차이는?", ["석고보드와 그리고 합판의 차이는?"]),
        ("벽지는 뭔가요?", ["벽지는 뭔가요?"]),
        ("", [""]),
    ],
)
def test_where_a_cell_is_split(cell: str, questions: list[str]) -> None:
    assert [part.text for part in split(cell)] == questions


@pytest.mark.parametrize(
    ("answers", "joined"),
    [(["하나.", "둘."], "하나. 둘."), (["", "둘."], "둘."), (["하나.", ""], "하나."), ([], "")],
)
def test_empty_answers_leave_no_joiner(answers: list[str], joined: str) -> None:
    assert join(answers, " ") == joined


def cells(path: Path, column: str) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return {row["id"]: row[column] for row in csv.DictReader(handle)}


def test_the_sample_questions_come_back_and_training_questions_stay_whole() -> None:
    for cell in cells(SAMPLES / "wallpaper/test.csv", "질문").values():
        assert together(cell) == cell
    train = cells(SAMPLES / "wallpaper/train.csv", "질문_1")
    assert [cell for cell in train.values() if is_compound(cell)] == []


@pytest.mark.skipif(not REAL, reason="LEADERKIT_REAL_DATA names no folder of competition files")
class TestSeason2:
    """The organizer's files; the counts were taken by hand from the raw data."""

    folder = Path(REAL or "") / "dacon-236216"

    def test_63_of_130_test_cells_hold_two_questions(self) -> None:
        test = cells(self.folder / "test.csv", "질문")
        assert len(test) == 130
        assert sum(is_compound(cell) for cell in test.values()) == 63
        assert all(len(split(cell)) <= 2 for cell in test.values())
        assert all(together(cell) == cell for cell in test.values())

    def test_two_cells_are_the_same(self) -> None:
        test = cells(self.folder / "test.csv", "질문")
        assert test["TEST_054"] == test["TEST_092"]
        assert len(set(test.values())) == 129

    @pytest.mark.parametrize("column", ["질문_1", "질문_2"])
    def test_train_cells_hold_one_question_and_come_back(self, column: str) -> None:
        train = cells(self.folder / "train.csv", column)
        assert len(train) == 644
        assert all(together(cell) == cell for cell in train.values())
        assert [key for key, cell in train.items() if is_compound(cell)] == []
