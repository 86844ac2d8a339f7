"""From a metric and examples to a score with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, SupportsFloat

import numpy as np

from evaluators.base import Score, is_corpus_metric, is_summed_metric
from evaluators.errors import EvaluationError
from evaluators.metrics.rowwise import checked_rows, place_of, require_unicode
from evaluators.significance import Totals, bootstrap_interval
from evaluators.significance.interval import percentile_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import CorpusMetric, Example, Metric


def score_examples(
    metric: Metric, examples: Sequence[Example], *, seed: int = 0, resamples: int = 9999
) -> Score:
    """Score the examples: the metric's value, its 95% interval over rows, and the row scores.

    Corpus metrics are resampled as a whole (percentile interval), row metrics by their row scores
    (BCa). Unscored rows (NaN) are counted and left out. Raises EvaluationError for no
    examples, no scored row, and what the metric raises.
    """
    if not examples:
        raise EvaluationError("there is nothing to score: no row has both an answer and a gold")
    require_unicode(examples)
    rows = checked_rows(metric, examples)
    unscored = 0
    if is_corpus_metric(metric):
        value, drawn = _resampled(metric, examples, resamples, seed)
        unscored = int(np.isnan(rows).sum())
        interval = percentile_interval(drawn, 0.95, len(rows) - unscored)
    else:
        scored = _scored(metric, rows)
        unscored = len(rows) - len(scored)
        value = _number(metric.aggregate, metric.aggregate(scored))
        interval = bootstrap_interval(scored, resamples=resamples, seed=seed)
    return Score(
        metric=metric.name,
        value=value,
        low=interval.low,
        high=interval.high,
        n=len(examples) - unscored,
        direction=metric.direction,
        signature=str(metric.signature),
        proxy=metric.proxy,
        rows=rows,
        unscored=unscored,
    )


def value_of(metric: Metric, examples: Sequence[Example]) -> float:
    """Return the metric's value alone, without resampling; raises what ``score`` raises."""
    if not examples:
        raise EvaluationError("there is nothing to score: no row has both an answer and a gold")
    if is_summed_metric(metric):
        return Totals.of_metric(metric, examples).score
    if is_corpus_metric(metric):
        return _resampled(metric, examples, 1, 0)[0]
    return _number(
        metric.aggregate, metric.aggregate(_scored(metric, checked_rows(metric, examples)))
    )


def _resampled(
    metric: CorpusMetric, examples: Sequence[Example], resamples: int, seed: int
) -> tuple[float, NDArray[np.float64]]:
    found: object = metric.resample(examples, resamples=resamples, seed=seed)
    if not isinstance(found, tuple) or len(found) != 2 or np.ndim(found[1]) != 1:
        raise EvaluationError(
            f"{place_of(metric.resample)} returned {type(found).__name__}: it must return a value "
            "and an array of resampled ones"
        )
    value, drawn = found
    return _number(metric.resample, value), np.asarray(drawn, dtype=np.float64)


def _number(returned_by: object, value: object) -> float:
    if isinstance(value, SupportsFloat) and math.isfinite(found := float(value)):
        return found
    raise EvaluationError(f"{place_of(returned_by)} returned {value!r}: it must return a number")


def _scored(metric: Metric, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    scored: NDArray[np.float64] = rows[~np.isnan(rows)]
    if not len(scored):
        raise EvaluationError(f"{metric.name} left every row unscored")
    return scored
