"""Row keys and seeds, by which answers of earlier runs are found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import ClassVar

import pytest

from submission.generation.plan import plan_prompts
from submission.generation.shown import Sources
from submission.prompts.choices import Choices
from submission.prompts.user_turn import Shot
from submission.recipes import Recipe, Sampling
from submission.records.rows import Question


class Numbered:
    """An engine whose prompt is given by the question's words."""

    identity: ClassVar = {"engine": "none", "weights": "0"}

    def prompt(self, question: Question, text: str) -> tuple[int, ...]:
        return tuple(map(int, text.split()))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Choosing(Numbered):
    """The same, with the same choices for every question."""

    def choices(self, *_: object) -> tuple[tuple[int, ...], Choices]:
        return (9,), Choices(("A", "나"), (" A", " 나"), ((1,), (2, 3)), lengths=(1, 1))


def test_keys_of_choices_name_all_that_they_depend_on() -> None:
    recipe = Recipe.model_validate({"name": "test", "model": {"name": "m"}, "choice": {}})
    plan = plan_prompts(recipe, Choosing(), [Question("1", "5 6", "", {})])  # type: ignore[arg-type]
    dumped = recipe.sampling.model_dump(
        exclude={"samples", "seed", "temperature", "top_p", "top_k"}
    )
    choices = (
        '{"generated": false, "labels": ["A", "나"], "lengths": [1, 1], "texts": [" A", " 나"],'
        ' "tokens": [[1], [2, 3]], "unconditional": []}'
    )
    settings = json.dumps(dumped, sort_keys=True)
    identity = '{"engine": "none", "weights": "0"}'
    assert [*plan.requests] == [sha256(f"{identity}\n{settings}\n0\n5 6 9\n{choices}")]


class Showing(Choosing):
    """Four tokens for each example, in a context of thirteen."""

    def context_length(self) -> int:
        return 13

    def prompt(self, question: Question, text: str) -> tuple[int, ...]:
        return (*[4] * 4 * len(question.shots), *super().prompt(question, text))


class TwoShots:
    """Shows the same two examples, and the last ones of them."""

    def choose(self, asked: Sequence[object]) -> list[tuple[Shot, ...]]:
        return [(Shot("가", "1", "", {}), Shot("나", "2", "", {}))] * len(asked)

    def fewer(self, shots: tuple[Shot, ...]) -> tuple[Shot, ...]:
        return shots[1:]


@pytest.mark.parametrize(("method", "left_out"), [("labels", {}), (None, {1: 1})])
def test_examples_make_room_for_the_answer_that_a_choice_reads(
    method: str | None, left_out: dict[int, int]
) -> None:
    choice = None if method is None else {"method": method}
    sampling = {"max_tokens": 6}
    recipe = Recipe.model_validate(
        {"name": "test", "model": {"name": "m"}, "choice": choice, "sampling": sampling}
    )
    question = Question("1", "5 6", "", {})
    plan = plan_prompts(recipe, Showing(), [question], Sources(TwoShots()))  # type: ignore[arg-type]
    assert dict(plan.shots_left_out) == left_out


@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("tokens", [[5], [7, 0, 7, 151643], [*range(300)]])
def test_keys_and_seeds_are_the_digests_that_ledgers_hold(
    tokens: list[int], temperature: float
) -> None:
    sampling = Sampling(temperature=temperature, seed=3)
    recipe = Recipe(name="test", sampling=sampling)
    question = Question("1", " ".join(map(str, tokens)), "", {})
    plan = plan_prompts(recipe, Numbered(), [question])  # type: ignore[arg-type]
    without = {"samples", "seed"}
    without |= set() if temperature else {"temperature", "top_p", "top_k"}
    seed = 0
    if temperature:
        seed = int(sha256("".join(f"{each}\n" for each in (3, 0, *tokens)))[:8], 16)
    settings = json.dumps(sampling.model_dump(exclude=without), sort_keys=True)
    identity = '{"engine": "none", "weights": "0"}'
    key = sha256(f"{identity}\n{settings}\n{seed}\n{question.text}\n")
    assert {each.key: each.seed for each in plan.requests.values()} == {key: seed}
