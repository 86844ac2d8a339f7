from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.text.options import labelled_options
from submission.competitions import find_competition
from submission.errors import InputError
from submission.recipes.choice import Choice
from submission.records.options import with_options
from submission.records.read import read_questions
from submission.records.rows import Question

PROFILE = find_competition("sample-choice").profile
TEST = Path("test.csv")
LISTED = "다음 중 옳은 것은?\n① 벽지\n② 타일"


def one(text: str, **choice: object) -> Question:
    questions = [Question("A", text, "", {})]
    return with_options(Choice.model_validate(choice), PROFILE, questions, TEST)[0]


def test_options_that_a_question_lists_are_called_by_their_numbers() -> None:
    assert one(LISTED).labelled == (("1", "벽지"), ("2", "타일"))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("옳은 것은?\n1번 벽지\n2번 타일", ["1", "2"]),
        ("옳은 것은?\n(1) 벽지\n(2) 타일", ["1", "2"]),
        ("옳은 것은?\nA. 벽지\nB. 타일", ["A", "B"]),
        ("옳은 것은?\nＡ．벽지\nＢ．타일", ["A", "B"]),
        ("옳은 것은?\n가. 벽지\n나. 타일", ["가", "나"]),
        ("벽지는 무엇인가요?", []),
    ],
)
def test_labels_are_those_that_the_question_lists(text: str, labels: list[str]) -> None:
    assert [label for label, _ in labelled_options(text)] == labels


def test_a_closed_set_comes_before_what_the_question_lists() -> None:
    found = one(LISTED, options=["예", "아니요"])
    assert found.labelled == (("예", "예"), ("아니요", "아니요"))
    assert one(LISTED, options=["예", "아니요"], labels=["A", "B"]).labels == ("A", "B")


def test_labels_name_the_options_in_their_order() -> None:
    assert one(LISTED, labels=["A", "B", "C"]).labelled == (("A", "벽지"), ("B", "타일"))
    three = f"{LISTED}\n③ 도장"
    with pytest.raises(InputError, match=r"'A' has 3 options, and choice.labels names 2"):
        one(three, labels=["A", "B"])


def test_a_question_without_options_is_refused_with_its_row_and_column() -> None:
    with pytest.raises(InputError, match=r"test\.csv, row 'A', column Question: no options"):
        one("벽지는 무엇인가요?")
    assert one("벽지는 무엇인가요?", others="generate").options == ()


def test_columns_with_options_keep_their_labels(tmp_path: Path) -> None:
    profile = find_competition("kaggle-llm-science-exam").profile
    test = tmp_path / "test.csv"
    test.write_text("id,prompt,A,B,C,D,E\n0,Why?,air,fire,water,earth,ether\n", "utf-8")
    found = with_options(Choice(), profile, read_questions(profile, test), test)[0]
    assert found.labels == ("A", "B", "C", "D", "E")
    assert found.options[0] == "air"
