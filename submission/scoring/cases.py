"""Running the cases of a competition: what rows score, against what they should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluators import EvaluationError, Example, Metric, Signature, parse_spec
from evaluators.base import Direction
from evaluators.errors import LibraryUnavailableError, ModelUnavailableError
from evaluators.scoring import value_of
from submission.competitions import Competition
from submission.competitions.cases import FORMULA, Case
from submission.competitions.format import SubmissionFormat
from submission.errors import InputError, LeaderkitError, nearest
from submission.records.rows import Prediction, Reference
from submission.scoring.formula import build_formula
from submission.scoring.own_code import told
from submission.scoring.scorer import Scorer

_TEXT = "낱말이 옳다. 그 까닭이 있다."
"""Long enough for any formula to find what it takes an answer apart by."""


class FixedMetric:
    """A metric that gives every row the same, whatever is in it."""

    proxy = None

    def __init__(self, name: str, given: float, direction: Direction) -> None:
        self.name = name
        self.direction = direction
        self.signature = Signature.of(name)
        self._given = given

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the same number for every row."""
        return np.full(len(examples), self._given)

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Return the mean."""
        return float(np.mean(rows))


@dataclass(frozen=True)
class CaseReport:
    """How many cases hold; what is wrong with the others; what was not run, and why.

    Cases of files at which the organizer's scorer stops have no score, and are in none of these.
    ``trial`` says what became of code without cases on a made-up row.
    """

    hold: int = 0
    problems: Sequence[str] = ()
    skipped: Sequence[str] = field(default_factory=tuple)
    trial: str | None = None


def case_value(competition: Competition, case: Case) -> float:
    """What the rows of a case score, on 0..1, by the offline encoder where one is declared.

    Raises ``EvaluationError`` where they cannot be scored, and :class:`InputError` for a term that
    the formula does not have.
    """
    score = competition.profile.score
    if case.parts:
        metric = build_formula(
            score, Path(competition.folder), partial(_part, case, score.direction)
        )
        return value_of(metric, [Example("row", _TEXT, (_TEXT,), meta=case.meta)])
    scorer = Scorer.of(competition, "offline" if competition.profile.encoder else None)
    examples = _examples(scorer, case)
    return value_of(scorer.metric_of(None if case.term == FORMULA else case.term), examples)


def _part(case: Case, direction: Direction, spec: str) -> Metric:
    if spec not in case.parts:
        raise EvaluationError(f"its 'parts' have no '{spec}'")
    return FixedMetric(spec, case.parts[spec], direction)


def run_cases(competition: Competition, cases: Sequence[Case]) -> CaseReport:
    """Run every case that has a score; one whose model is not here is skipped."""
    hold, problems, skipped = 0, [], []
    for case in cases:
        if case.expected is None:
            continue
        if problem := _unknown_term(competition, case):
            problems.append(f"case '{case.name}': {problem}")
            continue
        try:
            found = case_value(competition, case)
        except (ModelUnavailableError, LibraryUnavailableError) as error:
            skipped.append(f"'{case.name}': {error}")
        except Exception as error:
            known = told(error) or (error if isinstance(error, EvaluationError) else None)
            if known is None:
                raise
            problems.append(f"case '{case.name}': {known}")
        else:
            if abs(found - case.expected) <= case.tolerance:
                hold += 1
            else:
                problems.append(f"case '{case.name}': expected {case.expected!r}, got {found!r}")
    return CaseReport(hold, problems, skipped)


def try_code(competition: Competition) -> CaseReport:
    """Run a competition's code on a made-up row, where every metric says 0.5.

    What a real row may mend, such as a value that the code looks for in vain, is no problem.
    """
    profile = competition.profile
    score = profile.score
    columns = [*profile.test.columns, *(profile.train.columns if profile.train else ())]
    answer = _made_up(profile.submission)
    row = Example("row", answer, (answer,), meta=dict.fromkeys(columns, _TEXT))
    try:
        metric = build_formula(
            score, Path(competition.folder), partial(_half, direction=score.direction)
        )
        value_of(metric, [row])
    except Exception as error:
        known = told(error) or (error if isinstance(error, EvaluationError | InputError) else None)
        if known is None:
            raise
        if not isinstance(error, EvaluationError | LeaderkitError | LookupError | ValueError):
            return CaseReport(problems=[f"a made-up row of the declared columns: {known}"])
        reason = f"not checked: on a made-up row of the declared columns, {known}"
        return CaseReport(trial=reason.removesuffix("."))
    return CaseReport(trial="run on a made-up row only, and its number is not checked")


def _made_up(submission: SubmissionFormat) -> str:
    """An answer of the declared kind, as far as one is easily made."""
    if submission.kind == "label":
        return submission.labels[0]
    return "1" if submission.kind == "number" else _TEXT


def _half(spec: str, direction: Direction) -> Metric:
    return FixedMetric(str(parse_spec(spec)), 0.5, direction)


def _unknown_term(competition: Competition, case: Case) -> str | None:
    score = competition.profile.score
    if score.code is not None:
        return None
    known = {FORMULA, *score.metrics, *score.also}
    wrong = [term for term in (case.term, *case.parts) if term not in known]
    if not wrong:
        return None
    there = nearest(sorted(known), wrong[0])
    return f"'{wrong[0]}' is not a term of the formula: use one of {there}"


def _examples(scorer: Scorer, case: Case) -> list[Example]:
    """The case's rows as they come from a file of answers and one of references."""
    rows = {str(number): row for number, row in enumerate(case.all_rows, start=1)}
    predictions = [
        Prediction(row_id, str(row.answer))
        for row_id, row in rows.items()
        if row.answer is not None
    ]
    references = [
        Reference(row_id, row.references, row.meta.get("category", ""), row.meta)
        for row_id, row in rows.items()
    ]
    return scorer.examples(predictions, references, case.name)
