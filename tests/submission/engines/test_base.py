"""What every engine keeps to: completions in steps, none of them waited with."""

from __future__ import annotations

import time

import pytest

from baselines.engines.constant import Constant
from submission.competitions import find_competition
from submission.engines.base import MOST_AT_ONCE, EngineContext, TaskData, in_steps
from submission.recipes import Recipe
from tests.requests import ask, flat


def test_what_takes_long_is_given_one_by_one_and_what_takes_nothing_in_large_steps() -> None:
    slow = []
    for some in in_steps(range(48)):
        slow.append(len(some))
        time.sleep(0.02 * len(some))
    assert (sum(slow), max(slow[1:])) == (48, min(max(slow[1:]), 10))

    fast = [len(some) for some in in_steps(range(100_000))]
    assert sum(fast) == 100_000
    assert len(fast) < 40
    assert max(fast) <= MOST_AT_ONCE


def test_in_steps_leaves_nothing_out_and_keeps_the_order() -> None:
    items = list(range(1000))
    assert [item for some in in_steps(items) for item in some] == items
    assert list(in_steps([])) == []


def test_an_engine_without_a_model_answers_every_request_once() -> None:
    recipe = Recipe(name="constant", options={"answer": "같은 답"})
    engine = Constant(EngineContext(recipe, TaskData(find_competition("sample-wallpaper"))))
    requests = [ask(str(number), f"{number}?") for number in range(100)]

    done = flat(engine.complete(requests))

    assert [each.key for each in done] == [request.key for request in requests]
    assert {each.text for each in done} == {"같은 답"}


def test_an_engine_without_a_model_needs_the_task_to_answer_from() -> None:
    with pytest.raises(ValueError, match="competition's data"):
        Constant(EngineContext(Recipe(name="constant")))
