"""From an experiment file to its cells, every mistake in it said at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from baselines.grid.cells import Grid, Trial, Wanted, make_cells
from baselines.grid.schema import GridFile, NonEmpty, Table, placed, read_keys, refuse
from submission.errors import nearest
from submission.files.toml import read_toml
from submission.recipes.find import literal

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


@dataclass(frozen=True)
class Experiment(Grid):
    """A grid of named cells, each of which is one run under its own name."""

    file: ExperimentFile


def read_experiment(path: Path) -> Experiment:
    """The experiment of a file.

    Raises :class:`InputError` for everything wrong in it at once: first keys and types, then
    names and files that it lacks, then recipes that the cells would make.
    """
    refuse(path, _earlier_keys(read_toml(path)))
    return plan_experiment(read_keys(ExperimentFile, path), path)


def plan_experiment(file: ExperimentFile, path: Path) -> Experiment:
    """The experiment of ``file``, which stands at ``path``; raises what reading it raises."""
    refuse(path, _mistakes(file))
    wanted = [
        Wanted((cell.name,), cell.recipe or file.recipe or "", (file.set, cell.set))
        for cell in file.cells
    ]
    cells, wrong = make_cells(wanted, path.parent)
    refuse(path, wrong)
    by_name = {cell.labels[0]: cell for cell in cells}
    return Experiment(
        file=placed(file, path.parent),
        axes=("cell",),
        cells=tuple(cells),
        baseline=by_name[file.baseline or file.cells[-1].name],
        trials=tuple(Trial(cell, None, name, cell.recipe) for name, cell in by_name.items()),
    )


def _mistakes(file: ExperimentFile) -> Iterator[str]:
    names = Counter(cell.name for cell in file.cells)
    for name, count in names.items():
        if count > 1:
            yield f"two cells are named '{name}'"
    for place, cell in enumerate(file.cells):
        if cell.recipe is None and file.recipe is None:
            yield f"'cells.{place}.recipe' is missing: name one there, or 'recipe' for all cells"
    if file.baseline is not None and file.baseline not in names:
        there = nearest(names, file.baseline)
        yield f"baseline '{file.baseline}' is not one of the cells ({there})"
    if file.template is None and any(cell.submit for cell in file.cells):
        yield "a cell is to be submitted, but 'template' is missing"


def _earlier_keys(data: Mapping[str, Any]) -> Iterator[str]:
    """What to write in place of the keys that experiment files had before."""
    if isinstance(models := data.get("metric_models"), list):
        yield from _as_table("metric_models", models)
    if isinstance(runs := data.get("runs"), list):
        yield "'runs' is called 'cells' now: write [[cells]] for each [[runs]]"
        for place, run in enumerate(runs):
            if isinstance(run, dict):
                yield from _earlier_fields(f"runs.{place}", run)


def _earlier_fields(place: str, run: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(given := run.get("set"), list):
        yield from _as_table(f"{place}.set", given)
    for key in ("model", "adapter", "engine"):
        if key in run:
            field = "model.adapter" if key == "adapter" else f"{key}.name"
            value = json.dumps(run[key], ensure_ascii=False, default=str)
            yield f"'{place}.{key}' is part of 'set' now: {field} = {value}"


def _as_table(place: str, given: Sequence[Any]) -> Iterator[str]:
    """The table to write in place of a list of ``KEY=VALUE``, and the entries that are none."""
    pairs = []
    for each in given:
        field, equals, text = str(each).partition("=")
        if not equals or not field.strip():
            yield f"'{place}' has '{each}', which is not KEY=VALUE"
            continue
        value = literal(text)
        toml = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else text.strip()
        pairs.append(f"{field.strip()} = {toml}")
    table = f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    yield f"'{place}' is a table now: {place.rpartition('.')[2]} = {table}"
