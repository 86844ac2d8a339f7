from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from evaluators import EvaluationError
from evaluators.significance import adjust, benjamini_hochberg, holm

P_VALUES = st.lists(st.floats(0, 1), max_size=20)


def test_holm_by_hand() -> None:
    # Sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04; never below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_benjamini_hochberg_by_hand() -> None:
    # Sorted .005 .01 .03 .04, times 4/1 4/2 4/3 4/4: .02 .02 .04 .04.
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])


@given(P_VALUES)
def test_benjamini_hochberg_is_scipys(p_values: list[float]) -> None:
    expected = false_discovery_control(p_values) if p_values else []
    assert benjamini_hochberg(p_values) == pytest.approx(np.asarray(expected))


@given(P_VALUES)
def test_corrections_are_ordered_by_strictness_and_keep_the_order(p_values: list[float]) -> None:
    plain, loose, strict = (adjust(p_values, by) for by in ("none", "bh", "holm"))
    bonferroni = np.minimum(plain * len(p_values), 1)
    slack = 1e-12
    assert np.all(plain <= loose + slack)
    assert np.all(loose <= strict + slack)
    assert np.all(strict <= bonferroni + slack)
    order = np.argsort(plain, kind="stable")
    assert np.all(np.diff(strict[order]) >= -slack)


def test_one_comparison_needs_no_correction() -> None:
    assert holm([0.04]).tolist() == benjamini_hochberg([0.04]).tolist() == [0.04]


@pytest.mark.parametrize("p_values", [[1.1], [-0.1], [float("nan")], [[0.5]], 0.5])
def test_what_is_no_p_value_is_refused(p_values: float | list[float | list[float]]) -> None:
    for by in ("none", "holm", "bh"):
        with pytest.raises(EvaluationError, match="from 0 to 1"):
            adjust(p_values, by)


def test_an_unknown_correction_names_the_known() -> None:
    with pytest.raises(EvaluationError, match="none, holm, bh"):
        adjust([0.5], "sidak")  # type: ignore[arg-type]
