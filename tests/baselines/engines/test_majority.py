"""The most frequent training answer of each type of question."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.engines.majority import Majority
from submission.competitions import Competition, find_competition
from submission.engines.base import EngineContext, Request
from submission.errors import InputError
from submission.recipes import find_recipe
from submission.records.read import read_questions, read_training
from submission.records.rows import TrainingRow

CHOICE = find_competition("sample-choice")
NEWS = find_competition("dacon-236291")
SAMPLES = Path(__file__).parents[3] / "data_sample"

FOUR = "알맞은 것은?\n1 하나\n2 둘\n3 셋\n4 넷"
FIVE = FOUR + "\n5 다섯"
OPEN = "무엇인가?"


def row(question: str, *answers: str) -> TrainingRow:
    return TrainingRow(f"{question} {answers}", (question,), answers, "", "", {})


def answers(
    train: list[TrainingRow], *questions: str, contest: Competition = CHOICE, **options: str
) -> list[str]:
    recipe = find_recipe("majority", [f"{key}={value}" for key, value in options.items()])
    engine = Majority(EngineContext(recipe, contest, train, "digest"))
    engine.start()
    requests = [Request(str(number), text) for number, text in enumerate(questions)]
    return [completion.text for completion in engine.complete(requests)]


def test_each_type_gets_its_own_most_frequent_answer() -> None:
    train = [row(FOUR, "3"), row(FOUR, "3"), row(FOUR, "1"), row(OPEN, "기역"), row(OPEN, "119")]
    train += [row(OPEN, "119")]
    assert answers(train, OPEN, FOUR, OPEN) == ["119", "3", "119"]


def test_of_equally_frequent_answers_the_first_in_sorted_order_is_given() -> None:
    train = [row(FOUR, "4"), row(FOUR, "2"), row(OPEN, "송아지"), row(OPEN, "망아지")]
    assert answers(train, FOUR, OPEN) == ["2", "망아지"]
    assert answers(train[::-1], FOUR, OPEN) == ["2", "망아지"]


def test_an_option_that_a_question_lacks_is_not_given() -> None:
    train = [row(FIVE, "5"), row(FIVE, "5"), row(FIVE, "4")]
    assert answers(train, FIVE, FOUR) == ["5", "4"]


def test_labels_are_given_as_the_training_file_writes_them() -> None:
    assert answers([row(FOUR, "③"), row(FOUR, "③"), row(FOUR, "①")], FOUR) == ["③"]
    assert answers([row(FOUR, "B"), row(FOUR, "B"), row(FOUR, "A")], FOUR) == ["B"]


def test_where_options_are_answered_in_words_the_most_frequent_words_are_given() -> None:
    assert answers([row(FOUR, "둘"), row(FOUR, "둘"), row(FOUR, "셋")], FIVE) == ["둘"]


def test_a_type_that_the_training_file_lacks_gets_the_most_frequent_answer_of_all() -> None:
    assert answers([row(OPEN, "기역"), row(OPEN, "기역"), row(OPEN, "니은")], FOUR) == ["기역"]
    assert answers([row(FOUR, "2"), row(FOUR, "2"), row(FOUR, "1")], OPEN) == ["2"]


def test_every_answer_of_a_row_counts() -> None:
    train = [row(OPEN, "기역", "니은"), row(OPEN, "니은", "디귿")]
    assert answers(train, OPEN, contest=NEWS) == ["니은"]


def test_without_training_rows_it_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="give --train"):
        answers([], OPEN)


@pytest.mark.parametrize(
    ("contest", "folder", "distinct"),
    [("sample-choice", "choice", 2), ("sample-wallpaper", "wallpaper", 1),
     ("dacon-236291", "news", 1)],
)  # fmt: skip
def test_it_answers_any_competition_with_a_training_file(
    contest: str, folder: str, distinct: int
) -> None:
    competition = find_competition(contest)
    train = read_training(competition.profile, SAMPLES / folder / "train.csv")
    asked = read_questions(competition.profile, SAMPLES / folder / "test.csv")
    given = answers(train, *(question.text for question in asked), contest=competition)
    known = {text for each in train for text in each.answers}
    assert len(given) == len(asked)
    assert len(set(given)) == distinct
    assert set(given) <= known
