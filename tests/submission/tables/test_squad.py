"""SQuAD's nested files, in the forms of SQuAD 1 and 2, KorQuAD 1 and 2 and KLUE-MRC."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.competitions import find_competition
from submission.errors import InputError
from submission.records.predictions import read_predictions
from submission.records.read import read_references
from submission.tables import read_table

SQUAD: dict[str, Any] = {
    "version": "1.1",
    "data": [
        {
            "title": "경복궁",
            "paragraphs": [
                {
                    "context": "경복궁은 1395년에 지어졌다.",
                    "qas": [
                        {
                            "id": "q1",
                            "question": "언제 지어졌나?",
                            "answers": [
                                {"text": "1395년", "answer_start": 5},
                                {"text": "1395년에", "answer_start": 5},
                            ],
                        },
                        {"id": "q2", "question": "누가?", "answers": [], "is_impossible": True},
                    ],
                },
                {"context": "", "qas": [{"id": "q3", "question": "무엇?", "answers": []}]},
            ],
        }
    ],
}


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(value: object, name: str = "gold.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
        return path

    return write


def test_every_question_is_a_row(write: Write) -> None:
    table = read_table(write(SQUAD))

    assert table.columns == ("id", "title", "context", "question", "answers.text")
    assert table.column("id") == ["q1", "q2", "q3"]
    assert table.column("context") == [*["경복궁은 1395년에 지어졌다."] * 2, ""]
    assert table.column("answers.text") == ['["1395년", "1395년에"]', "[]", "[]"]


def test_korquad_2_has_one_answer_at_the_document(write: Write) -> None:
    asked = {"id": 7, "question": "무엇?", "answer": {"text": "<b>궁</b>", "answer_start": 0}}
    path = write({"data": [{"title": "궁", "context": "<html>", "qas": [asked | {"id": "7"}]}]})

    assert read_table(path).column("answers.text") == ['["<b>궁</b>"]']
    with pytest.raises(InputError, match=r"data\[0\]\.qas\[0\]: 'id' is missing or no text"):
        read_table(write({"data": [{"title": "궁", "context": "<html>", "qas": [asked]}]}))


def test_klue_names_its_ids_guid(write: Write) -> None:
    asked = {"guid": "k1", "question": "무엇?", "answers": [{"text": "가", "answer_start": 0}]}
    path = write({"data": [{"title": "가", "paragraphs": [{"context": "가", "qas": [asked]}]}]})

    (gold,) = read_references(find_competition("klue-mrc").profile, path)

    assert (gold.id, gold.answers) == ("k1", ("가",))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"data": [3]}, "data: must be an array of objects"),
        ({"data": [{"paragraphs": {}}]}, r"data\[0\].paragraphs: must be an array"),
        ({"data": [{"paragraphs": [{"context": "가"}]}]}, r"paragraphs\[0\].qas: must be"),
        (
            {"data": [{"context": "가", "qas": [{"id": "1", "question": "?", "answers": "가"}]}]},
            r"qas\[0\]: 'answers' must be an array",
        ),
        (
            {"data": [{"context": "가", "qas": [{"id": "1", "question": "\0", "answers": []}]}]},
            r"qas\[0\]\.question: holds",
        ),
        ({"data": [{"context": 3, "qas": [{"id": "1"}]}]}, "'context' is missing or no text"),
    ],
    ids=["document", "paragraphs", "qas", "answers", "nul", "context"],
)
def test_what_is_broken_is_named_by_its_place(
    value: dict[str, Any], message: str, write: Write
) -> None:
    with pytest.raises(InputError, match=message):
        read_table(write(value))


def test_predictions_may_be_texts_by_id(write: Write) -> None:
    path = write({"q1": "1395년", "q2": ""}, "predictions.json")

    found = read_predictions(find_competition("korquad1").profile, path)

    assert [(each.id, each.answer) for each in found] == [("q1", "1395년"), ("q2", "")]


@pytest.mark.parametrize("value", [{"q1": ["가"]}, {"q1": None}, {"q1": {"answer": "가"}}])
def test_other_objects_are_no_predictions(value: dict[str, Any], write: Write) -> None:
    with pytest.raises(InputError, match="'q1' holds"):
        read_predictions(find_competition("korquad1").profile, write(value))


def test_the_published_forms_are_scored_as_they_are(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    paragraph = SQUAD["data"][0]["paragraphs"][0]
    gold = write(
        {"data": [{"title": "", "paragraphs": [{**paragraph, "qas": paragraph["qas"][:1]}]}]}
    )
    predictions = write({"q1": "1395년"}, "predictions.json")

    assert (
        run(["score", "-c", "korquad1", "--predictions", str(predictions),
             "--references", str(gold), "--json"])
        == 0
    )  # fmt: skip

    scores = json.loads(capsys.readouterr().out)["scores"]
    assert [(each["metric"], each["value"]) for each in scores] == [
        ("em", 100.0),
        ("f1:rule=korquad1", 100.0),
    ]
