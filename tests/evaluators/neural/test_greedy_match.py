from __future__ import annotations

import numpy as np
import pytest
import torch

from evaluators.neural.greedy_match import greedy_match
from evaluators.neural.vector_table import VectorTable

WORD, SPECIAL = 0, 1


def table(*texts: list[tuple[float, int]]) -> VectorTable:
    """Texts given as tokens (angle in degrees, token id)."""
    radians = torch.deg2rad(torch.tensor([angle for text in texts for angle, _ in text]))
    lengths = torch.tensor([len(text) for text in texts])
    return VectorTable(
        ids=torch.tensor([token for text in texts for _, token in text], dtype=torch.int32),
        vectors=torch.stack([radians.cos(), radians.sin()], dim=1),
        starts=lengths.cumsum(0) - lengths,
        lengths=lengths,
        places={},
        cut=[False] * len(texts),
    )


def test_worked_by_hand() -> None:
    # The answer's tokens lie at 0 and 90 degrees, the reference's counted one at 60; its special
    # one, at 0, is matched by the first answer token, but brings no recall of its own.
    texts = table([(0.0, WORD), (90.0, WORD)], [(60.0, WORD), (0.0, SPECIAL)])
    found = greedy_match(texts, torch.tensor([1.0, 0.0]), np.array([0]), np.array([1]))
    precision, recall = (1 + np.cos(np.pi / 6)) / 2, np.cos(np.pi / 6)
    assert found.precision[0] == pytest.approx(precision)
    assert found.recall[0] == pytest.approx(recall)
    assert found.f1[0] == pytest.approx(2 * precision * recall / (precision + recall))


def test_weights_weigh() -> None:
    texts = table([(0.0, 0), (90.0, 1)], [(0.0, 0)])
    found = greedy_match(texts, torch.tensor([3.0, 1.0]), np.array([0]), np.array([1]))
    assert found.precision[0] == pytest.approx(0.75, abs=1e-6)


def test_a_text_without_weight_scores_zero() -> None:
    texts = table([(0.0, SPECIAL)], [(0.0, WORD)])
    found = greedy_match(texts, torch.tensor([1.0, 0.0]), np.array([0, 1]), np.array([1, 0]))
    assert found.f1.tolist() == [0, 0]


def test_what_stands_beside_a_text_never_matches_it() -> None:
    # A long neighbour in the batch pads the short pair; its tokens must not be seen.
    random = np.random.default_rng(0)
    texts = table(*([(float(a), WORD) for a in random.uniform(0, 360, n)] for n in (4, 5, 40, 50)))
    weights = torch.ones(1)
    together = greedy_match(texts, weights, np.array([0, 2, 1]), np.array([1, 3, 0]))
    alone = greedy_match(texts, weights, np.array([0]), np.array([1]))
    assert together.f1[0] == pytest.approx(alone.f1[0])
    assert together.precision[2] == pytest.approx(together.recall[0])
