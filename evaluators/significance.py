"""Intervals and paired tests over row scores."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_EXACT_ROWS: Final = 13  # 2**13 sign patterns are fewer than the resamples they replace
# One text embedded in two batches differs in its low bits; that is no win.
_NOISE: Final = 1e-6
_SIGNS_AT_ONCE: Final = 1 << 22
# Above this many rows BCa's jackknife, quadratic in n, costs more than the resampling, while its
# corrections, of order 1/sqrt(n) of the interval's width, are below what is reported.
_BCA_ROWS: Final = 20_000


class Interval(NamedTuple):
    """Both ends of an interval."""

    low: float
    high: float


@dataclass(frozen=True)
class PairedResult:
    """A against B on the same rows; ``difference`` is mean(A) - mean(B), wins are rows of A."""

    difference: float
    low: float
    high: float
    p_value: float
    wins: int
    ties: int
    losses: int


def bootstrap_interval(
    rows: ArrayLike, *, confidence: float = 0.95, resamples: int = 9999, seed: int = 0
) -> Interval:
    """Return the bootstrap interval of the mean of ``rows``, shape ``(n,)``.

    BCa (Efron 1987) by scipy, percentile above 20,000 rows. Equal rows, one row included, say
    nothing about spread: both ends are then the mean. Raises EvaluationError for no rows or values
    that are not finite.
    """
    values = _checked(rows)
    mean = float(values.mean())
    if np.all(values == values[0]):
        return Interval(float(values[0]), float(values[0]))
    from scipy.stats import bootstrap

    def interval(method: str) -> Interval:
        found = bootstrap(
            (values,),
            np.mean,
            n_resamples=resamples,
            batch=100,
            confidence_level=confidence,
            method=method,
            rng=np.random.default_rng(seed),
        ).confidence_interval
        return Interval(float(found.low), float(found.high))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = interval("BCa" if len(values) <= _BCA_ROWS else "percentile")
        if not np.isfinite(found).all():
            found = interval("percentile")
    # The mean lies inside by meaning; on a handful of rows BCa's ends may cross it by rounding.
    return Interval(min(found.low, mean), max(found.high, mean))


def paired_test(
    a: ArrayLike, b: ArrayLike, *, resamples: int = 9999, seed: int = 0
) -> PairedResult:
    """Test whether A and B differ in mean, by flipping the signs of their row differences.

    Two-sided; differences up to 1e-6 are ties. All sign patterns are tried where they number at
    most 2**13 (ties need none); else ``resamples`` random ones, p being
    (hits + 1) / (resamples + 1). The interval is the bootstrap's, of the mean difference. Raises
    EvaluationError for unequal lengths, no rows, or values that are not finite.
    """
    left, right = _checked(a), _checked(b)
    if len(left) != len(right):
        raise EvaluationError(
            f"{len(left)} rows cannot be paired with {len(right)}: score both on the same rows"
        )
    differences = left - right
    differences[np.abs(differences) <= _NOISE] = 0.0
    low, high = bootstrap_interval(differences, resamples=resamples, seed=seed)
    return PairedResult(
        difference=float(differences.mean()),
        low=low,
        high=high,
        p_value=_sign_flip(differences[differences != 0], resamples, seed),
        wins=int((differences > 0).sum()),
        ties=int((differences == 0).sum()),
        losses=int((differences < 0).sum()),
    )


def _sign_flip(differences: NDArray[np.float64], resamples: int, seed: int) -> float:
    n = len(differences)
    total = differences.sum()
    # Sums that are equal on paper differ in the last bits; they count as reached.
    reached = abs(total) - 1e-12 * np.abs(differences).sum()
    if n <= _EXACT_ROWS:
        patterns = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
        return float(np.mean(np.abs(2 * (patterns @ differences) - total) >= reached))
    random = np.random.default_rng(seed)
    step = max(1, _SIGNS_AT_ONCE // n)
    hits = 0
    for start in range(0, resamples, step):
        draws = min(step, resamples - start)
        packed = random.integers(0, 256, size=(draws, -(-n // 8)), dtype=np.uint8)
        kept = np.unpackbits(packed, axis=1, count=n).astype(np.float64)
        hits += int((np.abs(2 * (kept @ differences) - total) >= reached).sum())
    return (hits + 1) / (resamples + 1)


def _checked(rows: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(rows, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise EvaluationError("row scores must be a list of at least one number")
    if not np.isfinite(values).all():
        raise EvaluationError("row scores must be finite numbers: some row was not scored")
    return values
