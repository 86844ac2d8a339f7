"""Two systems that are right or wrong on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.checks import checked, require_pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class McNemarResult(NamedTuple):
    """Rows that only A, and that only B, got right; ``p_value`` is two-sided."""

    only_a: int
    only_b: int
    p_value: float


def mcnemar(a: ArrayLike, b: ArrayLike, *, mid: bool = False) -> McNemarResult:
    """Test two lists of right (1) and wrong (0) by the rows on which they disagree.

    McNemar (1947, Psychometrika 12:153-157) with the exact binomial distribution; ``mid`` counts
    the observed outcome half, which is less conservative (Fagerland, Lydersen and Laake 2013, BMC
    Med. Res. Methodol. 13:91). Raises EvaluationError for unequal lengths, no rows, or values
    other than 0 and 1.
    """
    left, right = checked(a), checked(b)
    require_pairs(len(left), len(right))
    if not np.isin([left, right], (0.0, 1.0)).all():
        raise EvaluationError(
            "McNemar's test takes rows that are right (1) or wrong (0): use the paired test"
        )
    only_a, only_b = int((left > right).sum()), int((left < right).sum())
    return McNemarResult(only_a, only_b, _p_value(only_a, only_b, mid))


def _p_value(only_a: int, only_b: int, mid: bool) -> float:
    from scipy.stats import binom

    coin = binom(only_a + only_b, 0.5)
    fewer = min(only_a, only_b)
    doubled = 2 * coin.cdf(fewer) - (coin.pmf(fewer) if mid else 0)
    return min(1.0, float(doubled))
