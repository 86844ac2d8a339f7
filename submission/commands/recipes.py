"""``leaderkit recipes``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.recipes.find import RecipeEntry


@click.command()
@click.argument("name", type=options.NAME, required=False)
@options.overrides()
@options.as_json()
def command(name: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """List the recipes and their variants, or show the one called NAME in full.

    NAME is a recipe, NAME:VARIANT, an alias or a TOML file. The output is itself a recipe file,
    with every default written out: save it, change it, and give its path instead of a name.
    """
    from submission.recipes import find_recipe, list_recipes

    if name is None:
        if overrides:
            raise click.UsageError("--set changes one recipe: give its NAME.")
        entries = list_recipes()
        if as_json:
            print_json([asdict(entry) for entry in entries])
        else:
            _print(entries)
        return
    recipe = find_recipe(name, overrides)
    if as_json:
        print_json(recipe.model_dump(mode="json"))
    else:
        tell("\n".join(_toml(recipe.model_dump(mode="json"))))


def _print(entries: list[RecipeEntry]) -> None:
    print_table(
        ["Recipe", "Engine", "Model", "Trains", "About"],
        [
            (
                "\n".join([entry.name, *(f"= {alias}" for alias in entry.aliases)]),
                entry.engine,
                entry.model or "",
                "yes" if entry.training else "",
                entry.about,
            )
            for entry in entries
        ],
    )


def _toml(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The lines of a TOML document; plain keys of a table come before its sub-tables."""
    nested = {key: value for key, value in table.items() if isinstance(value, dict)}
    plain = {key: value for key, value in table.items() if key not in nested and value is not None}
    if path and (plain or not nested):
        yield f"\n[{path}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in nested.items():
        if value:
            yield from _toml(value, f"{path}.{_key(key)}".lstrip("."))


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else _value(key)


def _value(value: object) -> str:
    # TOML's strings, numbers, truth values and arrays are JSON's, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
