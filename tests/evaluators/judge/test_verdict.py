from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators import EvaluationError
from evaluators.judge.verdict import Scale, read_preference, read_score


@pytest.mark.parametrize(
    ("reply", "share"),
    [
        ("정확합니다. [[10]]", 1.0),
        ("[[1]]", 0.0),
        ("[[ 5.5 ]]", 0.5),
        ("처음에는 [[3]]이라 보았으나\n[[10]]", 1.0),
        ("[[11]]", None),
        ("[[0]]", None),
        ("[[-1]]", None),
        ("[[8]] 아니, [[12]]", None),
        ("점수: 8", None),
        ("[8]", None),
        ("[[8/10]]", None),
        ("", None),
    ],
)
def test_the_last_score_in_double_brackets_counts(reply: str, share: float | None) -> None:
    assert read_score(reply, Scale(1, 10)) == share


@pytest.mark.parametrize(
    ("reply", "points"),
    [
        ("[[A]]", 1.0),
        ("B가 낫습니다. [[b]]", 0.0),
        ("[[C]]", 0.5),
        ("[[A]]가 아니라 [[B]]", 0.0),
        ("A", None),
        ("[[D]]", None),
    ],
)
def test_the_last_preference_counts(reply: str, points: float | None) -> None:
    assert read_preference(reply) == points


@pytest.mark.parametrize("text", ["", "10", "10-1", "5-5", "a-b", "1-10-20", "1..5"])
def test_a_scale_that_does_not_rise_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError, match="for example 1-10"):
        Scale.parse(text)


def test_a_scale_reads_back() -> None:
    assert str(Scale.parse("0-5")) == "0-5"


CASES = json.loads(
    (Path(__file__).parents[2] / "golden" / "judge_cases" / "cases.json").read_text(
        encoding="utf-8"
    )
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_is_read_as_a_person_reads_it(case: dict[str, Any]) -> None:
    if case["mode"] == "pairwise":
        assert read_preference(case["reply"]) == case["expected"]
    else:
        assert read_score(case["reply"], Scale.parse(case["scale"])) == case["expected"]
