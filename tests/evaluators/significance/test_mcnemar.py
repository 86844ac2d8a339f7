from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from evaluators import EvaluationError, paired_test
from evaluators.significance import mcnemar


def systems(only_a: int, only_b: int, agreed: int = 5) -> tuple[list[int], list[int]]:
    rest = [n % 2 for n in range(agreed)]
    return [1] * only_a + [0] * only_b + rest, [0] * only_a + [1] * only_b + rest


@given(st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=80, deadline=None)
def test_exact_p_value_is_the_binomial_tests(only_a: int, only_b: int) -> None:
    found = mcnemar(*systems(only_a, only_b))
    n = only_a + only_b
    expected = binomtest(only_a, n, 0.5).pvalue if n else 1.0
    assert found[:2] == (only_a, only_b)
    assert found.p_value == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_mid_p_takes_half_of_the_observed_outcome(only_a: int, only_b: int) -> None:
    n, fewer = only_a + only_b, min(only_a, only_b)
    expected = (2 * sum(comb(n, k) for k in range(fewer)) + comb(n, fewer)) / 2**n
    assert mcnemar(*systems(only_a, only_b), mid=True).p_value == pytest.approx(expected, rel=1e-9)


def test_one_against_seven_by_hand() -> None:
    # Of 2**8 outcomes 1 has none and 8 have one on the rarer side, and as many on the other.
    assert mcnemar(*systems(1, 7)).p_value == pytest.approx(2 * (1 + 8) / 256)
    assert mcnemar(*systems(1, 7), mid=True).p_value == pytest.approx(2 * (1 + 8 / 2) / 256)


def test_few_rows_agree_with_the_sign_flips() -> None:
    a, b = systems(9, 2)
    assert mcnemar(a, b).p_value == pytest.approx(paired_test(a, b).p_value)


def test_many_rows_neither_overflow_nor_vanish() -> None:
    found = mcnemar(*systems(2100, 1900, agreed=6000))
    assert found.p_value == pytest.approx(binomtest(2100, 4000, 0.5).pvalue, rel=1e-9)
    assert mcnemar(*systems(5000, 0)).p_value == 0.0


def test_only_right_and_wrong_will_do() -> None:
    with pytest.raises(EvaluationError, match="right \\(1\\) or wrong \\(0\\)"):
        mcnemar([0.5, 1], [0, 1])
    with pytest.raises(EvaluationError, match="cannot be paired"):
        mcnemar([1], [0, 1])
    assert mcnemar(np.array([True, False]), np.array([True, False])) == (0, 0, 1.0)
