"""What ``[submission]`` may declare."""

from __future__ import annotations

from typing import Any

import pytest

from submission.competitions.format import SubmissionFormat
from submission.errors import InputError
from submission.files.toml import validate


def declared(**keys: Any) -> SubmissionFormat:
    return validate(SubmissionFormat, {"id": "id", **keys}, "submission")


def test_an_answer_is_a_text_in_one_column_unless_declared_otherwise() -> None:
    submission = declared(answer="답")
    assert submission.header == ["id", "답"]
    assert submission.copied == []
    assert submission.ending == ".csv"
    assert [(name, each.kind) for name, each in submission.fields.items()] == [("", "text")]


def test_columns_that_nobody_fills_are_copied() -> None:
    submission = declared(answer="답", columns=["", "제목", "id", "답"])
    assert submission.header == ["", "제목", "id", "답"]
    assert submission.copied == ["", "제목"]


def test_a_member_given_by_its_column_alone_is_of_the_submissions_kind() -> None:
    submission = declared(
        kind="label", labels=["예"], answers={"a": "열", "b": {"column": "수", "kind": "number"}}
    )
    fields = submission.fields
    assert (fields["a"].kind, fields["a"].labels, fields["b"].kind) == ("label", ["예"], "number")
    assert submission.header == ["id", "열", "수"]


def test_probabilities_by_label_are_columns_of_numbers() -> None:
    fields = declared(kind="probabilities", answers={"긍정": "p"}).fields
    assert fields["긍정"].kind == "number"


def test_a_suffix_may_differ_from_the_format() -> None:
    assert declared(format="jsonl", suffix=".csv", answer="a").ending == ".csv"
    assert declared(format="jsonl", answer="a").ending == ".jsonl"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "declare 'answer', 'answers' or 'vectors'"),
        ({"answer": "a", "answers": {"b": "b"}}, "'answer' or 'answers', not both"),
        ({"answer": "a", "kind": "label"}, "needs 'labels'"),
        ({"answer": "a", "labels": ["예"]}, "do not belong to kind 'text'"),
        ({"answer": "a", "kind": "label", "labels": ["예", "예"]}, "one label twice"),
        ({"answer": "a", "length": 3}, "belong to kind 'list'"),
        ({"answer": "a", "kind": "list", "length": 0}, "greater than 0"),
        ({"answer": "a", "suffix": "csv"}, "pattern"),
        ({"answer": "id"}, "the column 'id' is declared twice"),
        ({"answer": "a", "columns": ["id"]}, "not among 'columns': a"),
        ({"answer": "a", "columns": ["id", "a", ""]}, "only the first of 'columns'"),
        ({"answer": "a", "columns": ["id", "a", "a"]}, "declared twice"),
        ({"answer": "a", "format": "json", "columns": ["id", "a"]}, "as its template"),
        ({"answers": {"a": "x", "b": "x.y"}, "format": "json"}, "'x.y' lies within 'x'"),
        ({"answers": {"a": "x"}, "same_length_as": "q"}, "'same_length_as' needs 'answer'"),
        ({"answer": "a", "kind": "number", "vectors": {"dimension": 2}}, "those of a text"),
        ({"kind": "probabilities", "answers": {"a": {"column": "x"}}}, "columns by label"),
        ({"answers": {"a": {"column": "x", "kind": "label"}}}, "needs 'labels'"),
    ],
)
def test_a_declaration_that_says_two_things_is_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as raised:
        declared(**keys)
    assert says in str(raised.value)
