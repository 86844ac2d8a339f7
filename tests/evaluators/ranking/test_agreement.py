from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from evaluators import EvaluationError
from evaluators.ranking.agreement import agreement_within, rank_agreement


def test_one_swap_of_four_by_hand() -> None:
    found = rank_agreement([1, 2, 3, 4], [10, 20, 40, 30])
    assert found is not None
    # Five of six pairs agree: (5 - 1) / 6; rho is 1 - 6 * (1 + 1) / (4 * 15).
    assert found.kendall == pytest.approx(2 / 3)
    assert found.spearman == pytest.approx(0.8)
    assert found.n == 4


def test_ties_count_as_in_tau_b() -> None:
    found = rank_agreement([1, 1, 2, 3], [1, 2, 2, 3])
    assert found is not None
    # Four pairs agree, none disagrees, each list ties one of six: 4 / sqrt(5 * 5).
    assert found.kendall == pytest.approx(0.8)
    # Pearson's r of the ranks 1.5 1.5 3 4 and 1 2.5 2.5 4: 3.75 / sqrt(4.5 * 4.5).
    assert found.spearman == pytest.approx(3.75 / 4.5)


def test_opposite_orders_and_rows_without_a_score() -> None:
    found = rank_agreement([1, 2, 3, np.nan, 4], [4, 3, 2, 9, 1])
    assert found == (pytest.approx(-1), pytest.approx(-1), 4)


@pytest.mark.parametrize(
    ("a", "b"), [([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, np.nan], [1, 2, 3])]
)
def test_where_there_is_no_order_there_is_no_agreement(a: list[float], b: list[int]) -> None:
    assert rank_agreement(a, b) is None


def test_lists_of_other_lengths_are_refused() -> None:
    with pytest.raises(EvaluationError, match="cannot be paired"):
        rank_agreement([1, 2, 3], [1, 2])


def test_a_gap_between_systems_is_no_agreement_on_rows() -> None:
    low, high = np.array([0.1, 0.2, 0.3]), np.array([0.7, 0.8, 0.9])
    systems: list[tuple[ArrayLike, ArrayLike]] = [
        (low, low[::-1]),
        (high, high[::-1]),
        ([1, 1, 1], [1, 2, 3]),
    ]
    assert agreement_within(systems) == (pytest.approx(-1), pytest.approx(-1), 6)
    pooled = rank_agreement(np.r_[low, high], np.r_[low[::-1], high[::-1]])
    assert pooled is not None
    assert pooled.spearman > 0
    assert agreement_within([]) is None
