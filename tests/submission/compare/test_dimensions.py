from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.compare.dimensions import quarters


def test_eight_values_in_four_groups() -> None:
    labels, places = quarters([8, 1, 2, 3, 4, 5, 6, 7])
    assert labels == ["1-2", "3-4", "5-6", "7-8"]
    assert places.tolist() == [3, 0, 0, 1, 1, 2, 2, 3]


def test_equal_values_stay_together() -> None:
    assert quarters([5, 5, 5, 5])[0] == ["5"]
    labels, places = quarters([1, 5, 5, 5, 5, 9])
    assert labels == ["1-5", "9"]
    assert places.tolist() == [0, 0, 0, 0, 0, 1]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_groups_are_ordered_and_lose_nothing(values: list[int]) -> None:
    labels, places = quarters(values)
    assert 1 <= len(labels) <= 4
    assert len(places) == len(values)
    ends = [
        (min(v for v, p in zip(values, places, strict=True) if p == place),
         max(v for v, p in zip(values, places, strict=True) if p == place))
        for place in range(len(labels))
    ]  # fmt: skip
    assert all(one[1] < other[0] for one, other in pairwise(ends))
    assert len(np.unique(places)) == len(labels)


def test_no_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        quarters([])
