"""Every competition's hand-worked cases: ``cases.json`` beside its declaration.

A case names a term of the competition's formula (or ``formula``, for all of it), an answer, the
references, and what the row scores on 0..1. Terms that need an encoder get the offline one, so
their cases hold for any encoder: equal texts, and empty ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from evaluators import Example
from submission.competitions import Competition, find_competition, shipped_competitions
from submission.scoring import Scorer
from tests.bad_input.world import COMPETITION

FORMULA = "formula"


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    term: str
    answer: str
    references: tuple[str, ...] = Field(min_length=1)
    expected: float = Field(ge=0, le=1)
    tolerance: float = Field(gt=0, le=1e-5)
    source: str = Field(min_length=1)


def read_cases(competition: Competition) -> list[Case]:
    text = (Path(competition.folder) / "cases.json").read_text("utf-8")
    return TypeAdapter(list[Case]).validate_json(text)


def value(competition: Competition, case: Case) -> float:
    """What the row scores, on 0..1."""
    profile = competition.profile
    scorer = Scorer(competition, "offline" if profile.encoder else None)
    example = Example("row", case.answer, case.references)
    if case.term == FORMULA:
        return float(scorer.score([example]).value) / profile.score.scale
    assert case.term in {term.metric for term in profile.score.terms}, "not a term of the formula"
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
    assert {term.metric for term in competition.profile.score.terms} <= {
        case.term for case in cases
    }


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
