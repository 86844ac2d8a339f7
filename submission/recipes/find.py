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

from submission.errors import InputError, nearest
from submission.files.named import beside, named, named_text
from submission.files.toml import read_toml, validate
from submission.recipes.schema import Recipe
from submission.recipes.structure import with_schema

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
    data = _with_files(data, path.parent)
    if variant:
        data = _merge(data, _with_files(_variant(base, variant, variants), path.parent))
        data.pop("aliases", None)
        data["name"] = f"{data.get('name', base)}:{variant}"
    for override in overrides:
        data = _merge(data, _with_files(_override(override), Path()))
    return validate(Recipe, data, str(path) if base != spec or base.endswith(".toml") else spec)


def model_overrides(
    model: str | None,
    adapter: str | None,
    engine: str | None,
    samples: int | None,
    workers: int | None = None,
) -> list[str]:
    """What ``--model``, ``--adapter``, ``--engine``, ``--samples``, ``--workers`` mean."""
    given = {
        "model.name": model,
        "model.adapter": adapter,
        "engine.name": engine,
        "sampling.samples": samples,
        "engine.workers": workers,
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
        entries.append(_entry(name, aliases, find_recipe(name)))
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
    raise InputError(
        f"No recipe '{base}'.{hint} Known: {nearest(known, base)}; or give a TOML file."
    )


def _variants(path: Path, declared: Any) -> Mapping[str, Any]:
    if isinstance(declared, dict) and all(isinstance(each, dict) for each in declared.values()):
        return declared
    raise InputError(f"{path}: 'variants' holds tables, one per variant: [variants.NAME].")


def _variant(base: str, name: str, variants: Mapping[str, Any]) -> dict[str, Any]:
    if name in variants:
        return dict(variants[name])
    known = f"it has {nearest(sorted(variants), name)}" if variants else "it has none"
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


def _with_files(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``data`` with the files that it names found from ``folder``, or read from there."""
    data = _with_retrieval(_with_examples(data, folder), folder)
    return with_schema(_with_template(data, folder), folder)


def _with_examples(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    prompt = data.get("prompt")
    examples = prompt.get("examples") if isinstance(prompt, dict) else None
    given = examples.get("file") if isinstance(examples, dict) else None
    if not isinstance(given, str) or not given:
        return data
    return _merge(data, {"prompt": {"examples": {"file": str(beside(folder, given))}}})


def _with_retrieval(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``data`` with its index, unless that is a URL, and its scorer found from ``folder``."""
    retrieval = data.get("retrieval")
    if not isinstance(retrieval, dict):
        return data
    found: dict[str, Any] = {}
    index, docquest = retrieval.get("index"), retrieval.get("docquest")
    if isinstance(index, str) and index and "://" not in index:
        found["index"] = str(beside(folder, index))
    scorer = docquest.get("scorer") if isinstance(docquest, dict) else None
    if isinstance(scorer, str) and scorer:
        found["docquest"] = {"scorer": str(beside(folder, scorer))}
    return _merge(data, {"retrieval": found})


def _with_template(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``data`` with a chat template in place of the path, from ``folder``, of the file with it."""
    prompt = data.get("prompt")
    given = prompt.get("chat_template") if isinstance(prompt, dict) else None
    # What no name of a file has and every template does: as vLLM tells the two apart.
    if not isinstance(given, str) or any(sign in given for sign in "{}\n"):
        return data
    try:
        template = named_text(beside(folder, given))
    except InputError as error:
        raise InputError(f"prompt.chat_template: {error}") from None
    return _merge(data, {"prompt": {"chat_template": template}})


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged
