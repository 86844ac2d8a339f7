"""One call for two systems under any metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.base import is_corpus_metric, is_counted_metric, is_summed_metric
from evaluators.errors import EvaluationError
from evaluators.significance.corpus import corpus_paired_test
from evaluators.significance.counted import counted_paired_test
from evaluators.significance.paired import PairedResult, paired_test, scored_pairs
from evaluators.significance.power import (
    Detectable,
    detectable_corpus_difference,
    detectable_counted_difference,
    detectable_difference,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.base import Example, Metric


def compare_answers(
    metric: Metric,
    a: Sequence[Example],
    b: Sequence[Example],
    *,
    resamples: int = 9999,
    seed: int = 0,
) -> PairedResult:
    """Test two systems' answers to the same rows with the test that suits the metric.

    Row metrics by ``paired_test`` on the rows that both have a score for, corpus metrics by the
    randomization of ``corpus_paired_test`` or ``counted_paired_test``. Raises EvaluationError for
    unequal lengths, no rows, and a corpus metric that has neither statistics nor counts.
    """
    if is_summed_metric(metric):
        return corpus_paired_test(metric, a, b, resamples=resamples, seed=seed)
    if is_counted_metric(metric):
        return counted_paired_test(metric, a, b, resamples=resamples, seed=seed)
    if is_corpus_metric(metric):
        raise EvaluationError(
            f"{metric.name} offers neither statistics nor counts of rows, so two systems cannot be "
            "tested by it: compare them by a metric of rows"
        )
    left, right = scored_pairs(metric.rows(a), metric.rows(b))
    return paired_test(left, right, resamples=resamples, seed=seed)


def detectable_by(metric: Metric, a: Sequence[Example], b: Sequence[Example]) -> Detectable | None:
    """Return the smallest difference under ``metric`` that two systems like these would show.

    None where these answers cannot tell: fewer than two rows, rows that do not differ at all, or a
    corpus metric that has neither statistics nor counts.
    """
    if is_summed_metric(metric):
        found = detectable_corpus_difference(metric, a, b) if len(a) > 1 else None
    elif is_counted_metric(metric):
        found = detectable_counted_difference(metric, a, b) if len(a) > 1 else None
    elif is_corpus_metric(metric):
        return None
    else:
        left, right = scored_pairs(metric.rows(a), metric.rows(b))
        found = detectable_difference(left, right) if len(left) > 1 else None
    return found if found is not None and found.deviation > 0 else None
