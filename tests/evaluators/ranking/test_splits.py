from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from evaluators import EvaluationError, public_estimate
from evaluators.ranking.splits import Flips, order_flips, simulate
from evaluators.significance import Totals


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


def test_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).random(50)
    whole = public_estimate(rows, 0.5, draws=100)
    monkeypatch.setattr("evaluators.ranking.splits._KEYS_AT_ONCE", 700)
    assert public_estimate(rows, 0.5, draws=100) == whole


@pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan")])
def test_a_share_outside_nought_and_one_is_refused(share: float) -> None:
    with pytest.raises(EvaluationError, match="public share"):
        public_estimate([1.0], share)


@pytest.mark.parametrize("rows", [[], [float("nan")]])
def test_unusable_rows_are_refused(rows: list[float]) -> None:
    with pytest.raises(EvaluationError):
        public_estimate(rows, 0.5)


def test_flips_by_hand() -> None:
    # Halves of differences 3, -1, -1, 0: whichever half has the 3 puts A ahead, the other B.
    a, b = [3, 0, 0, 0], [0, 1, 1, 0]
    found = order_flips(a, b, 0.5, draws=4000)
    assert found.rate == 1.0
    assert (found.ties, found.share, found.n, found.draws) == (0.0, 0.5, 2, 4000)
    # Against all rows (A ahead by 1) only the half without the 3 is wrong.
    assert order_flips(a, b, 0.5, private="all", draws=4000).rate == pytest.approx(0.5, abs=0.03)


def test_flips_of_few_rows_are_those_of_all_partitions() -> None:
    differences = np.array([0.5, -0.3, 0.2, -0.4, 0.1, 0.3, -0.2])
    flips = [
        differences[list(public)].mean() * np.delete(differences, list(public)).mean() < -1e-12
        for public in itertools.combinations(range(7), 3)
    ]
    found = order_flips(differences, np.zeros(7), 3 / 7, draws=20_000)
    assert found.rate == pytest.approx(np.mean(flips), abs=0.015)


def test_public_and_private_are_a_partition() -> None:
    rows = np.random.default_rng(0).random(130)
    parts = simulate([Totals.of_rows(rows)], 0.4, "rest", 50, 0)
    whole = (52 * parts.public + 78 * parts.private) / 130
    assert parts.n == 52
    assert whole == pytest.approx(np.full((50, 1), rows.mean()))
    assert simulate([Totals.of_rows(rows)], 0.4, "all", 5, 0).private == pytest.approx(rows.mean())


def test_a_flip_rate_reads_as_a_sentence() -> None:
    flips = Flips(0.234, 0.0, 0.4, 52, 2000)
    assert str(flips) == "in 23% of 40% draws the order of these two flips"


def test_equal_systems_tie_and_clear_ones_never_flip() -> None:
    rows = np.random.default_rng(0).random(60)
    same = order_flips(rows, rows, 0.3)
    assert (same.rate, same.ties) == (0.0, 1.0)
    assert order_flips(rows + 2, rows, 0.3).rate == 0.0


def test_sums_are_split_like_rows() -> None:
    a, b = np.random.default_rng(0).random((2, 40))
    by_sums = order_flips(Totals.of_rows(a), Totals.of_rows(b), 0.4)
    assert by_sums == order_flips(a, b, 0.4)
    assert public_estimate(Totals.of_rows(a), 0.4) == public_estimate(a, 0.4)


@pytest.mark.parametrize(
    ("share", "private", "message"),
    [(1.0, "rest", "leaves no private row"), (0.5, "none", "rest, all"), (0, "all", "share")],
)
def test_a_split_that_cannot_be_is_refused(share: float, private: Any, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        order_flips([1.0, 2.0], [2.0, 1.0], share, private=private)


def test_systems_of_unequal_length_cannot_be_split_alike() -> None:
    with pytest.raises(EvaluationError, match="the same rows"):
        order_flips([1.0, 2.0], [1.0], 0.5)
