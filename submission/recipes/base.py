"""What the tables of a recipe have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

NonEmpty = Annotated[str, Field(min_length=1)]


class Conflict(NamedTuple):
    """Values that are each possible, but not together: where (``a.b``), with which other key."""

    where: str
    other: str
    message: str


class Table(BaseModel):
    """A table: frozen, no unknown keys, every problem reported at once.

    A table says in :meth:`conflicts` what its values rule out among each other. Pydantic's own
    model validators only run once every value is right by itself; these run beside that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def conflicts(self) -> Iterator[Conflict]:
        """Combinations of values that cannot be."""
        yield from ()

    @model_validator(mode="wrap")
    @classmethod
    def _everything_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            table = handler(data)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=True)
            raise _together(cls, [*map(_again, problems), *cls._of_the_rest(data, error)]) from None
        found = [_details(conflict, table) for conflict in table.conflicts()]
        if found:
            raise _together(cls, found)
        return table

    @classmethod
    def _of_the_rest(cls, data: Any, error: ValidationError) -> list[InitErrorDetails]:
        """The conflicts among the values that are right by themselves."""
        if not isinstance(data, Mapping):
            return []
        wrong = {problem["loc"][0] for problem in error.errors() if problem["loc"]}
        right = {key: value for key, value in data.items() if key not in wrong}
        if len(right) == len(data):
            # What is wrong is that something is missing: there is no table to look at.
            return []
        try:
            table = cls.__pydantic_validator__.validate_python(right)
        except ValidationError as rest:
            named = [problem for problem in rest.errors() if problem["type"] == "conflict"]
            return [_again(each) for each in named if each["ctx"]["other"] not in wrong]
        return [
            _details(each, table)
            for each in table.conflicts()
            if not wrong.intersection({each.where.partition(".")[0], each.other})
        ]


def _details(conflict: Conflict, table: Table) -> InitErrorDetails:
    path = tuple(conflict.where.split("."))
    return InitErrorDetails(
        type=PydanticCustomError(
            "conflict", "{message}", {"message": conflict.message, "other": conflict.other}
        ),
        loc=path,
        input=reduce(getattr, path, table),
    )


def _again(problem: Any) -> InitErrorDetails:
    """An error that was reported, to be reported together with others."""
    kind = problem["type"]
    other = problem.get("ctx", {}).get("other", "")
    custom = PydanticCustomError(kind, "{message}", {"message": problem["msg"], "other": other})
    return InitErrorDetails(type=custom, loc=problem["loc"], input=problem["input"])


def _together(cls: type[Table], problems: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data(cls.__name__, problems)
