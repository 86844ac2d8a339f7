"""Recipes by name, by path, with variants and overrides."""

from __future__ import annotations

from pathlib import Path

import pytest

from submission.errors import InputError
from submission.recipes import find_recipe, list_recipes, model_overrides

FILE = """\
name = "mine"
about = "내 것"
aliases = ["other"]

[model]
name = "base"

[sampling]
max_tokens = 100
temperature = 0.7

[extraction]
cut = ["</s>"]

[variants.short.sampling]
max_tokens = 8

[variants.trained]
about = "학습"
model = { adapter = "adapter" }
training = { epochs = 3 }
"""


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_every_shipped_recipe_and_variant_is_found_under_its_name() -> None:
    entries = list_recipes()
    assert {"constant", "medoid", "nearest"} <= {entry.name for entry in entries}
    for entry in entries:
        found = find_recipe(entry.name)
        assert found.name == entry.name
        assert found.engine.name == entry.engine
        assert (found.training is not None) == entry.training
        assert all(find_recipe(alias) == found for alias in entry.aliases)


def test_a_file_is_a_recipe(recipe: str) -> None:
    found = find_recipe(recipe)
    assert (found.name, found.model.name, found.sampling.max_tokens) == ("mine", "base", 100)
    assert found.training is None


def test_a_variant_overlays_only_what_it_names(recipe: str) -> None:
    short = find_recipe(f"{recipe}:short")
    assert short.name == "mine:short"
    assert (short.sampling.max_tokens, short.sampling.temperature) == (8, 0.7)
    trained = find_recipe(f"{recipe}:trained")
    assert (trained.model.name, trained.model.adapter) == ("base", "adapter")
    assert trained.training.epochs == 3


def test_an_extraction_after_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"extraction\.after"):
        find_recipe("embedded", ["extraction.after="])


def test_overrides_come_after_the_variant_and_in_order(recipe: str) -> None:
    overrides = ["sampling.max_tokens=9", "sampling.max_tokens=10", "about=짧게"]
    found = find_recipe(f"{recipe}:short", overrides)
    assert (found.sampling.max_tokens, found.about) == (10, "짧게")


@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ("sampling.temperature=0.2", "sampling.temperature", 0.2),
        ("sampling.stop=['가', 'b']", "sampling.stop", ["가", "b"]),
        ("prompt.chat=true", "prompt.chat", True),
        ("prompt.system=Answer in one line", "prompt.system", "Answer in one line"),
        ("prompt.system=a=b", "prompt.system", "a=b"),
        ('prompt.system="3"', "prompt.system", "3"),
        (" sampling.seed =4", "sampling.seed", 4),
        ("prompt.compound={mode='split', joiner='/'}", "prompt.compound.joiner", "/"),
        ("model.name=a/b", "model.name", "a/b"),
        ("answer=네, 그렇습니다.", "options", {"answer": "네, 그렇습니다."}),
        ("options.k=3", "options", {"k": "3"}),
    ],
)
def test_an_override_is_toml_where_it_can_be_and_text_else(
    recipe: str, override: str, path: str, expected: object
) -> None:
    value: object = find_recipe(recipe, [override])
    for part in path.split("."):
        value = getattr(value, part)
    assert value == expected


def test_a_text_that_is_no_toml_at_all_stays_text(recipe: str) -> None:
    deep = "[" * 5000
    assert find_recipe(recipe, [f"prompt.system={deep}"]).prompt.system == deep


def test_the_short_options_are_overrides() -> None:
    given = model_overrides("모델", None, "vllm", 3)
    assert given == ['model.name="모델"', 'engine.name="vllm"', "sampling.samples=3"]
    assert model_overrides(None, None, None, None) == []


def test_a_path_with_a_colon_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a:b.toml"
    path.write_text('name = "colon"\n', encoding="utf-8")
    assert find_recipe(str(path)).name == "colon"


@pytest.mark.parametrize(
    ("settings", "greedy"),
    [({}, True), ({"temperature": 0.9}, False), ({"temperature": 0.9, "top_k": 1}, True)],
)
def test_greedy_is_temperature_0_or_top_k_1(recipe: str, settings: dict, greedy: bool) -> None:
    # The season-2 baseline generates with temperature 0.9 and top_k 1.
    overrides = [f"sampling.{key}={value}" for key, value in {"temperature": 0, **settings}.items()]
    assert find_recipe(recipe, overrides).sampling.greedy is greedy


def test_an_unknown_variant_names_those_there_are(recipe: str) -> None:
    with pytest.raises(InputError, match="no variant 'long': it has short, trained"):
        find_recipe(f"{recipe}:long")


def test_the_old_name_of_the_table_of_degenerate_answers_says_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text('name = "old"\n[quarantine]\nlanguage = "any"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"old\.toml: .*\[quarantine\] is called \[degenerate\]"):
        find_recipe(str(path))


def test_a_prompt_that_was_never_answered_cannot_be_ignored(recipe: str) -> None:
    with pytest.raises(InputError, match="'too_long' cannot be ignored"):
        find_recipe(recipe, ['degenerate.ignore=["too_long"]'])
