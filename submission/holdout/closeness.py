"""How like the organizer's test file the local one came to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from submission.errors import InputError
from submission.holdout.cells import Cell
from submission.holdout.target import Target

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
FAR = 0.2
IMPOSSIBLE = 0.5


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the organizer's test file, and of the local one."""

    name: str
    target: float
    got: float


@dataclass(frozen=True, slots=True)
class Closeness:
    """Features side by side. ``distance`` is the largest difference between the shares of cells up
    to a length (the Kolmogorov-Smirnov statistic): 0 for equal distributions, at most 1.
    """

    features: tuple[Feature, ...]
    distance: float


def compare_cells(
    target: Target, cells: Sequence[Cell], categories: Sequence[str], joined: Fraction
) -> Closeness:
    """Hold the local cells against the target.

    Raises :class:`InputError` where most cells would be of another length than the target's.
    """
    wanted = [*target.single, *target.compound]
    got = [len(cell.question) for cell in cells]
    distance = _distance(wanted, got)
    if distance > IMPOSSIBLE:
        raise InputError(
            f"--match {target.file}: its cells are {_range(wanted)} characters long, and of these "
            f"training questions only such of {_range(got)} can be made. Leave --match out, or "
            "give another --train."
        )
    single = [len(cell.question) for cell in cells if len(cell.rows) == 1]
    compound = [len(cell.question) for cell in cells if len(cell.rows) > 1]
    features = [
        Feature("compound share", float(joined), len(compound) / len(cells)),
        *_quantiles("length, one question", target.single, single),
        *_quantiles("length, two questions", target.compound, compound),
    ]
    total = sum(target.categories.values())
    held = Counter(categories[row] for cell in cells for row in cell.rows)
    features += [
        Feature(f"category {name}", n / total, held[name] / held.total())
        for name, n in sorted(target.categories.items())
    ]
    return Closeness(
        tuple(Feature(each.name, round(each.target, 4), round(each.got, 4)) for each in features),
        round(distance, 4),
    )


def warnings(closeness: Closeness) -> list[str]:
    """What is not like the target, in words."""
    if closeness.distance <= FAR:
        return []
    message = (
        f"Lengths came only so near: up to {closeness.distance:.0%} of the cells stand on the other"
        " side of some length; train has too few questions as long."
    )
    return [message]


def _quantiles(name: str, target: Sequence[int], got: Sequence[int]) -> list[Feature]:
    if not target or not got:
        return []
    pairs = zip(np.quantile(target, QUANTILES), np.quantile(got, QUANTILES), strict=True)
    return [
        Feature(f"{name}, {share:.0%} up to", float(one), float(other))
        for share, (one, other) in zip(QUANTILES, pairs, strict=True)
    ]


def _distance(one: Sequence[int], other: Sequence[int]) -> float:
    places = np.union1d(one, other)
    shares = [
        np.searchsorted(np.sort(lengths), places, side="right") / len(lengths)
        for lengths in (one, other)
    ]
    return float(np.abs(shares[0] - shares[1]).max())


def _range(lengths: Sequence[int]) -> str:
    low, high = np.quantile(lengths, (0.1, 0.9))
    return f"{low:.0f} to {high:.0f}"
