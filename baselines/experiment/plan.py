"""From an experiment file to its cells, every mistake in it said at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from baselines.experiment.schema import ExperimentFile, to_change
from baselines.grid.cells import Grid, Trial, Wanted, make_cells
from baselines.grid.schema import placed, read_keys, refuse
from submission.files.toml import read_toml


@dataclass(frozen=True)
class Experiment(Grid):
    """A grid of named cells, each of which is one run under its own name."""

    file: ExperimentFile


def read_experiment(path: Path) -> Experiment:
    """The experiment of a file.

    Raises :class:`InputError` for everything wrong in it at once: first keys and types, then
    names and files that it lacks, then recipes that the cells would make.
    """
    refuse(path, to_change(read_toml(path)))
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
            yield f"two cells are called '{name}'"
    for place, cell in enumerate(file.cells):
        if cell.recipe is None and file.recipe is None:
            yield f"'cells.{place}.recipe' is missing: name one there, or 'recipe' for all cells"
    if file.baseline is not None and file.baseline not in names:
        yield f"baseline '{file.baseline}' is none of the cells ({', '.join(names)})"
    if file.template is None and any(cell.submit for cell in file.cells):
        yield "a cell is to be submitted, but 'template' is missing"
