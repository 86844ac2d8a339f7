from __future__ import annotations

import pytest

from baselines.training.sft import draw_rows
from submission.records.rows import TrainingRow

ROWS = [TrainingRow(str(place), (f"q{place}",), ("a",), "", "", {}) for place in range(50)]


def ids(count: int | None, seed: int = 0) -> list[int]:
    return [int(row.id) for row in draw_rows(ROWS, count, seed)]


def test_so_many_rows_are_drawn_in_their_order() -> None:
    assert len(ids(20)) == 20
    assert ids(20) == sorted(ids(20)) != list(range(20))


def test_a_smaller_draw_is_a_part_of_a_larger_one() -> None:
    assert set(ids(5)) < set(ids(20)) < set(ids(40))


def test_the_seed_decides() -> None:
    assert ids(20) == ids(20)
    assert ids(20) != ids(20, seed=1)


@pytest.mark.parametrize("count", [None, 50, 400])
def test_all_rows_are_taken_where_no_more_are_asked_for_than_there_are(count: int | None) -> None:
    assert ids(count) == list(range(50))
