"""The [training] table: every problem at once, each with its key."""

from __future__ import annotations

import pytest

from submission.errors import InputError
from submission.files.toml import validate
from submission.recipes.schema import Recipe


def problems(**tables: object) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        validate(Recipe, {"name": "x", "model": {"name": "m"}, **tables}, "x.toml")
    return caught.value.problems


def test_unknown_keys_and_wrong_types_and_values_are_reported_together() -> None:
    found = problems(
        sampling={"max_tokens": 0},
        training={"method": "dora", "nope": 1, "batch_size": "many", "lora": {"rank": 0}},
    )
    assert [each.partition(",")[0].partition(" (got")[0] for each in found] == [
        "'sampling.max_tokens': input should be greater than 0",
        "'training.method': input should be 'lora'",
        "'training.lora.rank': input should be greater than 0",
        "'training.batch_size': input should be a valid integer",
        "unknown key 'training.nope'",
    ]


def test_all_combinations_that_cannot_be_are_reported_with_what_is_wrong_elsewhere() -> None:
    found = problems(
        sampling={"max_tokens": 0},
        extraction={"one_line": "perhaps"},
        training={"warmup": 5, "max_steps": 5, "packing": True, "target_length": 8},
    )
    assert [each.partition(":")[0] for each in found] == [
        "'sampling.max_tokens'",
        "'extraction.one_line'",
        "'training.warmup'",
        "'training.packing'",
    ]


@pytest.mark.parametrize(
    ("model", "prompt", "training", "message"),
    [
        (
            {"kind": "causal"},
            {},
            {"source_length": 9},
            "'training.source_length': is only for encoder",
        ),
        ({"kind": "seq2seq"}, {}, {"packing": True}, "'training.packing': is for causal models"),
        ({"kind": "seq2seq"}, {}, {"loss_on": "all"}, "'training.loss_on': an encoder-decoder"),
        ({}, {"chat": True}, {"end_token": "</s>"}, "'training.end_token': is for prompts that"),
        ({}, {}, {"warmup": 2.5}, "'training.warmup': from 1 on it is a number of steps"),
        ({}, {}, {"report_to": ["wandb", "wandb"]}, "'training.report_to': named more than once"),
        (
            {},
            {},
            {"max_steps": 5, "evaluation": {"every_steps": 6}},
            "'training.evaluation.every_steps': is never reached",
        ),
    ],
)
def test_what_cannot_be_together(
    model: dict[str, object],
    prompt: dict[str, object],
    training: dict[str, object],
    message: str,
) -> None:
    (found,) = problems(model={"name": "m", **model}, prompt=prompt, training=training)
    assert found.startswith(message)


def test_what_follows_from_a_wrong_table_is_not_reported_too() -> None:
    (found,) = problems(training={"learning_rate": "x"}, preference={"beta": 0.1})
    assert found.startswith("'training.learning_rate': input should be a valid number")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"training": {"seed": 2**32}}, "'training.seed': input should be less than or equal to"),
        ({"training": {"batch_size": 2**40}}, "'training.batch_size': input should be less than"),
        (
            {"training": {}, "preference": {"beta": float("inf")}},
            "'preference.beta': input should be a finite number",
        ),
    ],
)
def test_values_beyond_what_can_be_computed_are_refused(
    tables: dict[str, object], message: str
) -> None:
    (found,) = problems(**tables)
    assert found.startswith(message)


def test_a_recipe_survives_being_written_as_json() -> None:
    recipe = validate(Recipe, {"name": "x", "training": {"warmup": 0.1}}, "x")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
