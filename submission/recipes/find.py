"""From ``NAME``, ``NAME:VARIANT`` or a path to a validated recipe."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from submission.errors import InputError
from submission.files.named import named
from submission.files.toml import read_toml, validate
from submission.recipes.schema import Recipe

ENTRY_POINTS = "leaderkit.recipes"


@dataclass(frozen=True)
class RecipeEntry:
    """One line of ``leaderkit recipes``: a recipe, or one of its variants."""

    name: str
    about: str
    aliases: tuple[str, ...]
    engine: str
    model: str | None
    training: bool


def find_recipe(spec: str, overrides: Iterable[str] = ()) -> Recipe:
    """The recipe called ``spec``, with ``KEY=VALUE`` overrides applied in order.

    ``spec`` is a shipped name, an alias (which a variant can have too), a path to a TOML file,
    and after a colon the name of one of the file's variants. Raises :class:`InputError` for an
    unknown name or variant, and for every wrong key or value at once.
    """
    spec = _variant_aliases().get(spec, spec)
    base, _, variant = (spec, "", "") if named(spec).is_file() else spec.partition(":")
    path = _path(base)
    data = read_toml(path)
    data.pop("aliases", None)
    variants = _variants(path, data.pop("variants", {}))
    if variant:
        data = _merge(data, _variant(base, variant, variants))
        data.pop("aliases", None)
        data["name"] = f"{data.get('name', base)}:{variant}"
    for override in overrides:
        data = _merge(data, _override(override))
    return validate(Recipe, data, str(path) if base != spec or base.endswith(".toml") else spec)


def model_overrides(
    model: str | None, adapter: str | None, engine: str | None, samples: int | None
) -> list[str]:
    """What ``--model``, ``--adapter``, ``--engine`` and ``--samples`` mean as ``KEY=VALUE``."""
    given = {
        "model.name": model,
        "model.adapter": adapter,
        "engine.name": engine,
        "sampling.samples": samples,
    }
    return [
        f"{key}={json.dumps(value, ensure_ascii=False)}"
        for key, value in given.items()
        if value is not None
    ]


def list_recipes() -> list[RecipeEntry]:
    """Every shipped or installed recipe and variant, in order of name."""
    entries = []
    for path in _installed().values():
        data = read_toml(path)
        aliases = tuple(data.pop("aliases", ()))
        variants = data.pop("variants", {})
        name = data["name"]
        entries.append(_entry(name, aliases, validate(Recipe, data, str(path))))
        entries.extend(
            _entry(
                f"{name}:{variant}",
                tuple(over.get("aliases", ())),
                find_recipe(f"{name}:{variant}"),
            )
            for variant, over in variants.items()
        )
    return sorted(entries, key=lambda entry: entry.name)


def _entry(name: str, aliases: tuple[str, ...], recipe: Recipe) -> RecipeEntry:
    return RecipeEntry(
        name=name,
        about=recipe.about,
        aliases=aliases,
        engine=recipe.engine.name,
        model=recipe.model.name if recipe.model else None,
        training=recipe.training is not None,
    )


@cache
def _installed() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for point in entry_points(group=ENTRY_POINTS):
        folder = Path(str(resources.files(point.value)))
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


@cache
def _aliases() -> dict[str, Path]:
    return {
        alias: path
        for path in _installed().values()
        for alias in read_toml(path).get("aliases", ())
    }


@cache
def _variant_aliases() -> dict[str, str]:
    return {
        alias: f"{name}:{variant}"
        for name, path in _installed().items()
        for variant, over in _variants(path, read_toml(path).get("variants", {})).items()
        for alias in over.get("aliases", ())
    }


def _path(base: str) -> Path:
    if base.endswith(".toml") or "/" in base:
        return named(base)
    names = _installed()
    if base in names:
        return names[base]
    aliases = _aliases()
    if base in aliases:
        return aliases[base]
    known = sorted([*names, *aliases, *_variant_aliases()])
    close = difflib.get_close_matches(base, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise InputError(f"No recipe '{base}'.{hint} Known: {', '.join(known)}; or give a TOML file.")


def _variants(path: Path, declared: Any) -> Mapping[str, Any]:
    if isinstance(declared, dict) and all(isinstance(each, dict) for each in declared.values()):
        return declared
    raise InputError(f"{path}: 'variants' holds tables, one per variant: [variants.NAME].")


def _variant(base: str, name: str, variants: Mapping[str, Any]) -> dict[str, Any]:
    if name in variants:
        return dict(variants[name])
    known = f"it has {', '.join(sorted(variants))}" if variants else "it has none"
    raise InputError(f"Recipe '{base}' has no variant '{name}': {known}.")


def _override(text: str) -> dict[str, Any]:
    key, separator, value = text.partition("=")
    key = key.strip()
    if not separator or not key or not all(key.split(".")):
        raise InputError(f"--set '{text}': write it as key=value, such as sampling.max_tokens=64.")
    if "." not in key and key not in Recipe.model_fields:
        key = f"options.{key}"
    nested: Any = literal(value) if not key.startswith("options.") else value
    for part in reversed(key.split(".")):
        nested = {part: nested}
    return dict(nested)


def literal(text: str) -> Any:
    """``text`` as a TOML value where it is one, else as a plain string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged
