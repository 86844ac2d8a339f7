from __future__ import annotations

import numpy as np
import torch

from evaluators.neural.batching import like_lengths, pad
from evaluators.neural.row_batches import Row, last_uses, row_batches


def test_batches_hold_like_lengths_within_the_budget() -> None:
    lengths = np.random.default_rng(0).integers(1, 500, size=400).tolist()
    batches = list(like_lengths(lengths, 2048))
    assert sorted(place for batch in batches for place in batch) == list(range(400))
    for batch in batches:
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or len(batch) * longest <= 2048
        assert min(lengths[place] for place in batch) >= 0.8 * longest


def test_a_sequence_longer_than_the_budget_goes_alone() -> None:
    assert list(like_lengths([10, 3000, 9], 100)) == [[1], [0, 2]]
    assert list(like_lengths([], 100)) == []


def test_padding_is_masked() -> None:
    ids, mask = pad([[5, 6, 7], [8]], torch.device("cpu"), filler=1)
    assert ids.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_rows_are_grouped_by_size_with_equal_answers_together() -> None:
    rows = [
        Row("나", ("긴 답",)),
        Row("가나다라마바사", ("x",)),
        Row("나", ("다른 답",)),
        Row("", ()),
    ]
    groups = row_batches(rows, 16, 100)
    assert groups == [[3, 0], [2], [1]]
    assert last_uses(rows, groups)["나"] == 1


def test_no_text_counts_more_than_the_model_takes() -> None:
    rows = [Row("가" * 1000, ()), Row("나" * 1000, ())]
    assert row_batches(rows, 64, 30) == [[0, 1]]
