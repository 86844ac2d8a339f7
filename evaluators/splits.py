"""What a public leaderboard, drawn from a share of the rows, may show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_KEYS_AT_ONCE: Final = 1 << 21


class PublicEstimate(NamedTuple):
    """The 95 % range of the public mean; ``n`` is how many rows the public part holds."""

    low: float
    high: float
    share: float
    n: int


def public_estimate(
    rows: ArrayLike, share: float, *, draws: int = 2000, seed: int = 0
) -> PublicEstimate:
    """Return where the mean over a random ``share`` of ``rows`` lies in 95 of 100 draws.

    Rows are drawn without replacement, at least one. Raises EvaluationError for no rows, a share
    outside (0, 1], or values that are not finite.
    """
    values = np.asarray(rows, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise EvaluationError("a public estimate needs at least one row, all finite numbers")
    if not 0 < share <= 1:
        raise EvaluationError(f"a public share lies above 0 and up to 1, not at {share}")
    total = len(values)
    n = max(1, round(share * total))
    if n == total:
        mean = float(values.mean())
        return PublicEstimate(mean, mean, share, n)
    random = np.random.default_rng(seed)
    means = np.empty(draws)
    step = max(1, _KEYS_AT_ONCE // total)
    for start in range(0, draws, step):
        count = min(step, draws - start)
        order = np.argpartition(random.random((count, total)), n - 1, axis=1)[:, :n]
        means[start : start + count] = values[order].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return PublicEstimate(float(low), float(high), share, n)
