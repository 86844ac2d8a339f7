from __future__ import annotations

from typing import Any

import pytest

from submission.errors import InputError
from submission.recipes import Recipe, find_recipe

BASE: dict[str, Any] = {"name": "x", "model": {"name": "m"}, "choice": {}}


def problems(**changes: Any) -> str:
    try:
        Recipe.model_validate(BASE | changes)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("changes", "where", "why"),
    [
        ({"model": None}, "choice", "needs a [model]"),
        ({"model": {"name": "m", "kind": "seq2seq"}}, "choice", "is for causal models"),
        ({"sampling": {"beams": 4}}, "sampling.beams", "no effect on a choice"),
        (
            {"sampling": {"samples": 5, "temperature": 1.0}},
            "sampling.samples",
            "is always the same",
        ),
        ({"sampling": {"temperature": 1.0}}, "sampling.temperature", "draws nothing"),
        ({"prompt": {"compound": {"mode": "split"}}}, "prompt.compound.mode", "as a whole"),
        ({"extraction": {"after": "정답:"}}, "extraction.after", "follows no mark"),
        ({"extraction": {"json": "answer"}}, "extraction", "the answer is a label"),
        ({"thinking": {}}, "choice", "leaves no room to think"),
        (
            {"sampling": {"structure": {"choice": ["가", "나"]}}},
            "sampling.structure",
            "bind the answer already",
        ),
        ({"choice": {"options": ["가"]}}, "choice.options", "two or more"),
        ({"choice": {"labels": ["가", "가"]}}, "choice.labels", "holds one twice"),
        ({"choice": {"options": ["가", "가 "]}}, "choice.options", "holds one twice"),
        ({"choice": {"labels": ["가", " 나"]}}, "choice.labels", "white space around it"),
        ({"choice": {"options": ["가", "나"], "labels": ["1", "2", "3"]}}, "choice.labels", "3"),
        ({"choice": {"normalize": "byte"}}, "choice.normalize", "is for method 'options'"),
        (
            {"choice": {"method": "options", "unconditional": "A:"}},
            "choice.unconditional",
            "is for normalize 'pmi'",
        ),
    ],
)
def test_what_cannot_go_together_is_said_with_its_key(
    changes: dict[str, Any], where: str, why: str
) -> None:
    told = problems(**changes)
    assert where in told
    assert why in told


def test_what_can_go_together_is_taken() -> None:
    drawn = {"temperature": 1.0, "samples": 5}
    assert not problems(choice={"method": "constrained"}, sampling=drawn)
    assert not problems(choice={"others": "generate"}, sampling={"temperature": 1.0})
    assert not problems(choice={"method": "options", "normalize": "pmi", "unconditional": "A:"})


def test_a_recipe_without_a_choice_is_written_as_before() -> None:
    recipe = Recipe.model_validate({"name": "x"})
    assert "choice" not in recipe.model_dump()
    assert "choice" not in recipe.model_dump_json()


@pytest.mark.parametrize("name", ["fsku-choice", "fsku-choice:texts", "fsku-choice:constrained"])
def test_the_shipped_recipe_answers_questions_of_both_kinds(name: str) -> None:
    choice = find_recipe(name).choice
    assert choice is not None
    assert choice.others == "generate"


def test_a_misspelled_method_is_refused() -> None:
    with pytest.raises(InputError, match=r"choice\.method"):
        find_recipe("fsku-choice", ["choice.method=label"])
