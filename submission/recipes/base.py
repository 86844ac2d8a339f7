"""What the tables of a recipe have in common."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

NonEmpty = Annotated[str, Field(min_length=1)]


class Conflict(NamedTuple):
    """Values that are each possible, but not together: the key to change (``a.b``), and why."""

    where: str
    message: str


class Table(BaseModel):
    """A table: frozen, no unknown keys, every conflict among its values reported at once."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def conflicts(self) -> Iterator[Conflict]:
        """Combinations of values that cannot be; asked once each value is right by itself."""
        yield from ()

    @model_validator(mode="after")
    def _no_conflicts(self) -> Self:
        found = [
            InitErrorDetails(
                type=PydanticCustomError("conflict", "{message}", {"message": conflict.message}),
                loc=(path := tuple(conflict.where.split("."))),
                input=reduce(getattr, path, self),
            )
            for conflict in self.conflicts()
        ]
        if found:
            raise ValidationError.from_exception_data(type(self).__name__, found)
        return self
