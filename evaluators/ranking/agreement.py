"""Whether two metrics put the same things in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evaluators.significance.checks import require_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


class Agreement(NamedTuple):
    """Rank correlations, -1 (opposite orders) to 1 (the same), over ``n`` pairs of scores."""

    kendall: float
    spearman: float
    n: int


def rank_agreement(a: ArrayLike, b: ArrayLike) -> Agreement | None:
    """Return Kendall's tau-b (1945, Biometrika 33:239-251) and Spearman's rho of two lists.

    Pairs of which one is NaN are left out. None where fewer than three pairs are left or one list
    is constant: there is no order to agree on. Raises EvaluationError for unequal lengths.
    """
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    require_pairs(len(left), len(right))
    both = ~(np.isnan(left) | np.isnan(right))
    left, right = left[both], right[both]
    if len(left) < 3 or np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    from scipy.stats import kendalltau, spearmanr

    return Agreement(
        float(kendalltau(left, right).statistic),
        float(spearmanr(left, right).statistic),
        len(left),
    )


def agreement_within(systems: Sequence[tuple[ArrayLike, ArrayLike]]) -> Agreement | None:
    """Return the mean over systems of ``rank_agreement`` between two metrics' row scores.

    Averaging within systems keeps a gap between a good and a bad system, which any two metrics
    see, from passing for agreement on rows. ``n`` counts the pairs of all systems that have an
    order; None where none has.
    """
    found = [each for pair in systems if (each := rank_agreement(*pair)) is not None]
    if not found:
        return None
    return Agreement(
        float(np.mean([each.kendall for each in found])),
        float(np.mean([each.spearman for each in found])),
        sum(each.n for each in found),
    )
