"""Answers go into a file of any format and come out of it the same."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submission.competitions.format import SubmissionFormat
from submission.competitions.plain import plain_profile
from submission.competitions.profile import Profile
from submission.records.fields import kind_of, take_apart
from submission.records.predictions import read_predictions
from submission.records.rows import Prediction
from submission.records.sheet import read_sheet
from submission.submit.fill import filled

FORMATS = ("csv", "json", "jsonl")
LABELS = ["긍정", "부정", "NA"]

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
)
words = texts.map(str.strip).filter(bool)
numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
letters = st.lists(st.sampled_from("ABCDE"), max_size=5, unique=True)
values = st.recursive(
    st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def members(**each: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """A JSON object of these members in their order."""
    pairs = st.tuples(*each.values()).map(lambda found: dict(zip(each, found, strict=True)))
    return pairs.map(dumps)


KINDS: dict[str, tuple[dict[str, Any], st.SearchStrategy[str]]] = {
    "text": ({"answer": "답"}, texts),
    "label": ({"answer": "답", "kind": "label", "labels": LABELS}, st.sampled_from(LABELS)),
    "number": ({"answer": "답", "kind": "number"}, numbers.map(dumps)),
    "list": ({"answer": "답", "kind": "list"}, st.lists(words, max_size=4).map(dumps)),
    "separated list": ({"answer": "답", "kind": "list", "separator": " "}, letters.map(dumps)),
    "probabilities": (
        {"answer": "답", "kind": "probabilities"},
        st.dictionaries(words, shares, min_size=1, max_size=3).map(dumps),
    ),
    "probabilities by column": (
        {"answers": {"가": "p0", "나": "p1"}, "kind": "probabilities"},
        members(가=shares, 나=shares),
    ),
    "several": (
        {
            "answers": {
                "query": "질의",
                "topk": {"column": "topk", "kind": "list", "length": 3},
                "score": {"column": "점수", "kind": "number"},
                "more": {"column": "more", "kind": "json"},
            }
        },
        members(query=texts, topk=st.lists(words, max_size=4), score=numbers, more=values),
    ),
    "json": ({"answer": "답", "kind": "json"}, values.map(dumps)),
}


def profile(format_: str, **declared: Any) -> Profile:
    submission = SubmissionFormat.model_validate({"format": format_, "id": "ID", **declared})
    return plain_profile("em", "id").model_copy(update={"submission": submission})


def there_and_back(contest: Profile, answers: list[str], folder: Path) -> list[str]:
    submission = contest.submission
    ids = [f"{number:03}" for number in range(len(answers))]
    template = folder / f"template{submission.ending}"
    if submission.format == "csv":
        blank = "," * (len(submission.header) - 1)
        lines = [",".join(submission.header), *(f"{row_id}{blank}" for row_id in ids)]
        template.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        items = [{"ID": row_id, "question": {"text": "?"}} for row_id in ids]
        text = dumps(items) if submission.format == "json" else "\n".join(map(dumps, items))
        template.write_text(text, encoding="utf-8")
    out = folder / f"out{submission.ending}"
    predictions = [Prediction(*pair) for pair in zip(ids, answers, strict=True)]
    sheet = read_sheet(submission, template)
    out.write_bytes(b"".join(filled(submission, sheet, predictions, _no_encoder, out)))
    found = read_predictions(contest, out)
    assert [each.id for each in found] == ids
    return [each.answer for each in found]


def _no_encoder() -> Any:
    raise AssertionError("nothing here has vectors")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_submission_is_read_back_as_the_answers_it_was_made_of(kind: str, format_: str) -> None:
    declared, strategy = KINDS[kind]
    contest = profile(format_, **declared)

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(strategy, min_size=1, max_size=4))
    def check(answers: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            assert there_and_back(contest, answers, Path(folder)) == answers

    check()


@pytest.mark.parametrize(
    ("kind", "answer", "value"),
    [
        ("number", " 0.50\n", 0.5),
        ("number", "+3", 3),
        ("number", "nan", None),
        ("number", "약 3", None),
        ("number", "", None),
        ("list", '["a", "b"]', ["a", "b"]),
        ("list", "a b", None),
        ("separated list", "A C  B", ["A", "C", "B"]),
        ("separated list", '["A", "B"]', ["A", "B"]),
        ("probabilities", '{"a": 1}', {"a": 1.0}),
        ("probabilities", '{"a": "1"}', None),
        ("json", "{'a': 1}", None),
        ("json", "NaN", None),
        ("json", "1e400", None),
        ("json", '{"a": [-1e400]}', None),
        ("json", '{"a": 1, "a": 2}', None),
    ],
)
def test_an_answer_stands_for_a_value_or_for_none(kind: str, answer: str, value: object) -> None:
    declared, _ = KINDS[kind]
    found = take_apart(profile("json", **declared).submission.fields, answer)
    assert found == [value]
    assert [kind_of(each) for each in found] == [kind_of(value)]


def test_members_of_an_answer_may_be_texts_of_their_kind() -> None:
    fields = profile("json", **KINDS["several"][0]).submission.fields
    answer = dumps({"query": 3, "topk": '["a"]', "score": "0.5", "other": "left out", "more": None})
    assert take_apart(fields, answer) == ["3", ["a"], 0.5, None]
    assert take_apart(fields, "no object") == [None] * 4
