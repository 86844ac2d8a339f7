from __future__ import annotations

import numpy as np
import pytest

from evaluators import EvaluationError, public_estimate


def test_range_is_that_of_sampling_without_replacement() -> None:
    rows = np.random.default_rng(0).random(130)
    low, high, share, n = public_estimate(rows, 0.4)
    assert (share, n) == (0.4, 52)
    # Standard error of the mean of n of N without replacement (Cochran 1977, 2.3).
    error = rows.std(ddof=1) / np.sqrt(n) * np.sqrt(1 - n / len(rows))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert low < rows.mean() < high


def test_four_rows_by_hand() -> None:
    # Halves of 0, 0, 1, 1 have means 0, 1/2 and 1, the ends once in six each.
    assert public_estimate([0, 0, 1, 1], 0.5)[:2] == (0.0, 1.0)


def test_the_whole_has_no_range() -> None:
    assert public_estimate([0.25, 0.75], 1.0) == (0.5, 0.5, 1.0, 2)


def test_at_least_one_row_is_public() -> None:
    assert public_estimate([0.1, 0.9, 0.5], 0.01).n == 1


def test_batches_do_not_show(monkeypatch) -> None:
    rows = np.random.default_rng(0).random(50)
    whole = public_estimate(rows, 0.5, draws=100)
    monkeypatch.setattr("evaluators.splits._KEYS_AT_ONCE", 700)
    assert public_estimate(rows, 0.5, draws=100) == whole


@pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan")])
def test_a_share_outside_nought_and_one_is_refused(share) -> None:
    with pytest.raises(EvaluationError, match="public share"):
        public_estimate([1.0], share)


@pytest.mark.parametrize("rows", [[], [float("nan")]])
def test_unusable_rows_are_refused(rows) -> None:
    with pytest.raises(EvaluationError):
        public_estimate(rows, 0.5)
