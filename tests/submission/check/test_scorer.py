"""Files at which an organizer's scorer stops: ``check`` says so, and ``score`` refuses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from submission.check import check_submission
from submission.competitions import Competition, find_competition, shipped_competitions
from submission.competitions.cases import Case, read_cases
from submission.errors import InputError
from submission.records.rows import Reference
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import file_subject

STOPS = [
    pytest.param(name, case, id=f"{name}: {case.name}")
    for name in shipped_competitions()
    for case in read_cases(Path(find_competition(name).folder))
    if case.fails
]
CULTURE = find_competition("nikl-2025-culture")


def item(competition: Competition, row_id: object, answer: object) -> dict[str, Any]:
    """A row of the JSON that is submitted."""
    path = (competition.profile.submission.answer or "").split(".")
    for key in reversed(path):
        answer = {key: answer}
    return {"id": row_id, **answer} if isinstance(answer, dict) else {}


def files(folder: Path, competition: Competition, case: Case) -> tuple[Path, Path]:
    """The case as a submission, and its template."""
    rows = list(enumerate(case.all_rows, start=1))
    sheets = {
        "submission": [
            item(competition, str(number) if row.id is None else row.id, row.answer)
            for number, row in rows
        ],
        "template": [item(competition, str(number), "") for number, _ in rows],
    }
    for name, content in sheets.items():
        text = json.dumps(content, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder / "submission.json", folder / "template.json"


@pytest.mark.parametrize(("name", "case"), STOPS)
def test_check_says_that_the_scorer_stops(name: str, case: Case, tmp_path: Path) -> None:
    competition = find_competition(name)
    (quirk,) = (each for each in competition.profile.quirks if each.case == case.name)
    findings = check_submission(competition.profile, *files(tmp_path, competition, case))
    (found,) = (each for each in findings if each.code == "scorer-stops")
    assert found.severity == "error"
    assert found.message == f"The organizer's scorer stops with an error: {quirk.text}"
    assert {each.code for each in findings} & set(quirk.fails)


# Ids are texts once they are read, so one of another type is found by check alone.
REFUSED = [each for each in STOPS if each.values[1].name != "an id of another type"]


@pytest.mark.parametrize(("name", "case"), REFUSED)
def test_score_refuses_what_the_scorer_stops_at(name: str, case: Case, tmp_path: Path) -> None:
    competition = find_competition(name)
    path, _ = files(tmp_path, competition, case)
    references = [
        Reference(str(number), row.references, "", row.meta)
        for number, row in enumerate(case.all_rows, start=1)
    ]

    def score() -> None:
        subject = file_subject(competition.profile, path, None)
        Scorer.of(competition).examples(subject.predictions, references, subject.name)

    with pytest.raises(InputError, match=r"submission\.json"):
        score()


def test_a_file_that_fits_stops_no_scorer(tmp_path: Path) -> None:
    case = Case(name="fits", answer="3", references=("3",), expected=1.0, source="by hand")
    found = check_submission(CULTURE.profile, *files(tmp_path, CULTURE, case))
    assert [each.code for each in found] == []
