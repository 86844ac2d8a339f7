"""``cases.json``: what rows score by the organizer's rules, worked by hand or published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import Field, JsonValue, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails, from_json

from submission.competitions.declared import Declared, NonEmpty
from submission.errors import InputError
from submission.files.toml import described

CASES = "cases.json"
FORMULA = "formula"


class CaseRow(Declared):
    """A row: its answer as the file holds it, and what belongs there.

    Without an ``answer`` the row is missing from the file. ``id`` is the one in the file, where it
    is not the row's own.
    """

    answer: JsonValue | None = None
    references: tuple[str, ...] = ()
    meta: dict[str, str] = Field(default_factory=dict)
    id: str | int | None = None


class Case(CaseRow):
    """A row, or several ``rows``, and what they score before ``scale``: most metrics on 0..1.

    ``term`` is the metric, or ``formula``. ``parts`` gives what each metric says instead of texts.
    ``fails`` stands for a file at which the organizer's scorer stops.
    """

    name: NonEmpty
    term: NonEmpty = FORMULA
    rows: tuple[CaseRow, ...] = ()
    parts: dict[str, float] = Field(default_factory=dict)
    expected: float | None = Field(default=None, allow_inf_nan=False)
    fails: bool = False
    tolerance: float = Field(default=1e-9, gt=0, le=1e-5)
    source: NonEmpty

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if self.fails == (self.expected is not None):
            raise ValueError("give exactly one of 'expected' and 'fails'")
        return self

    @property
    def all_rows(self) -> tuple[CaseRow, ...]:
        """The rows, one or several."""
        return self.rows or (self,)


def read_cases(folder: Path) -> list[Case]:
    """The cases of a competition's folder; none where it has no such file.

    Raises :class:`InputError` for a file that is no list of cases, or names one twice.
    """
    path = folder / CASES
    if not path.is_file():
        return []
    data = path.read_bytes()
    try:
        cases = TypeAdapter(list[Case]).validate_json(data)
    except ValidationError as error:
        names = _names(data)
        problems = (_problem(found, names) for found in error.errors())
        raise InputError.listing(path, problems) from None
    repeated = [name for name, n in Counter(case.name for case in cases).items() if n > 1]
    if repeated:
        raise InputError.listing(path, (f"the case '{name}' is there twice" for name in repeated))
    return cases


def _names(data: bytes) -> list[str]:
    """What a message calls each case: by its name, else by its number in the list."""
    try:
        found = from_json(data)
    except ValueError:
        return []
    return [_called(number, case) for number, case in enumerate(found, start=1)]


def _called(number: int, case: object) -> str:
    name = case.get("name") if isinstance(case, dict) else None
    return f"case '{name}'" if name and isinstance(name, str) else f"case {number}"


def _problem(found: ErrorDetails, names: Sequence[str]) -> str:
    if not found["loc"]:
        return described(found, ())
    number, *within = found["loc"]
    case = names[number] if isinstance(number, int) else str(number)
    return f"{case}: {described(found, within)}"
