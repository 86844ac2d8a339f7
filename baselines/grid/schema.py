"""The keys of experiment, grid and study files: one dialect."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from baselines.grid.overrides import beside
from submission.errors import InputError
from submission.files import named
from submission.files.toml import read_toml, validate

NonEmpty = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """Frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Keys = TypeVar("Keys", bound=Table)


class Level(Table):
    """One choice on an axis: what it is called, and the recipe fields it sets."""

    label: NonEmpty
    set: dict[str, Any] = {}


class Shared(Table):
    """The keys of every file. Paths are relative to the file; ``out`` is where results go.

    ``recipe`` and ``set`` are what all cells have in common. ``metrics`` are computed beside the
    competition's score, and ``metric_models`` names models for them, by metric.
    """

    out: Path
    recipe: NonEmpty | None = None
    set: dict[str, Any] = {}
    encoder: NonEmpty | None = None
    metrics: list[NonEmpty] = []
    metric_models: dict[NonEmpty, NonEmpty] = {}


class Files(Table):
    """What is answered, and what answers are scored against."""

    competition: NonEmpty
    test: Path
    references: Path | None = None
    train: Path | None = None


class GridFile(Shared, Files):
    """A file whose cells all answer one test file."""


class Varied(Shared):
    """The keys of a file whose cells are combinations of levels.

    Cells are all combinations of ``axes`` that no table of ``exclude`` matches, or those of
    ``cells``. ``{AXIS}`` in ``recipe`` stands for the cell's label on that axis. A plain value on
    an axis that is called like a recipe field is that field's.
    """

    recipe: NonEmpty
    name: str | None = None
    axes: dict[NonEmpty, Annotated[list[Level], Field(min_length=1)]] = Field(min_length=1)
    cells: list[dict[str, str]] = []
    exclude: list[dict[str, str | list[str]]] = []
    seeds: list[Annotated[int, Field(ge=0)]] = Field(default=[0], min_length=1)

    @field_validator("axes", mode="before")
    @classmethod
    def _plain_values(cls, axes: Any) -> Any:
        if not isinstance(axes, dict):
            return axes
        return {
            axis: [_level(axis, each) for each in levels] if isinstance(levels, list) else levels
            for axis, levels in axes.items()
        }


class VariedFile(Varied, GridFile):
    """Combinations of levels over one test file, with references.

    ``baseline`` names the levels that differences are against; an axis that it leaves out has its
    first.
    """

    references: Path
    baseline: dict[str, str] = {}


def read_keys(model: type[Keys], path: Path) -> Keys:
    """The file at ``path``. Raises :class:`InputError` for everything wrong with its keys."""
    data = read_toml(path)
    for key, command in (("tasks", "study"), ("axes", "ablate")):
        if key in data and key not in model.model_fields:
            refuse(path, [f"a file with '{key}' is run by leaderkit {command}"])
    return validate(model, data, str(path))


def placed(table: Keys, base: Path) -> Keys:
    """``table`` with its paths as seen from ``base``."""
    values = {name: getattr(table, name) for name in type(table).model_fields}
    found: dict[str, Any] = {
        name: named.beside(base, value) for name, value in values.items() if isinstance(value, Path)
    }
    contest = named.beside(base, values.get("competition", ""))
    if (contest / "competition.toml").is_file():
        found["competition"] = str(contest)
    if values.get("encoder") is not None:
        found["encoder"] = beside(values["encoder"], base)
    if "metric_models" in values:
        models = values["metric_models"].items()
        found["metric_models"] = {metric: beside(model, base) for metric, model in models}
    return table.model_copy(update=found)


def refuse(where: str | Path, mistakes: Iterable[str]) -> None:
    """Raise :class:`InputError` with all of the mistakes, each once, if there are any."""
    if found := tuple(mistakes):
        raise InputError.listing(where, found)


def _level(axis: str, value: Any) -> Any:
    if isinstance(value, dict):
        return value
    # As TOML would have it, strings without quotes.
    label = str(value).lower() if isinstance(value, bool) else str(value)
    return {"label": label, "set": {axis: value}}
