"""Which groups are held out, so that every category and label gives the same share of its rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from submission.errors import InputError, few
from submission.holdout.groups import Group

_HALF = Fraction(1, 2)


class Stratum(NamedTuple):
    """Rows that have something in common: their ``kind`` is ``category`` or ``label``."""

    kind: str
    name: str


Strata = Sequence[tuple[Stratum, ...]]
"""The strata of every row: its category, and its label where answers are labels."""


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """Rows of one category, how many were to be held out, and how many are."""

    category: str
    rows: int
    wanted: int
    held_out: int
    share: float


@dataclass(frozen=True, slots=True)
class LabelShare:
    """Rows whose answer is one label of a closed set, and how many are held out."""

    label: str
    rows: int
    held_out: int
    share: float


@dataclass(frozen=True)
class Draw:
    """The rows held out, ascending; what that means for each category; what fell short."""

    held_out: tuple[int, ...]
    categories: tuple[CategoryShare, ...]
    warnings: tuple[str, ...]


def strata_of(categories: Sequence[str], labels: Sequence[str]) -> Strata:
    """The strata of every row; ``labels`` are empty where answers are no labels."""
    if not any(labels):
        return [(Stratum("category", name),) for name in categories]
    return [
        (Stratum("category", name), Stratum("label", label))
        for name, label in zip(categories, labels, strict=True)
    ]


def draw(
    groups: Sequence[Group],
    categories: Sequence[str],
    share: Fraction,
    rng: random.Random,
    labels: Sequence[str] = (),
) -> Draw:
    """Hold out whole groups until each category and label has given its share, to the row.

    A group larger than all that is to be held out stays in train, and so does the last group of
    every category and label.

    Raises :class:`InputError` where the rows are too few, or all in one group.
    """
    require_several(groups, len(categories))
    strata = strata_of(categories, labels)
    spread = _groups_by_stratum(groups, strata)
    wanted = _wanted(strata, spread, share)
    by_category = {each.name: n for each, n in wanted.items() if each.kind == "category"}
    room = sum(by_category.values())
    if room == 0:
        raise InputError(
            f"Too few rows: --share {float(share)} of {len(categories)} rows in"
            f" {len(set(categories))} categories holds none out."
        )
    shuffled = list(groups)
    rng.shuffle(shuffled)
    small = [group for group in shuffled if len(group) <= room]
    taken = _Taken(wanted, spread, strata)
    for group in small:
        taken.add_if_it_fits(group)
    for group in small:
        taken.add_if_it_brings_closer(group)
    if not taken.rows:
        raise InputError(
            f"Nothing can be held out: --share {float(share)} is {room} rows, and no group of"
            " rows that belong together fits. Raise --share or --similarity."
        )
    return drawn(groups, categories, by_category, taken.rows)


def _wanted(strata: Strata, spread: Mapping[Stratum, int], share: Fraction) -> dict[Stratum, int]:
    rows = Counter(stratum for each in strata for stratum in each)
    wanted: dict[Stratum, int] = {}
    for kind in dict.fromkeys(stratum.kind for stratum in rows):
        exact = {
            stratum.name: share * n
            for stratum, n in rows.items()
            if stratum.kind == kind and spread[stratum] > 1
        }
        wanted |= {Stratum(kind, name): n for name, n in quotas(exact).items()}
    return wanted


def drawn(
    groups: Sequence[Group], categories: Sequence[str], wanted: Mapping[str, int], rows: Set[int]
) -> Draw:
    """What holding out ``rows`` means, where so many of each category were wanted."""
    shares = category_shares(categories, wanted, rows)
    room = sum(wanted.values())
    large = [len(group) for group in groups if len(group) > room]
    spread = groups_by_category(groups, categories)
    return Draw(tuple(sorted(rows)), shares, tuple(_warnings(large, room, spread, shares)))


def category_shares(
    categories: Sequence[str], wanted: Mapping[str, int], rows: Iterable[int]
) -> tuple[CategoryShare, ...]:
    """What holding out ``rows`` means for each category."""
    got = Counter(categories[row] for row in rows)
    return tuple(
        CategoryShare(name, n, wanted.get(name, 0), got[name], round(got[name] / n, 4))
        for name, n in sorted(Counter(categories).items())
    )


def label_shares(labels: Sequence[str], rows: Iterable[int]) -> tuple[LabelShare, ...]:
    """What holding out ``rows`` means for each label; nothing where answers are no labels."""
    got = Counter(labels[row] for row in rows)
    return tuple(
        LabelShare(name, n, got[name], round(got[name] / n, 4))
        for name, n in sorted(Counter(labels).items())
        if name
    )


def groups_by_category(groups: Sequence[Group], categories: Sequence[str]) -> Counter[str]:
    """In how many groups each category has rows."""
    return Counter(category for group in groups for category in {categories[i] for i in group})


def _groups_by_stratum(groups: Sequence[Group], strata: Strata) -> Counter[Stratum]:
    return Counter(each for group in groups for each in {one for i in group for one in strata[i]})


def require_several(groups: Sequence[Group], rows: int) -> None:
    """Raise :class:`InputError` for rows that no two sides can be made of."""
    if rows < 2:
        raise InputError(f"Too few rows: {rows}; a test set and a train file need at least two.")
    if len(groups) == 1:
        raise InputError(
            f"All {rows} rows belong together (shared answers or contexts, or similar questions),"
            " so none can be held out without leakage. A higher --similarity joins fewer rows."
        )


def quotas(exact: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole numbers of rows, by largest remainder."""
    whole = {name: int(exact[name]) for name in sorted(exact)}
    missing = int(sum(exact.values()) + _HALF) - sum(whole.values())
    by_remainder = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_remainder[:missing]:
        whole[name] += 1
    return whole


