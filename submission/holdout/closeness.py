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
FAR = 0.15
IMPOSSIBLE = 0.5
"""Shares of the target's mean length that lengths may be off by."""

_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the organizer's test file, and of the local one."""

    name: str
    target: float
    got: float


@dataclass(frozen=True, slots=True)
class Closeness:
    """Features side by side. ``off`` is how many characters the lengths differ by on average,
    shortest beside shortest and longest beside longest (the Wasserstein distance); ``off_share``
    the same as a share of the target's mean length.
    """

    features: tuple[Feature, ...]
    off: float
    off_share: float


def compare_cells(
    target: Target, cells: Sequence[Cell], categories: Sequence[str], joined: Fraction
) -> Closeness:
    """Hold the local cells against the target.

    Raises :class:`InputError` where the lengths would be off by more than half.
    """
    wanted = [*target.single, *target.compound]
    got = [len(cell.question) for cell in cells]
    off = _off(wanted, got)
    off_share = off / float(np.mean(wanted))
    if off_share > IMPOSSIBLE:
        raise InputError(
            f"--match {target.file}: its cells are {_range(wanted)} characters long, but these "
            f"training questions only make cells of {_range(got)}. Remove --match, or give another "
            "--train."
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
        round(off, 2),
        round(off_share, 4),
    )


def warnings(closeness: Closeness) -> list[str]:
    """What is not like the target, in words."""
    if closeness.off_share <= FAR:
        return []
    message = (
        f"Lengths are off by {closeness.off:.1f} characters on average,"
        f" {closeness.off_share:.0%} of the test file's: train has too few questions of that "
        "length."
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


def _off(one: Sequence[int], other: Sequence[int]) -> float:
    levels = (np.arange(_STEPS) + 0.5) / _STEPS
    ends = [np.quantile(each, levels, method="inverted_cdf") for each in (one, other)]
    return float(np.abs(ends[0] - ends[1]).mean())


def _range(lengths: Sequence[int]) -> str:
    low, high = np.quantile(lengths, (0.1, 0.9))
    return f"{low:.0f} to {high:.0f}"
