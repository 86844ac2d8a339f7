"""The keys of an experiment file, and what to change in one of the earlier form."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from baselines.grid.schema import GridFile, NonEmpty, Table

CellName = Annotated[str, Field(pattern=r"^[^/\\.\x00][^/\\\x00]*$")]
"""Becomes part of file names."""


class NamedCell(Table):
    """One ``[[cells]]`` table: what its run is called, its recipe, and the fields it sets.

    ``submit`` writes a submission.
    """

    name: CellName
    recipe: NonEmpty | None = None
    set: dict[str, Any] = Field(default={})
    submit: bool = False


class ExperimentFile(GridFile):
    """An experiment file: a grid whose cells are named, not combined.

    ``baseline`` is the name of the cell that the others are tested against, the last by default.
    """

    cells: list[NamedCell] = Field(min_length=1)
    baseline: str | None = None
    template: Path | None = None


def to_change(data: Mapping[str, Any]) -> Iterator[str]:
    """What to change in the tables of a file of the earlier form, key by key."""
    if isinstance(models := data.get("metric_models"), list):
        yield f"'metric_models' is a table now: metric_models = {_inline([*map(_pair, models)])}"
    if "runs" not in data:
        return
    yield "'runs' is called 'cells' now: write [[cells]] for each [[runs]]"
    for place, run in enumerate(data["runs"] if isinstance(data["runs"], list) else []):
        given = run.get("set")
        fields = [_pair(each) for each in given] if isinstance(given, list) else []
        short = {"model": "model.name", "adapter": "model.adapter", "engine": "engine.name"}
        fields += [(field, run[key]) for key, field in short.items() if key in run]
        if fields:
            yield f"'runs.{place}': the fields it sets are a table now: set = {_inline(fields)}"


def _pair(text: object) -> tuple[str, Any]:
    """A field and its value from ``KEY=VALUE``; text may have no quotes."""
    key, _, value = str(text).partition("=")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


def _inline(fields: Sequence[tuple[str, Any]]) -> str:
    """An inline table of TOML."""
    pairs = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields)
    return f"{{ {', '.join(pairs)} }}"