class _Taken:
    def __init__(
        self, wanted: Mapping[Stratum, int], groups: Mapping[Stratum, int], strata: Strata
    ) -> None:
        self.rows: set[int] = set()
        self._room = Counter(wanted)
        self._groups = Counter(groups)
        self._strata = strata

    def add_if_it_fits(self, group: Group) -> None:
        size = self._size(group)
        if all(n <= self._room[name] for name, n in size.items()):
            self._add(group, size)

    def add_if_it_brings_closer(self, group: Group) -> None:
        size = self._size(group)
        change = sum(abs(self._room[name] - n) - abs(self._room[name]) for name, n in size.items())
        if change < 0 and group[0] not in self.rows:
            self._add(group, size)

    def _size(self, group: Group) -> Counter[Stratum]:
        return Counter(stratum for i in group for stratum in self._strata[i])

    def _add(self, group: Group, size: Counter[Stratum]) -> None:
        if all(self._groups[name] > 1 for name in size):
            self.rows.update(group)
            self._room.subtract(size)
            self._groups.subtract(size.keys())


def _warnings(
    large: Sequence[int],
    room: int,
    spread: Mapping[str, int],
    shares: Sequence[CategoryShare],
) -> list[str]:
    messages = []
    if large:
        messages.append(
            f"{len(large)} group(s) of rows that belong together are larger than the {room} rows"
            f" to hold out (the largest: {max(large)}); they stay in train."
        )
    alone = [share.category for share in shares if spread[share.category] == 1]
    if alone:
        names = few(map(repr, alone))
        messages.append(
            f"Categories that stay in train, because all of their rows belong together: {names}."
        )
    messages.extend(
        f"{_named(share.category)}: {share.held_out} of {share.rows} rows held out,"
        f" {share.wanted} wanted; the rows come in groups."
        for share in shares
        if abs(share.held_out - share.wanted) > 1
    )
    return messages


def _named(category: str) -> str:
    return f"Category '{category}'" if category else "Rows without category"
