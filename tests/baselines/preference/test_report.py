from __future__ import annotations

import math

import pytest
import torch

from baselines.preference.report import Change, Separation


def test_the_loss_is_that_of_the_paper() -> None:
    # Rafailov et al. 2023, equation 7, by hand for two pairs: the tuned model moved the first
    # pair's answers by +2 and -1 nats, the second's by -1 and +1; beta 0.5.
    log_probs = torch.tensor([[[-8.0, -13.0], [-10.0, -12.0]], [[-6.0, -4.0], [-5.0, -5.0]]])
    found = Separation.of(log_probs, beta=0.5, label_smoothing=0.0, too_long=3)
    losses = [math.log(1 + math.exp(-1.5)), math.log(1 + math.exp(1.0))]
    assert found.loss == pytest.approx(sum(losses) / 2, abs=1e-4)
    assert found.margin == pytest.approx((1.5 - 1.0) / 2)
    assert found.accuracy == 0.5
    assert (found.chosen_before, found.rejected_before) == (-7.5, -8.5)
    assert (found.chosen, found.rejected) == (-7.0, -8.5)
    assert (found.prefers_before, found.prefers) == (0.5, 0.5)
    assert (found.pairs, found.too_long) == (2, 3)


def test_smoothing_takes_some_pairs_to_be_the_wrong_way_round() -> None:
    log_probs = torch.tensor([[[-8.0, -13.0], [-10.0, -12.0]]])
    found = Separation.of(log_probs, beta=0.5, label_smoothing=0.25, too_long=0)
    # Conservative DPO: 0.75 and 0.25 of the two losses.
    wanted = 0.75 * math.log(1 + math.exp(-1.5)) + 0.25 * math.log(1 + math.exp(1.5))
    assert found.loss == pytest.approx(wanted, abs=1e-4)


def test_a_change_is_from_the_first_to_the_last_tenth() -> None:
    assert Change.of([float(value) for value in range(20)]) == Change(0.5, 18.5)
    assert Change.of([3.0]) == Change(3.0, 3.0)
