"""Metrics of the answered rows only, for scorers that skip an id without an answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluators import Example, Metric, Signature
from evaluators.base import (
    CorpusMetric,
    SummedMetric,
    is_corpus_metric,
    is_joint,
    is_summed_metric,
)
from evaluators.metrics.summed import resampled
from submission.scoring.delegating import AnyMetric, Delegating, Rows


def answered_only(metric: Metric) -> Metric:
    """The metric over the rows that have an answer; the others get NaN and count nowhere."""
    if is_summed_metric(metric):
        return _Summed(metric)
    return _Corpus(metric) if is_corpus_metric(metric) else _Answered(metric)


class _Answered(Delegating[AnyMetric]):
    """A row metric in front of another one, which it asks for the answered rows."""

    @property
    def signature(self) -> Signature:
        """The metric's own, and that rows without an answer are skipped."""
        own = self.metric.signature
        return Signature(own.name, own.version, (*own.options, ("missing", "skip")))

    @property
    def joint(self) -> bool:
        """The metric's own."""
        return is_joint(self.metric)

    def rows(self, examples: Sequence[Example]) -> Rows:
        """The row scores; NaN where there is no answer."""
        return _spread(self.metric.rows(_answered(examples)), examples, np.nan)


class _Corpus(_Answered[CorpusMetric]):
    """The same for a corpus metric."""

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, Rows]:
        """The value and its bootstrap distribution over the answered rows."""
        return self.metric.resample(_answered(examples), resamples=resamples, seed=seed)


class _Summed(_Answered[SummedMetric]):
    """The same for a metric of sums, to which a row without an answer adds nothing."""

    def statistics(self, examples: Sequence[Example]) -> Rows:
        """What each row adds to the sums."""
        return _spread(self.metric.statistics(_answered(examples)), examples, 0.0)

    def from_sums(self, sums: Rows) -> Rows:
        """The metric's own."""
        return self.metric.from_sums(sums)

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, Rows]:
        """The value and its bootstrap distribution over the answered rows."""
        return resampled(self.metric, _answered(examples), resamples=resamples, seed=seed)


def _answered(examples: Sequence[Example]) -> list[Example]:
    return [example for example in examples if example.answered]


def _spread(values: Rows, examples: Sequence[Example], other: float) -> Rows:
    spread = np.full((len(examples), *values.shape[1:]), other)
    spread[[example.answered for example in examples]] = values
    return spread
