"""Questions whose options stand in columns, from the declaration to the score."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from baselines.engines.majority import Majority
from submission.competitions import find_competition
from submission.competitions.profile import Profile
from submission.engines.base import EngineContext, Request, TaskData
from submission.errors import InputError
from submission.holdout import Options, hold_out
from submission.recipes import find_recipe
from submission.records.read import read_questions, read_references, read_training, standard_meta
from submission.records.rows import Prediction
from submission.scoring.pairing import pair
from submission.scoring.scorer import Scorer

COLUMNS = ["A", "B", "C"]
TEMPLATE = (
    "{{ row.prompt }}{% for label, option in options %}\\n{{ label }}. {{ option }}{% endfor %}"
)
DECLARATION = f"""
name = "science"
title = "과학 문제"

[test]
id = "id"
template = "{TEMPLATE}"
options = ["A", "B", "C"]
labels = "letters"
columns = ["id", "prompt", "A", "B", "C"]

[train]
id = "id"
template = "{TEMPLATE}"
answers = ["answer"]
columns = ["id", "prompt", "A", "B", "C", "answer"]

[submission]
id = "id"
answer = "answer"

[score]
name = "accuracy"
terms = [{{ metric = "accuracy:extract=choice" }}]
"""


def folder(path: Path, *edits: tuple[str, str]) -> Path:
    text = DECLARATION
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    path.mkdir(exist_ok=True)
    (path / "competition.toml").write_text(text, encoding="utf-8")
    return path


def profile(path: Path, *edits: tuple[str, str]) -> Profile:
    return find_competition(str(folder(path, *edits))).profile


def table(path: Path, *rows: list[str]) -> Path:
    header = ["id", "prompt", *COLUMNS, "answer"][: len(rows[0])]
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([header, *rows])
    return path


AS_QUESTION = (
    f'id = "id"\ntemplate = "{TEMPLATE}"\noptions',
    'id = "id"\nquestion = "prompt"\noptions',
)
QUESTION = ["R0", "벽지가 뜨는 원인은?", "습기", "햇빛", "소리"]


@pytest.mark.parametrize(
    ("labels", "second"),
    [
        ('"digits"', "2"),
        ('"letters"', "B"),
        ('"circled"', "②"),
        ('"hangul"', "나"),
        ('["0", "1", "2"]', "1"),
    ],
)
def test_options_are_labelled_as_declared(tmp_path: Path, labels: str, second: str) -> None:
    declared = profile(tmp_path, ('labels = "letters"', f"labels = {labels}"))
    (question,) = read_questions(declared, table(tmp_path / "test.csv", QUESTION))
    assert question.options == ("습기", "햇빛", "소리")
    assert question.labels[1] == second
    assert question.text.splitlines()[2] == f"{second}. 햇빛"
    (row,) = read_training(declared, table(tmp_path / "train.csv", [*QUESTION, "B"]))
    assert row.labelled == question.labelled
    assert row.questions == (question.text,)


def test_a_row_may_have_fewer_options_or_none(tmp_path: Path) -> None:
    rows = [["R0", "?", "가", "나", ""], ["R1", "무엇인가?", "", "", " "]]
    questions = read_questions(profile(tmp_path), table(tmp_path / "test.csv", *rows))
    assert [each.options for each in questions] == [("가", "나"), ()]
    assert [each.labels for each in questions] == [("A", "B"), ()]


def test_a_gap_between_options_is_an_error(tmp_path: Path) -> None:
    path = table(tmp_path / "test.csv", ["R0", "?", "가", "", "다"])
    with pytest.raises(InputError, match=r"row 2: option 'B' is empty, and a later one is not"):
        read_questions(profile(tmp_path), path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (('options = ["A", "B", "C"]\n', ""), "'labels' are those of 'options'"),
        (('options = ["A", "B", "C"]', 'options = ["A", "D"]'), "not among 'columns': D"),
        (('options = ["A", "B", "C"]', 'options = ["A"]'), "2 to 10 can be"),
        (('options = ["A", "B", "C"]', 'options = ["A", "A"]'), "must not repeat"),
        (('labels = "letters"', 'labels = ["x", "y"]'), "2 labels for 3 options"),
        (('labels = "letters"', 'labels = ["x", "x", "y"]'), "must not repeat"),
        (('labels = "letters"', 'labels = "roman"'), "labels"),
        (AS_QUESTION, "built by 'template', such as"),
        ((f'template = "{TEMPLATE}"\nanswers', 'questions = ["prompt"]\nanswers'),
         "[train] has a 'template'"),
        (('"C", "answer"]', '"answer"]'), "not among 'train.columns': C"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(tmp_path: Path, edit: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        profile(tmp_path, edit)
    assert message in str(caught.value)


def test_the_template_that_the_error_suggests_works(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        profile(tmp_path, AS_QUESTION)
    suggested = str(caught.value).split("such as ")[1].strip().removesuffix(".")
    declared = profile(tmp_path, (f'template = "{TEMPLATE}"', f"template = {suggested}"))
    (asked,) = read_questions(declared, table(tmp_path / "test.csv", QUESTION))
    assert asked.text == "벽지가 뜨는 원인은?\nA. 습기\nB. 햇빛\nC. 소리"


ANSWERS = ["A", "c", "③", "3", "나", "정답: b (햇빛)", "The correct answer is A (습기)", "소리"]
CHOSEN = ["A", "C", "C", "C", "B", "B", "A", "C"]


def score(declared: Profile, path: Path, references: Path, answers: list[str]) -> list[float]:
    scorer = Scorer.of(find_competition(str(path)))
    golds = read_references(declared, references)
    predictions = [Prediction(gold.id, text) for gold, text in zip(golds, answers, strict=True)]
    rows = scorer.formula.rows(pair(declared.score, predictions, golds, "answers"))
    return [float(value) for value in rows]


@pytest.mark.parametrize("golds", [CHOSEN, ["1", "3", "3", "3", "2", "2", "1", "3"]])
@pytest.mark.parametrize("with_options", [True, False])
def test_golds_and_answers_meet_whatever_they_are_called(
    tmp_path: Path, golds: list[str], with_options: bool
) -> None:
    declared = profile(tmp_path)
    path = tmp_path / "references.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["id", *(COLUMNS if with_options else []), "answer"])
        for n, gold in enumerate(golds):
            writer.writerow([f"R{n}", *(QUESTION[2:] if with_options else []), gold])
    # An option's own text is known only where the references have the options.
    right = [1.0] * 7 + [float(with_options)]
    assert score(declared, tmp_path, path, ANSWERS) == right


def test_a_local_test_set_keeps_the_options(tmp_path: Path) -> None:
    declared = profile(tmp_path)
    rng = random.Random(3)  # noqa: S311 -- test data, not a secret
    texts = ["".join(map(chr, rng.choices(range(0xAC00, 0xD7A3), k=20))) for _ in range(120)]
    rows = [[f"T{n}", *texts[4 * n : 4 * n + 4], "B"] for n in range(30)]
    train = table(tmp_path / "train.csv", *rows)
    hold_out(declared, train, tmp_path / "held", Options())
    questions = read_questions(declared, tmp_path / "held/test.csv")
    golds = read_references(declared, tmp_path / "held/references.csv")
    assert questions
    for question, gold in zip(questions, golds, strict=True):
        assert gold.meta["options"] == "\n".join(question.options)
        assert gold.meta["option_labels"] == "A\nB\nC"
    labels = ["정답: b"] * len(questions)
    assert set(score(declared, tmp_path, tmp_path / "held/references.csv", labels)) == {1.0}


def test_json_rows_may_have_options_in_dotted_columns(tmp_path: Path) -> None:
    edits = [
        ('["A", "B", "C"]', '["input.A", "input.B"]'),
        ('"id", "prompt", "A", "B", "C"', '"id", "input.prompt", "input.A", "input.B"'),
        ("row.prompt", "row.input.prompt"),
    ]
    item = {"id": "R0", "input": {"prompt": "?", "A": "가", "B": "나"}}
    (tmp_path / "test.json").write_text(json.dumps([item]), encoding="utf-8")
    (question,) = read_questions(profile(tmp_path, *edits), tmp_path / "test.json")
    assert question.text == "?\nA. 가\nB. 나"


def test_options_and_labels_are_what_metrics_know(tmp_path: Path) -> None:
    declared = profile(tmp_path)
    row: dict[str, Any] = dict(zip(["id", "prompt", *COLUMNS], QUESTION, strict=True))
    meta = standard_meta(declared, {**row, "B": "두 줄의\n햇빛", "C": ""})
    assert meta["options"] == "습기\n두 줄의 햇빛"


def test_the_majority_is_taken_among_the_options_that_there_are(tmp_path: Path) -> None:
    declared = find_competition(str(folder(tmp_path)))
    train = table(
        tmp_path / "train.csv",
        *([f"T{n}", "?", "가", "나", "다", gold] for n, gold in enumerate("CCCCAB")),
        *([f"T{n}", "?", "가", "나", "", gold] for n, gold in enumerate("AAB", start=6)),
    )
    test = table(tmp_path / "test.csv", ["R0", "?", "가", "나", "다"], ["R1", "?", "가", "나", ""])
    rows = read_training(declared.profile, train)
    engine = Majority(EngineContext(find_recipe("majority"), TaskData(declared, rows, "digest")))
    engine.start()
    requests = [
        Request(each.id, each, each.text) for each in read_questions(declared.profile, test)
    ]
    assert list(engine.answers(requests)) == ["C", "A"]
