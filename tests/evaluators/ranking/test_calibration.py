from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluators import EvaluationError
from evaluators.ranking.calibration import fit_line

# Anscombe (1973, The American Statistician 27:17-21), the first of his four sets; its regression
# is printed there: y = 3 + 0.5 x, R squared 0.667, standard error of the slope 0.118.
X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]


def test_anscombes_first_set() -> None:
    fit = fit_line(X, Y)
    assert (round(fit.slope, 2), round(fit.intercept, 1)) == (0.5, 3.0)
    assert fit.correlation**2 == pytest.approx(0.667, abs=5e-4)
    error = (fit.slope_high - fit.slope) / stats.t.ppf(0.975, 9)
    assert error == pytest.approx(0.118, abs=5e-4)


def test_line_and_slope_are_scipys() -> None:
    fit, expected = fit_line(X, Y), stats.linregress(X, Y)
    margin = stats.t.ppf(0.975, len(X) - 2) * expected.stderr
    assert fit.slope == pytest.approx(expected.slope)
    assert fit.intercept == pytest.approx(expected.intercept)
    assert fit.correlation == pytest.approx(expected.rvalue)
    assert fit.slope_low == pytest.approx(expected.slope - margin)
    assert fit.slope_high == pytest.approx(expected.slope + margin)
    # At x = 0 the line's own interval is that of the intercept.
    at_zero = fit.line(0)
    margin = stats.t.ppf(0.975, len(X) - 2) * expected.intercept_stderr
    assert at_zero == pytest.approx((fit.intercept, fit.intercept - margin, fit.intercept + margin))


@pytest.mark.parametrize("at", [3.0, 9.0, 20.0])
def test_intervals_are_those_of_the_matrix_form(at: float) -> None:
    # y0 +- t s sqrt(1 + x0' (X'X)^-1 x0): what statsmodels calls obs_ci, and without the 1 mean_ci.
    design = np.column_stack([np.ones(len(X)), X])
    solution, (squares,), *_ = np.linalg.lstsq(design, np.array(Y), rcond=None)
    row = np.array([1.0, at])
    leverage = row @ np.linalg.inv(design.T @ design) @ row
    scale = stats.t.ppf(0.975, len(X) - 2) * np.sqrt(squares / (len(X) - 2))
    fit = fit_line(X, Y)
    for found, variance in ((fit.line(at), leverage), (fit.predict(at), 1 + leverage)):
        margin = scale * np.sqrt(variance)
        assert found.value == pytest.approx(row @ solution)
        assert (found.low, found.high) == pytest.approx(
            (found.value - margin, found.value + margin)
        )


def test_three_points_say_next_to_nothing() -> None:
    # One degree of freedom: t is 12.706.
    fit = fit_line([0.70, 0.72, 0.74], [0.68, 0.71, 0.71])
    assert fit.quantile == pytest.approx(12.706, abs=1e-3)
    assert fit.slope_low < 0 < fit.slope_high
    assert fit.predict(0.73).high - fit.predict(0.73).low > 0.2


def test_a_prediction_holds_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    held = 0
    for _ in range(1000):
        x = random.uniform(0.5, 0.8, 5)
        y = 0.1 + 0.8 * x + random.normal(0, 0.02, 5)
        low, high = fit_line(x[:4], y[:4]).predict(x[4])[1:]
        held += low <= y[4] <= high
    assert 0.935 <= held / 1000 <= 0.965


@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=9, unique=True),
    st.floats(-2, 2),
    st.floats(-1, 1),
)
def test_points_on_a_line_give_that_line(
    places: list[float], slope: float, intercept: float
) -> None:
    x = np.round(places, 6)
    if np.ptp(x) < 1e-3:
        return
    fit = fit_line(x, intercept + slope * x)
    assert fit.slope == pytest.approx(slope, abs=1e-6)
    assert fit.predict(0.5).value == pytest.approx(intercept + slope * 0.5, abs=1e-6)


def test_equal_public_scores_have_no_correlation() -> None:
    fit = fit_line([0.1, 0.2, 0.3], [0.5, 0.5, 0.5])
    assert fit.slope == 0
    assert np.isnan(fit.correlation)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([0.1, 0.2], [0.1, 0.2], "at least 3 points, not 2"),
        ([], [], "at least 3 points, not 0"),
        ([0.1, 0.1, 0.1], [0.1, 0.2, 0.3], "same local score"),
        ([0.1, 0.2, np.nan], [0.1, 0.2, 0.3], "finite"),
        ([0.1, 0.2, 0.3], [0.1, 0.2], "cannot be paired"),
    ],
)
def test_what_makes_no_line_is_refused(x: list[float], y: list[float], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        fit_line(x, y)
