from __future__ import annotations

import pytest

from evaluators.reliability import Judged, reliability


def test_the_error_is_the_weighted_gap_of_confidence_and_accuracy() -> None:
    rows = [
        Judged({"A": 0.9, "B": 0.1}, "A"),
        Judged({"A": 0.9, "B": 0.1}, "B"),
        Judged({"A": 0.2, "B": 0.8}, "B"),
        Judged({"A": 0.4, "B": 0.6}, "B"),
    ]
    found = reliability(rows)
    # Bins of 1/15: 0.9 falls into (13/15, 14/15], 0.8 = 12/15 into (11/15, 12/15], 0.6 below.
    assert [(each.n, each.confidence, each.accuracy) for each in found.bins if each.n] == [
        (1, 0.6, 1.0),
        (1, 0.8, 1.0),
        (2, 0.9, 0.5),
    ]
    assert found.ece == pytest.approx((0.4 + 0.2 + 2 * 0.4) / 4)
    assert found.brier == pytest.approx((0.02 + 1.62 + 0.08 + 0.32) / 4)


def _pseudorandom(rows: int, labels: int) -> list[Judged]:
    state, found = 1, []
    for _ in range(rows):
        drawn = []
        for _ in range(labels + 1):
            state = (state * 1103515245 + 12345) % 2**31
            drawn.append(state / 2**31)
        weights = [each**3 + 0.01 for each in drawn[:labels]]
        shares = {str(place): each / sum(weights) for place, each in enumerate(weights)}
        found.append(Judged(shares, str(int(drawn[labels] * labels))))
    return found


@pytest.mark.parametrize(("bins", "ece"), [(15, 0.3095518946647644), (10, 0.3165922164916992)])
def test_it_is_the_number_of_torchmetrics(bins: int, ece: float) -> None:
    """torchmetrics 1.9.0, multiclass_calibration_error(norm="l1"), in float32."""
    assert reliability(_pseudorandom(200, 4), bins).ece == pytest.approx(ece, abs=1e-6)


def test_certain_and_right_is_perfectly_calibrated() -> None:
    found = reliability([Judged({"A": 1.0, "B": 0.0}, "A")] * 3)
    assert (found.ece, found.brier) == (0.0, 0.0)
    assert found.bins[-1].n == 3


def test_a_gold_that_is_no_label_is_never_right() -> None:
    found = reliability([Judged({"A": 1.0, "B": 0.0}, "C")])
    assert (found.ece, found.brier) == (1.0, 2.0)
