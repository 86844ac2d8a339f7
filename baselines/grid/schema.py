"""The keys of a grid file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

NonEmpty = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """Frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(Table):
    """One choice on an axis: what it is called, and the recipe fields it sets."""

    label: NonEmpty
    set: dict[str, Any] = {}


class Varied(Table):
    """What is varied, and what all cells have in common; ``out`` is where results go.

    Cells are all combinations of ``axes`` that no table of ``exclude`` matches, or those of
    ``cells``. ``{AXIS}`` in ``recipe`` stands for the cell's label on that axis. A plain value on
    an axis that is called like a recipe field is that field's.
    """

    recipe: NonEmpty
    out: Path
    name: str | None = None
    encoder: str | None = None
    set: dict[str, Any] = {}
    axes: dict[NonEmpty, Annotated[list[Level], Field(min_length=1)]] = Field(min_length=1)
    cells: list[dict[str, str]] = []
    exclude: list[dict[str, str | list[str]]] = []
    seeds: list[Annotated[int, Field(ge=0)]] = Field(default=[0], min_length=1)
    metrics: list[NonEmpty] = []

    @field_validator("axes", mode="before")
    @classmethod
    def _plain_values(cls, axes: Any) -> Any:
        if not isinstance(axes, dict):
            return axes
        return {
            axis: [_level(axis, each) for each in levels] if isinstance(levels, list) else levels
            for axis, levels in axes.items()
        }


class GridFile(Varied):
    """A grid file. Paths are relative to the file.

    ``baseline`` names the levels that differences are against; an axis that it leaves out has its
    first.
    """

    competition: NonEmpty
    test: Path
    references: Path
    train: Path | None = None
    baseline: dict[str, str] = {}


def _level(axis: str, value: Any) -> Any:
    if isinstance(value, dict):
        return value
    return {"label": label_of(value), "set": {axis: value}}


def label_of(value: object) -> str:
    """A plain value as TOML would have it, strings without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)
