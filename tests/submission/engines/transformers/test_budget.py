"""When the end of thinking is forced."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from submission.engines.transformers.budget import Budget, place_of

OPENING, CLOSING = [7], [8, 9]
IDS = st.lists(st.integers(0, 9), max_size=30)


def written(budget: Budget, before: int, free: list[int]) -> list[int]:
    """What a model writes that would write ``free``, and is forced."""
    ids: list[int] = []
    for token in free:
        forced = budget.forced(before, ids)
        ids.append(token if forced is None else forced)
    return ids


@given(free=IDS, tokens=st.integers(1, 10), before=st.integers(-1, 12))
def test_no_thinking_is_longer_than_its_budget(free: list[int], tokens: int, before: int) -> None:
    ids = written(Budget(tokens, OPENING, CLOSING), before, free)
    begin = 0 if before >= 0 else place_of(OPENING, ids) + 1
    if before < 0 and begin == 0:
        assert ids == free
        return
    end = place_of(CLOSING, ids)
    thought = (end if end >= 0 else len(ids)) - begin
    allowed = max(tokens - max(before, 0), 0)
    assert thought <= allowed + (0 if end >= 0 else len(CLOSING))
    assert (
        ids[:begin] + ids[begin : begin + thought][:allowed]
        == free[: begin + min(thought, allowed)]
    )


def test_tokens_of_the_prompt_count() -> None:
    budget = Budget(3, OPENING, CLOSING)
    assert budget.thought([1, 7, 2, 2], begun=True) == 2
    assert budget.thought([1, 7, 2, 2], begun=False) == -1
    assert written(budget, 2, [1, 1, 1, 1, 5]) == [1, 8, 9, 1, 5]
    assert written(budget, -1, [7, 1, 1, 1, 1, 1, 1]) == [7, 1, 1, 1, 8, 9, 1]


def test_a_row_that_ended_within_its_thinking_is_left_alone() -> None:
    assert Budget(1, OPENING, CLOSING).forced(0, [3, 0, 0, 0]) is None
