"""From a grid file to the cells it asks for, every mistake in it said at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from baselines.ablation.columns import FIXED_COLUMNS
from baselines.grid.overrides import beside, flat, overrides
from baselines.grid.schema import GridFile
from evaluators import EvaluationError, parse_spec
from submission.errors import InputError, LeaderkitError
from submission.files.toml import read_toml, validate
from submission.recipes import Recipe, find_recipe

LONGEST_LABEL = 60
SEED = "sampling.seed"


@dataclass(frozen=True)
class Cell:
    """One combination of levels, and the recipe it makes."""

    labels: tuple[str, ...]
    recipe: Recipe


@dataclass(frozen=True)
class Trial:
    """One run of a cell; ``seed`` is None where decoding is greedy and has no use for one."""

    cell: Cell
    seed: int | None
    run: str
    recipe: Recipe


@dataclass(frozen=True)
class Grid:
    """The experiment: its file, the names of its axes, its cells, and which is the baseline."""

    file: GridFile
    axes: tuple[str, ...]
    cells: tuple[Cell, ...]
    baseline: Cell
    trials: tuple[Trial, ...]


def read_grid(path: Path) -> Grid:
    """The grid of a file, its paths made relative to where the file stands.

    Raises :class:`InputError` for everything wrong in it at once: first keys and types, then what
    names something that is not there, then recipes that the cells would make.
    """
    file = validate(GridFile, read_toml(path), str(path))
    made = make_cells(file, path)
    baseline = next((cell for cell in made if cell.labels == _baseline(file)), None)
    if baseline is None:
        wanted = ", ".join(_baseline(file))
        raise InputError(f"{path}: the baseline ({wanted}) is none of the cells. Set 'baseline'.")
    name = file.name or path.stem
    return Grid(
        file=placed(file, path.parent, name),
        axes=tuple(file.axes),
        cells=tuple(made),
        baseline=baseline,
        trials=tuple(trial for cell in made for trial in make_trials(name, cell, file.seeds)),
    )


def make_cells(file: GridFile, path: Path) -> list[Cell]:
    """The cells of ``file``, which stands at ``path``; raises what :func:`read_grid` raises."""
    _refuse(path, _mistakes(file))
    cells = _cells(file)
    if not cells:
        raise InputError(f"{path}: 'exclude' leaves no cell.")
    made, wrong = _recipes(file, cells, path.parent)
    _refuse(path, wrong)
    return made


def placed(file: GridFile, base: Path, name: str) -> GridFile:
    """``file`` under ``name``, with its paths seen from ``base``."""
    found: dict[str, object] = {
        place: base / value
        for place in ("test", "references", "out", "train")
        if (value := getattr(file, place))
    }
    contest = base / file.competition
    if (contest / "competition.toml").is_file():
        found["competition"] = str(contest)
    if file.encoder is not None:
        found["encoder"] = beside(file.encoder, base)
    return file.model_copy(update={**found, "name": name})


def make_trials(name: str, cell: Cell, seeds: Sequence[int]) -> list[Trial]:
    """The runs of a cell, called after the grid: one per seed, or one where it is greedy."""
    run = f"{name}/{','.join(cell.labels)}"
    sampling = cell.recipe.sampling
    if sampling.greedy:
        return [Trial(cell, None, run, cell.recipe)]
    return [
        Trial(
            cell,
            seed,
            f"{run}@{seed}",
            cell.recipe.model_copy(update={"sampling": sampling.model_copy(update={"seed": seed})}),
        )
        for seed in seeds
    ]


def _refuse(path: Path, mistakes: Sequence[str]) -> None:
    if len(mistakes) == 1:
        raise InputError(f"{path}: {mistakes[0]}.")
    if mistakes:
        listed = "\n".join(f"  - {each}" for each in mistakes)
        raise InputError(f"{path}: {len(mistakes)} problems:\n{listed}")


def _mistakes(file: GridFile) -> list[str]:
    """What pydantic cannot see: names that lead nowhere, and such."""
    found = [*_wrong_axes(file), *_wrong_cells(file), *_wrong_rules(file)]
    found += _unknown(file, "baseline", file.baseline)
    if len(set(file.seeds)) != len(file.seeds):
        found.append("'seeds': a seed is given twice")
    if any(key == SEED for key, _ in _all_fields(file)):
        found.append(f"{SEED} is set by 'seeds'; leave it out")
    if len(set(file.metrics)) != len(file.metrics):
        found.append("'metrics': a metric is given twice")
    for metric in file.metrics:
        try:
            parse_spec(metric)
        except EvaluationError as error:
            found.append(f"'metrics': {error}")
    return found


def _all_fields(file: GridFile) -> Iterable[tuple[str, object]]:
    yield from flat(file.set)
    for levels in file.axes.values():
        for level in levels:
            yield from flat(level.set)


def _wrong_axes(file: GridFile) -> list[str]:
    found = []
    for axis, levels in file.axes.items():
        if axis in (*FIXED_COLUMNS, *file.metrics) or not axis.isprintable() or not axis.strip():
            found.append(f"'axes': an axis cannot be called '{axis}', choose another name")
        labels = [level.label for level in levels]
        for label in dict.fromkeys(labels):
            place = f"'axes.{axis}': label '{label[:LONGEST_LABEL]}'"
            if labels.count(label) > 1:
                found.append(f"{place} is given twice")
            if len(label) > LONGEST_LABEL:
                found.append(f"{place}… is too long, write {{ label = …, set = … }}")
            elif "," in label or not label.isprintable() or label != label.strip():
                found.append(f"{place} has a comma, a line break or outer spaces, which it cannot")
    return found


def _wrong_cells(file: GridFile) -> list[str]:
    found = []
    if file.cells and file.exclude:
        found.append("'exclude' belongs to a grid; with 'cells' leave those out instead")
    for number, cell in enumerate(file.cells):
        found += _unknown(file, f"cells.{number}", cell)
        found += [
            f"'cells.{number}' names no level of '{axis}'" for axis in file.axes if axis not in cell
        ]
        if cell in file.cells[:number]:
            found.append(f"'cells.{number}' is there already")
    return found


def _wrong_rules(file: GridFile) -> list[str]:
    found = []
    for number, rule in enumerate(file.exclude):
        unknown = _unknown(file, f"exclude.{number}", rule)
        found += unknown
        if not rule:
            found.append(f"'exclude.{number}' is empty and would exclude everything")
        elif not unknown and not any(_matches(rule, cell) for cell in _product(file)):
            found.append(f"'exclude.{number}' matches no cell")
    return found


def _unknown(file: GridFile, where: str, named: Mapping[str, str | list[str]]) -> list[str]:
    found = []
    for axis, labels in named.items():
        if axis not in file.axes:
            found.append(f"'{where}': no axis '{axis}', there are {', '.join(file.axes)}")
            continue
        known = [level.label for level in file.axes[axis]]
        found += [
            f"'{where}': axis '{axis}' has no level '{label}', it has {', '.join(known)}"
            for label in ([labels] if isinstance(labels, str) else labels)
            if label not in known
        ]
    return found


def _product(file: GridFile) -> list[dict[str, str]]:
    labels = [[level.label for level in levels] for levels in file.axes.values()]
    return [dict(zip(file.axes, each, strict=True)) for each in product(*labels)]


def _matches(rule: Mapping[str, str | list[str]], cell: Mapping[str, str]) -> bool:
    return all(
        cell[axis] in ([labels] if isinstance(labels, str) else labels)
        for axis, labels in rule.items()
    )


def _cells(file: GridFile) -> list[tuple[str, ...]]:
    cells = file.cells or [
        cell for cell in _product(file) if not any(_matches(rule, cell) for rule in file.exclude)
    ]
    return [tuple(cell[axis] for axis in file.axes) for cell in cells]


def _baseline(file: GridFile) -> tuple[str, ...]:
    return tuple(file.baseline.get(axis, levels[0].label) for axis, levels in file.axes.items())


def _recipes(
    file: GridFile, cells: Sequence[tuple[str, ...]], base: Path
) -> tuple[list[Cell], list[str]]:
    """Every cell with its recipe, and what is wrong with those that make none."""
    made, wrong = [], []
    for labels in cells:
        given = overrides(file.set, base)
        spec = file.recipe
        for axis, label in zip(file.axes, labels, strict=True):
            level = next(each for each in file.axes[axis] if each.label == label)
            given += overrides(level.set, base)
            spec = spec.replace(f"{{{axis}}}", label)
        name, colon, variant = spec.partition(":")
        try:
            made.append(Cell(labels, find_recipe(f"{beside(name, base)}{colon}{variant}", given)))
        except LeaderkitError as error:
            wrong.append(str(error).rstrip("."))
    return made, list(dict.fromkeys(wrong))
