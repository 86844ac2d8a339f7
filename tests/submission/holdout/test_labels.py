"""Answers that are labels of a closed set: no leak, and spread as in the training file."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from submission.competitions import find_competition
from submission.competitions.profile import Profile
from submission.holdout import Options, hold_out
from submission.holdout.folds import hold_out_folds
from submission.holdout.labels import Labels
from submission.records.read import read_training
from tests.submission.contests import profile_of
from tests.submission.holdout.test_holdout import SAMPLES, column, seeded, word, write_rows

CHOICE = SAMPLES / "choice" / "train.csv"
EXAM = """
name = "exam"
title = "Exam"
[test]
id = "id"
question = "prompt"
columns = ["id", "prompt", "A", "B"]
[train]
id = "id"
questions = ["prompt"]
answers = ["answer"]
columns = ["id", "prompt", "A", "B", "answer"]
[submission]
id = "id"
answer = "answer"
[score]
name = "accuracy"
terms = [{ metric = "accuracy" }]
"""
HEADER = ["id", "prompt", "A", "B", "answer"]


@pytest.fixture
def exam(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, EXAM)


def exam_rows(path: Path, answers: Sequence[str]) -> Path:
    rng = seeded(5)
    rows = [
        [f"T{n:03}", f"{word(rng)} {word(rng)}?", word(rng), word(rng), answer]
        for n, answer in enumerate(answers)
    ]
    return write_rows(path, HEADER, rows)


def test_the_held_out_labels_are_spread_as_in_train(exam: Profile, tmp_path: Path) -> None:
    answers = "AAAABBBCCD" * 20
    report = hold_out(exam, exam_rows(tmp_path / "train.csv", answers), tmp_path / "out", Options())
    held = Counter(column(tmp_path / "out/references.csv", "answer"))
    assert held == {"A": 16, "B": 12, "C": 8, "D": 4}
    assert {each.label: each.held_out for each in report.labels} == {
        "A": 16,
        "B": 12,
        "C": 8,
        "D": 4,
    }
    assert report.groups.joined == 0


@pytest.mark.parametrize("seed", range(5))
def test_labels_and_categories_are_both_spread(tmp_path: Path, seed: int) -> None:
    profile = find_competition("sample-choice").profile
    report = hold_out(profile, CHOICE, tmp_path / "out", Options(seed=seed))
    assert {each.held_out for each in report.categories} == {2}
    assert all(0 <= each.held_out <= 2 for each in report.labels)
    assert sum(each.held_out for each in report.labels) in (4, 5, 6)


def test_open_answers_beside_choices_still_keep_rows_together(tmp_path: Path) -> None:
    profile = find_competition("sample-choice").profile
    rows = read_training(profile, CHOICE)
    assert profile.train is not None
    labels = Labels.of(profile, profile.train, rows)
    shared = [row.id for row in rows if row.answers[0] == "119"]
    assert len(shared) == 2
    for seed in range(10):
        out = tmp_path / str(seed)
        hold_out(profile, CHOICE, out, Options(seed=seed))
        left = set(column(out / "train.csv", "id"))
        assert len({row_id in left for row_id in shared}) == 1
    assert {labels.label(row) for row in rows} == {"", *"12345"}


def test_questions_are_still_compared(exam: Profile, tmp_path: Path) -> None:
    train = exam_rows(tmp_path / "train.csv", "AB" * 50)
    with train.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    for place in range(1, 30):
        rows[place][1] = rows[0][1] + "!" * place
    write_rows(train, HEADER, rows)
    report = hold_out(exam, train, tmp_path / "out", Options())
    assert report.groups.largest == 30
    assert (
        len(set(column(tmp_path / "out/train.csv", "id")) & {f"T{n:03}" for n in range(30)}) == 30
    )


@pytest.mark.parametrize(
    ("answers", "closed", "labels"),
    [
        (["긍정", "부정"] * 20, True, True),
        (["긍정"] * 40, False, False),  # one answer says nothing
        ([f"답{n % 8}" for n in range(40)], False, False),  # each given to five rows only
        (["늘 같은 답변입니다.", "또 같은 답변입니다."] * 20, False, False),  # sentences
        ([f"서로 다른 {n}" for n in range(40)], False, False),
        (["긍정", "부정"] * 40 + ["긍정적"], True, True),  # a slip of the pen
        (["정상"] * 57 + ["불량"] * 3, True, True),
        (["정상"] * 34 + ["불량", "불량", "폐기", "폐기"] + ["정상"] * 2, True, True),
        (["0"] * 27 + ["1"] * 3, True, True),
        ([f"{n % 20}.5" for n in range(40)], True, False),  # measured, not labelled
        (["-1", "1", "+1", "1e0"] * 2, True, False),
        (["C", "C++", "C#"] * 10, True, True),
        # Open answers beside a choice: too many kinds of them.
        (["모름"] * 70 + [f"열린 답 {n}" for n in range(7)] * 2, False, False),
    ],
)
def test_labels_are_recognized_by_how_often_they_are_given(
    exam: Profile, tmp_path: Path, answers: list[str], closed: bool, labels: bool
) -> None:
    rng = seeded(1)
    rows = [[str(n), word(rng), "", "", answer] for n, answer in enumerate(answers)]
    read = read_training(exam, write_rows(tmp_path / "train.csv", HEADER, rows))
    assert exam.train is not None
    found = Labels.of(exam, exam.train, read)
    assert [bool(found.free(row)) for row in read] == [not closed] * len(read)
    assert [found.label(row) for row in read] == (answers if labels else [""] * len(read))


def declared(folder: Path, submission: str, answers: str = '["answer"]') -> Profile:
    """The exam with other answers, and a score that they can have."""
    text = EXAM.replace('answer = "answer"\n', submission).replace('["answer"]', answers)
    if "probabilities" in submission:
        text = text.replace('{ metric = "accuracy" }', '{ metric = "auc" }')
    elif "[submission.answers]" in submission:
        text = text.replace('{ metric = "accuracy" }', '{ metric = "accuracy", of = "label" }')
    return profile_of(folder, text)


@pytest.mark.parametrize(
    ("submission", "answers", "labelled"),
    [
        ('answer = "answer"\nkind = "number"', [*"0123456789"] * 2, False),
        ('answer = "answer"\nkind = "number"', ["0", "1"] * 10, True),
        ('answer = "answer"\nkind = "label"\nlabels = ["가", "나"]', ["가", "나"] * 10, True),
        (
            'answer = "answer"\nkind = "list"\nseparator = " "\nlabels = ["가", "나"]',
            ["가", "나"] * 10,
            True,
        ),
        (
            'kind = "probabilities"\n[submission.answers]\n"가" = "p_1"\n"나" = "p_2"',
            ["가", "나"] * 10,
            True,
        ),
    ],
)
def test_declared_labels_and_numbers_keep_no_rows_together(
    submission: str, answers: list[str], labelled: bool, tmp_path: Path
) -> None:
    profile = declared(tmp_path, f"{submission}\n")
    report = hold_out(profile, exam_rows(tmp_path / "train.csv", answers), tmp_path / "out",
                      Options())  # fmt: skip
    assert report.groups.joined == 0
    assert [each.held_out for each in report.labels] == ([2, 2] if labelled else [])
    folds = hold_out_folds(
        profile, tmp_path / "train.csv", tmp_path / "folds", Options(folds=5), folds=5
    )
    assert [each.counts.held_out for each in folds.folds] == [4] * 5


def test_rare_labels_are_not_all_held_out(exam: Profile, tmp_path: Path) -> None:
    train = exam_rows(tmp_path / "train.csv", ["0"] * 50 + ["1"] * 10)
    report = hold_out(exam, train, tmp_path / "out", Options())
    assert {each.label: each.held_out for each in report.labels} == {"0": 10, "1": 2}


@pytest.mark.parametrize(
    "labels", [["-1", "1", "+1", "①"], ["C", "C++", "C#"], ["가", "가-", " 나"]]
)
def test_labels_are_told_apart_as_they_are_written(
    labels: list[str], exam: Profile, tmp_path: Path
) -> None:
    train = exam_rows(tmp_path / "train.csv", labels * 10)
    report = hold_out(exam, train, tmp_path / "out", Options())
    assert report.groups.joined == 0
    shares = {each.label: (each.rows, each.held_out) for each in report.labels}
    assert shares == dict.fromkeys(map(str.strip, labels), (10, 2))


TWO = """[submission.answers]
label = { column = "label" KIND }
why = "why"
"""


@pytest.mark.parametrize("kind", ["", ', kind = "number"', ', kind = "label", labels = ["0", "1"]'])
@pytest.mark.parametrize("order", [["label", "why"], ["why", "label"]])
def test_a_free_text_beside_a_label_is_judged_on_its_own(
    kind: str, order: list[str], tmp_path: Path
) -> None:
    profile = declared(tmp_path, TWO.replace("KIND", kind), json.dumps(order))
    rng = seeded(3)
    rows = [
        [str(n), word(rng), word(rng), word(rng), str(n % 2), f"{word(rng)} {word(rng)}."]
        for n in range(30)
    ]
    rows[4][5] = rows[7][5] = "같은 까닭을 적었습니다."
    header = [*HEADER[:-1], "label", "why"]
    report = hold_out(profile, write_rows(tmp_path / "train.csv", header, rows),
                      tmp_path / "out", Options())  # fmt: skip
    assert (report.groups.joined, report.groups.largest) == (1, 2)
    assert {each.label: each.held_out for each in report.labels} == {"0": 3, "1": 3}


def test_the_story_of_folds_has_no_share(exam: Profile, tmp_path: Path) -> None:
    train = exam_rows(tmp_path / "train.csv", "AB" * 10)
    hold_out_folds(exam, train, tmp_path / "out", Options(folds=2), folds=2)
    for place in ("out", "out/fold-1"):
        story = json.loads((tmp_path / place / "holdout.json").read_text("utf-8"))
        assert "share" not in story["options"]


def test_the_story_names_the_labels(exam: Profile, tmp_path: Path) -> None:
    hold_out(exam, exam_rows(tmp_path / "train.csv", "AB" * 20), tmp_path / "out", Options())
    story = json.loads((tmp_path / "out/holdout.json").read_text("utf-8"))
    assert story["labels"] == [
        {"label": "A", "rows": 20, "held_out": 4, "share": 0.2},
        {"label": "B", "rows": 20, "held_out": 4, "share": 0.2},
    ]
