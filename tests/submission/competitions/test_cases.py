"""Every competition's hand-worked cases: ``cases.json`` beside its declaration.

A case names a term of the competition's formula (or ``formula``, for all of it), an answer, the
references, and what the row scores on 0..1. A case of ``parts`` gives what a row's metrics say
instead of texts, and what the formula makes of it: so figures that organizers published with their
parts can be held against it without their models. Terms that need an encoder get the offline one,
so their cases hold for any encoder: equal texts, and empty ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from evaluators import Example, Signature
from evaluators.metrics.rowwise import RowMetric
from evaluators.scoring import value_of
from submission.competitions import Competition, find_competition, shipped_competitions
from submission.scoring.formula import build_formula
from submission.scoring.scorer import Scorer
from tests.bad_input.world import COMPETITION

FORMULA = "formula"


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    term: str = FORMULA
    answer: str = ""
    references: tuple[str, ...] = ()
    parts: dict[str, float] = {}
    meta: dict[str, str] = {}
    expected: float = Field(ge=0, le=1)
    tolerance: float = Field(gt=0, le=1e-5)
    source: str = Field(min_length=1)


def read_cases(competition: Competition) -> list[Case]:
    text = (Path(competition.folder) / "cases.json").read_text("utf-8")
    return TypeAdapter(list[Case]).validate_json(text)


class Constant(RowMetric):
    """A metric that gives every row the same."""

    proxy = None

    def __init__(self, name: str, given: float) -> None:
        self.name = name
        self.signature = Signature.of(name)
        self._given = given

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        return np.full(len(examples), self._given)


def value(competition: Competition, case: Case) -> float:
    """What the row scores, on 0..1."""
    profile = competition.profile
    if case.parts:
        # Long enough for any formula to find what it takes an answer apart by.
        text = "낱말이 옳다. 그 까닭이 있다."
        example = Example("row", text, (text,), meta=case.meta)
        metric = build_formula(
            profile.score,
            Path(competition.folder),
            lambda spec: Constant(spec, case.parts[spec]),
        )
        return value_of(metric, [example])
    scorer = Scorer.of(competition, "offline" if profile.encoder else None)
    example = Example("row", case.answer, case.references, meta=case.meta)
    if case.term == FORMULA:
        return float(scorer.score([example]).value) / profile.score.scale
    known = {*profile.score.metrics}
    assert case.term in known or profile.score.code is not None, "not a term of the formula"
    return scorer.metric(case.term, [example]).value


SHIPPED = [
    pytest.param(name, case, id=f"{name}: {case.name}")
    for name in shipped_competitions()
    for case in read_cases(find_competition(name))
]


@pytest.mark.parametrize(("name", "case"), SHIPPED)
def test_a_shipped_case_scores_as_worked_by_hand(name: str, case: Case) -> None:
    found = value(find_competition(name), case)
    assert found == pytest.approx(case.expected, abs=case.tolerance, rel=0)


@pytest.mark.parametrize("name", shipped_competitions())
def test_every_shipped_competition_has_cases_for_each_of_its_terms(name: str) -> None:
    competition = find_competition(name)
    cases = read_cases(competition)
    assert len(cases) >= 6
    assert len({case.name for case in cases}) == len(cases)
    covered = {case.term for case in cases}.union(*(case.parts for case in cases))
    assert {*competition.profile.score.metrics} <= covered


def test_a_folder_of_ones_own_has_cases_in_the_same_form(tmp_path: Path) -> None:
    declared = COMPETITION.replace('metric = "cosine"', 'metric = "jaccard", weight = 0.5')
    (tmp_path / "competition.toml").write_text(declared, encoding="utf-8")
    case = {
        "name": "half", "answer": "가 나", "references": ["가"], "tolerance": 1e-9,
        "source": "by hand: 1 of 2 words",
    }  # fmt: skip
    cases = [
        {**case, "term": "jaccard", "expected": 0.5},
        {**case, "term": FORMULA, "expected": 0.25},
    ]
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    competition = find_competition(str(tmp_path))
    for each in read_cases(competition):
        assert value(competition, each) == pytest.approx(each.expected, abs=each.tolerance)
