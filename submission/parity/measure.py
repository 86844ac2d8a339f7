"""Two runs over the same prompts, completion by completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from submission.errors import InputError
from submission.parity.parting import Parting, Units, part_at
from submission.parity.way import Way
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from submission.runs.rows import FinishedPart

Place = tuple[int, int, int]
"""Test row, part of its question, sample."""


@dataclass(frozen=True)
class Parity:
    """How far two runs agree.

    ``rows`` are test rows, of which ``different`` have another answer (of any sample); ``prompts``
    were completed by both, and ``partings`` are those completed in two ways, the earliest first.
    ``settings`` are the recipe's keys that differ, with both values.
    """

    first: str
    second: str
    rows: int
    different: int
    prompts: int
    partings: Sequence[Parting]
    unit: str
    settings: Mapping[str, tuple[object, object]]

    @property
    def agreement(self) -> float:
        """The share of rows with the same answer."""
        return 1.0 - self.different / self.rows

    def quantile(self, share: float) -> float | None:
        """Where that share of the partings is at or before; None where nothing parts."""
        places = [parting.place for parting in self.partings]
        return float(np.quantile(places, share)) if places else None


def measure(ledger: Ledger, first: Way, second: Way, units: Units) -> Parity:
    """Compare two finished runs of ``ledger``.

    Raises :class:`InputError` where one is not finished, or they answer other questions.
    """
    answers = [_answers(ledger, way) for way in (first, second)]
    parts = [_parts(ledger, way) for way in (first, second)]
    _require_same_prompts(first, second, *parts)
    partings = []
    for place, one in parts[0].items():
        text, other = _whole(one), _whole(parts[1][place])
        if text != other:
            found = part_at(text, other, units)
            partings.append(Parting(one.row_id, one.part, one.sample, *found))
    partings.sort(key=lambda parting: parting.place)
    different = sum(answers[0][row_id] != answers[1][row_id] for row_id in answers[0])
    return Parity(
        first=first.run,
        second=second.run,
        rows=len(answers[0]),
        different=different,
        prompts=len(parts[0]),
        partings=partings,
        unit=units.name,
        settings=_settings(first, second),
    )


def _answers(ledger: Ledger, way: Way) -> dict[str, list[str]]:
    """The answer of each sample by row id."""
    found: dict[str, list[str]] = {}
    for sample in ledger.samples(way.run):
        for answer in run_answers(ledger, way.run, sample=sample):
            found.setdefault(answer.id, []).append(answer.text)
    return found


def _parts(ledger: Ledger, way: Way) -> dict[Place, FinishedPart]:
    return {(part.position, part.part, part.sample): part for part in ledger.parts(way.run)}


def _whole(part: FinishedPart) -> str:
    if part.completion is None:
        raise ValueError(f"{part.row_id} has no completion")
    return part.completion.thinking + part.completion.text


def _require_same_prompts(
    first: Way,
    second: Way,
    one: Mapping[Place, FinishedPart],
    two: Mapping[Place, FinishedPart],
) -> None:
    def asked(parts: Mapping[Place, FinishedPart], place: Place) -> tuple[str, str] | None:
        return (parts[place].row_id, parts[place].question) if place in parts else None

    for place in sorted(one.keys() | two.keys()):
        if asked(one, place) != asked(two, place):
            row = (one.get(place) or two[place]).row_id
            raise InputError(
                f"Runs '{first.run}' and '{second.run}' answer other questions: they differ at "
                f"row '{row}'. Give runs over the same test file, with as many rows, samples and "
                "parts of compound questions."
            )


def _settings(first: Way, second: Way) -> dict[str, tuple[object, object]]:
    one, two = (_flat(way.recipe.model_dump(mode="json")) for way in (first, second))
    unimportant = ("name", "about")
    return {
        key: (one.get(key), two.get(key))
        for key in sorted(one.keys() | two.keys())
        if one.get(key) != two.get(key) and key not in unimportant
    }


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found
