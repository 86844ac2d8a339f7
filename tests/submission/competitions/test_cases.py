"""Every competition's hand-worked cases: ``cases.json`` beside its declaration.

A case names a term of the competition's formula (or ``formula``, for all of it), an answer, the
references, and what the row scores on 0..1. A case of ``parts`` gives what a row's metrics say
instead of texts, and what the formula makes of it: so figures that organizers published with their
parts can be held against it without their models. Terms that need an encoder get the offline one,
so their cases hold for any encoder: equal texts, and empty ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from submission.competitions import Competition, find_competition, shipped_competitions
from submission.competitions.cases import FORMULA, Case, read_cases
from submission.errors import InputError
from submission.scoring.cases import case_value
from tests.bad_input.world import COMPETITION


def cases_of(competition: Competition) -> list[Case]:
    return read_cases(Path(competition.folder))


SHIPPED = [
    pytest.param(name, case, id=f"{name}: {case.name}")
    for name in shipped_competitions()
    for case in cases_of(find_competition(name))
    if not case.fails
]


@pytest.mark.parametrize(("name", "case"), SHIPPED)
def test_a_shipped_case_scores_as_worked_by_hand(name: str, case: Case) -> None:
    found = case_value(find_competition(name), case)
    assert found == pytest.approx(case.expected, abs=case.tolerance, rel=0)


@pytest.mark.parametrize("name", shipped_competitions())
def test_every_shipped_competition_has_cases_for_each_of_its_terms(name: str) -> None:
    competition = find_competition(name)
    cases = cases_of(competition)
    assert len(cases) >= 6
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
        {**case, "name": "half of it", "term": FORMULA, "expected": 0.25},
    ]
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    competition = find_competition(str(tmp_path))
    for each in cases_of(competition):
        assert case_value(competition, each) == pytest.approx(each.expected, abs=each.tolerance)


@pytest.mark.parametrize("name", shipped_competitions())
def test_every_quirk_names_a_case_with_the_same_outcome(name: str) -> None:
    competition = find_competition(name)
    cases = {case.name: case for case in cases_of(competition)}
    for quirk in competition.profile.quirks:
        assert cases[quirk.case].fails is bool(quirk.fails)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"expected": 0.5, "fails": True}, "case 'one': give exactly one of"),
        ({}, "case 'one': give exactly one of"),
        ({"expected": "much"}, "case 'one': 'expected': input should be a valid number"),
        ({"expected": float("inf")}, "case 'one': 'expected': input should be a finite number"),
        ({"expected": 0.5, "anwser": "가"}, "case 'one': unknown key 'anwser'"),
        ({"expected": 0.5, "rows": [{"meta": {"n": 1}}]}, "case 'one': 'rows.0.meta.n'"),
        ({"expected": 0.5, "name": ""}, "case 1: 'name'"),
    ],
)
def test_a_wrong_case_is_said(tmp_path: Path, changed: dict[str, object], problem: str) -> None:
    case = {"name": "one", "answer": "가", "source": "by hand", **changed}
    (tmp_path / "cases.json").write_text(json.dumps([case]), encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        read_cases(tmp_path)


@pytest.mark.parametrize(
    ("metric", "answers", "expected"),
    [
        ("mae", ["1", "4"], 12.5),
        ("rmse", ["10", "20"], 0.0),
        ("pearson", ["20", "10"], -1.0),
        ("kappa", ["20", "10"], -1.0),
    ],
)
def test_a_case_expects_any_number(
    tmp_path: Path, metric: str, answers: list[str], expected: float
) -> None:
    rows = [
        {"answer": answer, "references": [gold]}
        for answer, gold in zip(answers, ["10", "20"], strict=True)
    ]
    case = {"name": "one", "rows": rows, "expected": expected, "source": "by hand"}
    lower = 'direction = "lower"\n' if metric in {"mae", "rmse"} else ""
    declared = COMPETITION[: COMPETITION.index("[score]")]
    declared += f'[score]\nname = "own"\n{lower}terms = [{{ metric = "{metric}" }}]\n'
    (tmp_path / "competition.toml").write_text(declared, encoding="utf-8")
    (tmp_path / "cases.json").write_text(json.dumps([case]), encoding="utf-8")
    competition = find_competition(str(tmp_path))
    (found,) = cases_of(competition)
    assert case_value(competition, found) == pytest.approx(expected)


def test_two_cases_have_two_names(tmp_path: Path) -> None:
    case = {"name": "one", "answer": "가", "source": "by hand", "expected": 1}
    (tmp_path / "cases.json").write_text(json.dumps([case, case]), encoding="utf-8")
    with pytest.raises(InputError, match="'one' is there twice"):
        read_cases(tmp_path)
