"""The combinations of levels that a grid's axes make, every mistake in them said at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

from baselines.grid.cells import Cell, Wanted, make_cells
from baselines.grid.overrides import flat
from baselines.grid.records import FIXED_COLUMNS
from baselines.grid.schema import VariedFile
from evaluators import EvaluationError, parse_spec
from submission.errors import nearest

LONGEST_LABEL = 60
SEED = "sampling.seed"
MOST_CELLS = 10_000
"""More would take longer than anyone waits, and the list of them all the memory there is."""


def combine(file: VariedFile, base: Path) -> tuple[list[Cell], list[str]]:
    """The cells of ``file``, which stands in ``base``, and what is wrong with it.

    The recipes of the cells are looked at where all names in the file lead somewhere.
    """
    wrong = mistakes(file)
    if wrong:
        return [], wrong
    cells = _combinations(file)
    if not cells:
        return [], ["'exclude' leaves no cell"]
    return make_cells([_wanted(file, cell) for cell in cells], base)


def baseline_of(file: VariedFile) -> tuple[str, ...]:
    """The labels of the cell that differences are against."""
    return tuple(file.baseline.get(axis, levels[0].label) for axis, levels in file.axes.items())


def mistakes(file: VariedFile) -> list[str]:
    """What pydantic cannot see: names that lead nowhere, and such."""
    count = math.prod(map(len, file.axes.values()))
    if not file.cells and count > MOST_CELLS:
        return [f"'axes' make {count:,} cells, and a grid has at most {MOST_CELLS:,}; list 'cells'"]
    found = [*_wrong_axes(file), *_wrong_cells(file), *_wrong_rules(file)]
    found += _unknown(file, "baseline", file.baseline)
    if len(set(file.seeds)) != len(file.seeds):
        found.append("'seeds': a seed is given twice")
    tables = [file.set, *(level.set for levels in file.axes.values() for level in levels)]
    if any(key == SEED for table in tables for key, _ in flat(table)):
        found.append(f"{SEED} is set by 'seeds'; remove it")
    if len(set(file.metrics)) != len(file.metrics):
        found.append("'metrics': a metric is given twice")
    for metric in file.metrics:
        try:
            parse_spec(metric)
        except EvaluationError as error:
            found.append(f"'metrics': {error}")
    return found


def _wrong_axes(file: VariedFile) -> Iterable[str]:
    for axis, levels in file.axes.items():
        if axis in (*FIXED_COLUMNS, *file.metrics) or not axis.isprintable() or not axis.strip():
            yield f"'axes': an axis cannot be called '{axis}', choose another name"
        labels = [level.label for level in levels]
        for label in dict.fromkeys(labels):
            place = f"'axes.{axis}': label '{label[:LONGEST_LABEL]}'"
            if labels.count(label) > 1:
                yield f"{place} is given twice"
            if len(label) > LONGEST_LABEL:
                yield f"{place}… is too long, write {{ label = …, set = … }}"
            elif "," in label or not label.isprintable() or label != label.strip():
                yield f"{place} must not have a comma, a line break or spaces at its ends"


def _wrong_cells(file: VariedFile) -> Iterable[str]:
    if file.cells and file.exclude:
        yield "'exclude' cannot be combined with 'cells'; remove those cells from 'cells' instead"
    for number, cell in enumerate(file.cells):
        yield from _unknown(file, f"cells.{number}", cell)
        for axis in file.axes:
            if axis not in cell:
                yield f"'cells.{number}' names no level of '{axis}'"
        if cell in file.cells[:number]:
            yield f"'cells.{number}' is the same as an earlier one"


def _wrong_rules(file: VariedFile) -> Iterable[str]:
    for number, rule in enumerate(file.exclude):
        unknown = _unknown(file, f"exclude.{number}", rule)
        yield from unknown
        if not rule:
            yield f"'exclude.{number}' is empty and would exclude everything"
        elif not unknown and not any(_matches(rule, cell) for cell in _product(file)):
            yield f"'exclude.{number}' matches no cell"


def _unknown(file: VariedFile, where: str, named: Mapping[str, str | list[str]]) -> list[str]:
    found = []
    for axis, labels in named.items():
        if axis not in file.axes:
            found.append(f"'{where}': no axis '{axis}', there are {nearest(file.axes, axis)}")
            continue
        known = [level.label for level in file.axes[axis]]
        found += [
            f"'{where}': axis '{axis}' has no level '{label}', it has {nearest(known, label)}"
            for label in ([labels] if isinstance(labels, str) else labels)
            if label not in known
        ]
    return found


def _combinations(file: VariedFile) -> list[dict[str, str]]:
    return file.cells or [
        cell for cell in _product(file) if not any(_matches(rule, cell) for rule in file.exclude)
    ]


def _product(file: VariedFile) -> list[dict[str, str]]:
    labels = [[level.label for level in levels] for levels in file.axes.values()]
    return [dict(zip(file.axes, each, strict=True)) for each in product(*labels)]


def _matches(rule: Mapping[str, str | list[str]], cell: Mapping[str, str]) -> bool:
    return all(
        cell[axis] in ([labels] if isinstance(labels, str) else labels)
        for axis, labels in rule.items()
    )


def _wanted(file: VariedFile, cell: Mapping[str, str]) -> Wanted:
    recipe, tables = file.recipe, [file.set]
    for axis, levels in file.axes.items():
        recipe = recipe.replace(f"{{{axis}}}", cell[axis])
        tables += [level.set for level in levels if level.label == cell[axis]]
    return Wanted(tuple(cell[axis] for axis in file.axes), recipe, tables)
