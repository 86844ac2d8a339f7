from __future__ import annotations

import numpy as np
import pytest

from evaluators import EvaluationError
from evaluators.ranking.shakeup import public_shakeup
from evaluators.ranking.splits import order_flips
from evaluators.significance import Totals

RANDOM = np.random.default_rng(0)
BASE = RANDOM.random(130)
SYSTEMS = {
    "바닥": BASE - 0.5,
    "둘째": BASE + RANDOM.normal(0.0, 0.1, 130),
    "첫째": BASE + RANDOM.normal(0.01, 0.1, 130),
}


def test_standings_are_best_first_and_say_how_far_a_place_moves() -> None:
    found = public_shakeup(SYSTEMS, 0.4, draws=500)
    assert [each.name for each in found.standings] == ["첫째", "둘째", "바닥"]
    assert [each.rank for each in found.standings] == [1, 2, 3]
    first, second, last = found.standings
    assert (first.low, first.high) == (second.low, second.high) == (1, 2)
    assert (last.low, last.high, last.first_public, last.first_private) == (3, 3, 0, 0)
    assert first.first_public + second.first_public == pytest.approx(1)
    assert (found.share, found.n, found.draws) == (0.4, 52, 500)


def test_flips_are_those_of_two_systems_alone() -> None:
    found = public_shakeup(SYSTEMS, 0.4, draws=500)
    alone = order_flips(SYSTEMS["첫째"], SYSTEMS["둘째"], 0.4, draws=500)
    assert found.flips[0, 1] == found.flips[1, 0] == alone.rate
    assert found.flips[0, 2] == found.flips[0, 0] == 0
    # With the third out of reach, the winner is kept unless the two flip.
    assert found.winner_kept == pytest.approx(1 - alone.rate)


def test_lower_may_be_better() -> None:
    errors = {name: -rows for name, rows in SYSTEMS.items()}
    lower = public_shakeup(errors, 0.4, direction="lower", draws=200)
    higher = public_shakeup(SYSTEMS, 0.4, draws=200)
    assert [each.name for each in lower.standings] == [each.name for each in higher.standings]
    assert lower.winner_kept == higher.winner_kept
    assert lower.standings[0].score == -higher.standings[0].score


def test_equal_systems_share_the_first_place() -> None:
    found = public_shakeup({"a": BASE, "b": BASE}, 0.4, draws=100)
    assert [(each.rank, each.low, each.high) for each in found.standings] == [(1, 1, 1)] * 2
    assert found.winner_kept == 1.0


def test_sums_stand_beside_rows() -> None:
    rows = public_shakeup(SYSTEMS, 0.4, draws=100)
    sums = public_shakeup({k: Totals.of_rows(v) for k, v in SYSTEMS.items()}, 0.4, draws=100)
    assert sums == rows


def test_a_final_on_all_rows_moves_less() -> None:
    rest = public_shakeup(SYSTEMS, 0.4, draws=500)
    whole = public_shakeup(SYSTEMS, 0.4, private="all", draws=500)
    assert whole.flips[0, 1] <= rest.flips[0, 1]
    assert whole.standings[0].first_private == 1.0


def test_nobody_has_no_order() -> None:
    with pytest.raises(EvaluationError, match="no system"):
        public_shakeup({}, 0.4)
    with pytest.raises(EvaluationError, match="the same rows"):
        public_shakeup({"a": [1.0, 2.0], "b": [1.0]}, 0.5)
