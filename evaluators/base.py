"""The nouns every metric shares: Example, Signature, Score, Metric."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from math import isnan
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

Direction = Literal["higher", "lower"]
References = Literal["first", "mean", "max"]


@dataclass(frozen=True, slots=True)
class Example:
    """One answer with the references it is compared with.

    ``vector``, of shape ``(dimension,)``, stands in for the text where a submission holds vectors
    only; embedding metrics use it as it is. ``answered`` is False for a row that a submission
    leaves out and the organizer's scorer skips.
    """

    id: str
    answer: str
    references: tuple[str, ...]
    vector: NDArray[np.float32] | None = field(default=None, compare=False)
    meta: Mapping[str, str] = field(default_factory=dict, hash=False)
    answered: bool = True


@cache
def _package_version() -> str:
    return version("leaderkit")


@dataclass(frozen=True)
class Signature:
    """Everything that decides a number: two scores compare only under equal signatures.

    As text: ``name|option:value|...|v:VERSION``, in the order the options were given.
    """

    name: str
    version: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, name: str, **options: str | float | bool | None) -> Signature:
        """Build a signature of this version; flags become 1 and 0, None leaves an option out."""
        given = ((key, _shown(value)) for key, value in options.items() if value is not None)
        return cls(name, _package_version(), tuple(given))

    def __str__(self) -> str:
        return "|".join([self.name, *(f"{k}:{v}" for k, v in self.options), f"v:{self.version}"])


def _shown(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return " ".join(str(value).replace("|", "_").split())


class ScoreDict(TypedDict):
    """A Score in plain values, as machine output shows it; one row has no interval."""

    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    direction: Direction
    signature: str
    proxy: bool


@dataclass(frozen=True)
class Score:
    """A metric's value over ``n`` rows with its 95% interval, NaN where ``n`` is 1.

    ``rows`` holds the row scores of all examples; ``unscored`` of them are NaN and count neither
    in ``value`` nor in ``n``. ``proxy`` is why the number is not the organizer's own, if it is not.
    """

    metric: str
    value: float
    low: float
    high: float
    n: int
    direction: Direction
    signature: str
    proxy: str | None
    rows: NDArray[np.float64] = field(repr=False, compare=False)
    unscored: int = 0

    def to_dict(self) -> ScoreDict:
        """Return everything but the rows, ready for JSON."""
        return {
            "metric": self.metric,
            "value": self.value,
            "low": finite(self.low),
            "high": finite(self.high),
            "n": self.n,
            "direction": self.direction,
            "signature": self.signature,
            "proxy": self.proxy is not None,
        }


class Metric(Protocol):
    """A number per row, and how the rows become one."""

    @property
    def name(self) -> str:
        """What the metric is called in tables and specs."""
        ...

    @property
    def signature(self) -> Signature:
        """What decides its numbers."""
        ...

    @property
    def proxy(self) -> str | None:
        """Why its numbers stand in for another formula or model; None where they do not."""
        ...

    @property
    def direction(self) -> Direction:
        """Which end is better."""
        ...

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores, shape ``(len(examples),)``; NaN is a row left unscored."""
        ...

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Return the score of these rows; the mean for a row metric."""
        ...


class CorpusMetric(Metric, Protocol):
    """A metric whose value is not a function of its row scores, such as macro F1."""

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the value and its bootstrap distribution, shape ``(resamples,)``."""
        ...


class SummedMetric(CorpusMetric, Protocol):
    """A corpus metric whose value depends on sums over the rows only, such as BLEU.

    ``evaluators.metrics.summed.Summed`` gives the rest to a class that has these two.
    """

    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return what each row adds to the sums, shape ``(len(examples), statistics)``."""
        ...

    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values that sums of shape ``(samples, statistics)`` have: ``(samples,)``."""
        ...


class CountedMetric(CorpusMetric, Protocol):
    """A corpus metric whose value depends on how often each row counts, such as AUC.

    ``evaluators.metrics.counted.Counted`` gives the rest to a class that has this.
    """

    def of_counts(
        self, examples: Sequence[Example]
    ) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        """Return what makes values, ``(samples,)``, of counts of the rows, ``(samples, rows)``.

        NaN is a sample without a value.
        """
        ...


def finite(value: float | None) -> float | None:
    """Return a number as it is, and None for one that is not defined (NaN), as JSON has it."""
    return None if value is None or isnan(value) else value


def joined(reasons: Iterable[str | None]) -> str | None:
    """Return the different reasons as one; None where there is none."""
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or None


def is_corpus_metric(metric: Metric) -> TypeGuard[CorpusMetric]:
    """Return whether the metric must be resampled as a whole."""
    return callable(getattr(metric, "resample", None))


def is_summed_metric(metric: Metric) -> TypeGuard[SummedMetric]:
    """Return whether sums of per-row statistics determine the metric's value."""
    return callable(getattr(metric, "statistics", None)) and is_corpus_metric(metric)


def is_counted_metric(metric: Metric) -> TypeGuard[CountedMetric]:
    """Return whether how often each row counts determines the metric's value."""
    return callable(getattr(metric, "of_counts", None)) and is_corpus_metric(metric)


def is_joint(metric: Metric) -> bool:
    """Return whether a row's score depends on the other rows, which a metric says by ``joint``."""
    return bool(getattr(metric, "joint", False))
