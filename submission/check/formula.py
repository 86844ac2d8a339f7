"""A competition's formula before there are answers: its metrics and its code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from evaluators import EvaluationError, Metric, parse_spec
from evaluators.base import Direction
from evaluators.errors import LibraryUnavailableError, ModelUnavailableError
from evaluators.metrics.grouped import Grouped
from submission.competitions import Competition
from submission.competitions.formula import Formula
from submission.errors import InputError
from submission.scoring.cases import FixedMetric
from submission.scoring.formula import build_formula
from submission.scoring.own_code import told
from submission.scoring.scorer import Scorer


def formula_problems(score: Formula, folder: Path) -> Iterator[str]:
    """What is wrong with the metrics that are named, and with the folder's own code.

    No model is loaded: the code gets metrics that give every row 0.
    """
    yield from _unknown("score", score.metrics)
    yield from _unknown("score.also", score.also)
    if score.code is None:
        return
    try:
        metric = build_formula(score, folder, partial(_known, score.direction))
        # Groups make their metrics when a row is theirs.
        for group in metric.groups if isinstance(metric, Grouped) else ():
            _ = group.metric
    except Exception as error:
        known = told(error) or (error if isinstance(error, InputError | EvaluationError) else None)
        if known is None:
            raise
        yield str(known).removeprefix(f"{folder}/")


def fit_problems(competition: Competition) -> Iterator[str]:
    """What does not fit together in a formula whose metrics are known: their directions, say."""
    scorer = Scorer.of(competition, "offline" if competition.profile.encoder else None)
    try:
        _ = scorer.formula
    except (ModelUnavailableError, LibraryUnavailableError):
        return  # its cases are skipped, too
    except (InputError, EvaluationError) as error:
        yield str(error)


def _unknown(key: str, specs: list[str]) -> Iterator[str]:
    for spec in specs:
        try:
            parse_spec(spec)
        except EvaluationError as error:
            yield f"{key}: {error}"


def _known(direction: Direction, spec: str) -> Metric:
    return FixedMetric(str(parse_spec(spec)), 0.0, direction)
