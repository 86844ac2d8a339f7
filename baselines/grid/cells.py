"""A grid's cells: recipes under labels, and the runs that answer with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.grid.overrides import beside, overrides
from baselines.grid.schema import GridFile, VariedFile, placed
from submission.errors import InputError, LeaderkitError
from submission.recipes import Recipe, find_recipe


@dataclass(frozen=True)
class Cell:
    """One recipe of a grid; ``labels`` are its levels on the axes, or its name."""

    labels: tuple[str, ...]
    recipe: Recipe


@dataclass(frozen=True)
class Trial:
    """One run of a cell; ``seed`` is None where decoding is greedy and needs none."""

    cell: Cell
    seed: int | None
    run: str
    recipe: Recipe


@dataclass(frozen=True)
class Grid:
    """Cells over one test file, in the file's order, and which of them is the baseline.

    Paths of ``file`` are as seen from here.
    """

    file: GridFile
    axes: tuple[str, ...]
    cells: tuple[Cell, ...]
    baseline: Cell
    trials: tuple[Trial, ...]
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a cell is made of: a recipe's name, and tables of fields of which later ones win."""

    labels: tuple[str, ...]
    recipe: str
    tables: Sequence[Mapping[str, Any]]


def make_cells(wanted: Iterable[Wanted], base: Path) -> tuple[list[Cell], list[str]]:
    """Every cell with its recipe, and what is wrong with those that make none, each thing once.

    Recipes and folders are found from ``base``.
    """
    made = []
    wrong: dict[str, list[str]] = {}
    for each in wanted:
        name, colon, variant = each.recipe.partition(":")
        given = [field for table in each.tables for field in overrides(table, base)]
        try:
            recipe = find_recipe(f"{beside(name, base)}{colon}{variant}", given)
        except LeaderkitError as error:
            problems = error.problems if isinstance(error, InputError) else (str(error),)
            for problem in problems:
                wrong.setdefault(problem, []).append(",".join(each.labels))
        else:
            made.append(Cell(each.labels, recipe))
    return made, [f"{_cells(names)}: {problem}" for problem, names in wrong.items()]


def make_grid(
    file: VariedFile, base: Path, name: str, cells: Sequence[Cell], baseline: Cell
) -> Grid:
    """The grid of ``cells``, whose runs are called after it; ``file`` stands in ``base``."""
    return Grid(
        file=placed(file, base),
        axes=tuple(file.axes),
        cells=tuple(cells),
        baseline=baseline,
        trials=tuple(trial for cell in cells for trial in _trials(name, cell, file.seeds)),
        seeds=tuple(file.seeds),
    )


def _cells(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"cell '{names[0]}'"
    return f"cells '{names[0]}' and {len(names) - 1} more"


def _trials(name: str, cell: Cell, seeds: Sequence[int]) -> Iterator[Trial]:
    """The runs of a cell: one per seed, or one where it is greedy."""
    run = f"{name}/{','.join(cell.labels)}"
    sampling = cell.recipe.sampling
    if sampling.greedy:
        yield Trial(cell, None, run, cell.recipe)
        return
    for seed in seeds:
        seeded = {"sampling": sampling.model_copy(update={"seed": seed})}
        yield Trial(cell, seed, f"{run}@{seed}", cell.recipe.model_copy(update=seeded))
