"""What several systems tell together: whether metrics agree, and how firm the order is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluators import (
    Agreement,
    EvaluationError,
    Score,
    Shakeup,
    Totals,
    agreement_within,
    public_shakeup,
    rank_agreement,
)
from evaluators.base import is_corpus_metric, is_summed_metric
from evaluators.report.data import MetricAgreement
from submission.competitions.profile import Profile
from submission.scoring.scored import Scored
from submission.scoring.scorer import Scorer


class Flip(NamedTuple):
    """Two systems, and the share of draws in which public and private order them differently."""

    one: str
    other: str
    rate: float


def agreement(scored: Sequence[Scored], metrics: Sequence[str]) -> list[MetricAgreement]:
    """Whether the formula and the ``metrics`` order alike, over the systems and over the rows.

    Over rows it is the mean over systems. What has no order (fewer than three systems, one value
    for all) is left out, and so is a metric that is the formula itself.
    """
    columns = {scored[0].main.metric: [each.main for each in scored]}
    for place, name in enumerate(metrics):
        scores = [each.further(len(metrics))[place] for each in scored]
        if scores[0].signature != scored[0].main.signature:
            columns[name] = scores
    found = []
    for (one, left), (other, right) in combinations(columns.items(), 2):
        both: list[tuple[Literal["runs", "rows"], Agreement | None]] = [
            ("runs", rank_agreement([_value(a) for a in left], [_value(b) for b in right])),
            (
                "rows",
                agreement_within([(_rows(a), _rows(b)) for a, b in zip(left, right, strict=True)]),
            ),
        ]
        found += [
            MetricAgreement(
                one=one,
                other=other,
                over=over,
                n=result.n,
                kendall=result.kendall,
                spearman=result.spearman,
            )
            for over, result in both
            if result is not None
        ]
    return found


def shakeup(profile: Profile, scorer: Scorer, scored: Sequence[Scored]) -> Shakeup | None:
    """What random public parts of the rows do to the order of the systems.

    None where the public share is not known, the formula has nothing per row, or there is nothing
    to reorder.
    """
    if profile.public_share is None or len(scored) < 2:
        return None
    systems = _systems(scorer, scored)
    if systems is None:
        return None
    try:
        return public_shakeup(
            systems,
            profile.public_share,
            direction=profile.score.direction,
            private=profile.private_rows,
        )
    except EvaluationError:
        return None  # so few rows that no private one is left


def flips(shaken: Shakeup) -> list[Flip]:
    """Every two systems that change order in some draw, those that do most often first."""
    names = [standing.name for standing in shaken.standings]
    found = [
        Flip(names[i], names[j], float(shaken.flips[i, j]))
        for i, j in combinations(range(len(names)), 2)
        if shaken.flips[i, j] > 0
    ]
    return sorted(found, key=lambda flip: -flip.rate)


def _systems(scorer: Scorer, scored: Sequence[Scored]) -> Mapping[str, Totals] | None:
    metric = scorer.cached_formula
    if is_summed_metric(metric):
        return {
            each.subject.name: _scaled(Totals.of_metric(metric, each.examples), scorer.scale)
            for each in scored
        }
    if is_corpus_metric(metric):
        return None
    rows = np.array([each.main.rows for each in scored])
    common = ~np.isnan(rows).any(axis=0)
    if not common.any():
        return None
    return {
        each.subject.name: Totals.of_rows(own[common])
        for each, own in zip(scored, rows, strict=True)
    }


def _scaled(totals: Totals, scale: float) -> Totals:
    return Totals(totals.table, lambda sums: scale * totals.value(sums))


def _value(score: Score) -> float:
    return score.value if score.direction == "higher" else -score.value


def _rows(score: Score) -> NDArray[np.float64]:
    return score.rows if score.direction == "higher" else -score.rows
