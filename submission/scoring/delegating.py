"""A metric made of another one: it says of itself what that one says."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from evaluators import Metric, Signature
from evaluators.base import Direction

Rows = NDArray[np.float64]
AnyMetric = TypeVar("AnyMetric", bound=Metric)


class Delegating(Generic[AnyMetric]):
    """Says of itself what the metric behind it says; a subclass changes how rows are computed."""

    def __init__(self, metric: AnyMetric) -> None:
        self.metric = metric

    @property
    def name(self) -> str:
        """The metric's own."""
        return self.metric.name

    @property
    def signature(self) -> Signature:
        """The metric's own."""
        return self.metric.signature

    @property
    def proxy(self) -> str | None:
        """The metric's own."""
        return self.metric.proxy

    @property
    def direction(self) -> Direction:
        """The metric's own."""
        return self.metric.direction

    def aggregate(self, rows: Rows) -> float:
        """The metric's own."""
        return self.metric.aggregate(rows)
