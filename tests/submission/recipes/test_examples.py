"""Where the file of a recipe's examples is looked for."""

from __future__ import annotations

from pathlib import Path

from submission.recipes import Recipe, find_recipe

RECIPE = """\
name = "mine"
[prompt.examples]
count = 2
file = "train.csv"
[variants.other.prompt.examples]
file = "other.csv"
"""


def file_of(recipe: Recipe) -> str | None:
    return recipe.prompt.examples.file if recipe.prompt.examples else None


def test_a_file_of_examples_is_relative_to_the_recipe_or_with_set_to_the_folder(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(RECIPE, "utf-8")
    assert file_of(find_recipe(str(path))) == str(tmp_path / "train.csv")
    assert file_of(find_recipe(f"{path}:other")) == str(tmp_path / "other.csv")
    assert file_of(find_recipe(str(path), ["prompt.examples.file=b.csv"])) == "b.csv"
    absolute = str(tmp_path / "c.csv")
    assert file_of(find_recipe(str(path), [f"prompt.examples.file={absolute}"])) == absolute
