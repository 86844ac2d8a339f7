"""From a grid file to the cells it asks for, every mistake in it said at once."""

from __future__ import annotations

from pathlib import Path

from baselines.grid.axes import baseline_of, combine
from baselines.grid.cells import Grid, make_grid
from baselines.grid.schema import VariedFile, read_keys, refuse
from submission.errors import InputError


def read_grid(path: Path) -> Grid:
    """The grid of a file.

    Raises :class:`InputError` for everything wrong in it at once: first keys and types, then what
    names something that is not there, then recipes that the cells would make.
    """
    file = read_keys(VariedFile, path)
    cells, wrong = combine(file, path.parent)
    refuse(path, wrong)
    baseline = next((cell for cell in cells if cell.labels == baseline_of(file)), None)
    if baseline is None:
        wanted = ", ".join(baseline_of(file))
        raise InputError(f"{path}: the baseline ({wanted}) is none of the cells. Set 'baseline'.")
    return make_grid(file, path.parent, file.name or path.stem, cells, baseline)
