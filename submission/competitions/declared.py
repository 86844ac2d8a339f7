"""What every table of a declaration has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

INDEX = ""
"""The name of the index column that pandas writes first, which is none."""

NonEmpty = Annotated[str, Field(min_length=1)]


def _index_first(columns: list[str]) -> list[str]:
    if INDEX in columns[1:]:
        raise ValueError("only the first of 'columns' may be nameless: an index column")
    return columns


Columns = Annotated[list[str], AfterValidator(_index_first)]
"""All columns of a file in order."""


class Declared(BaseModel):
    """A frozen table; unknown keys and values of the wrong type are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
