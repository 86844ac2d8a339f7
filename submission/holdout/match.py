"""Held-out rows and cells chosen so that the test set is like another one.

Every row to hold out has a slot: the length that a question should have there. A cell with one
question is one slot; a cell with two is two, of half the length each. Long questions are the
scarcest, so slots are filled from the longest down, each by the row with the nearest phrasing;
rows that belong together are taken together, or not at all.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from submission.errors import InputError
from submission.holdout.cells import CONNECTORS, Cell, joined_question
from submission.holdout.draw import Draw, drawn, groups_by_category, quotas, require_several
from submission.holdout.groups import Group
from submission.holdout.target import Target

_HALF = Fraction(1, 2)
_CONNECTOR = max(map(len, CONNECTORS))
_TRIED = 8
_MAY_LACK = Fraction(1, 10)

Phrasings = Sequence[Sequence[str]]
"""What may stand in a cell, by row; none for a row that stays in train."""


class _Slot(NamedTuple):
    length: int
    joined: bool


class _Placed(NamedTuple):
    phrasing: str
    slot: _Slot


class Matched(NamedTuple):
    """The rows held out, and the cells made of them, in random order."""

    draw: Draw
    cells: list[Cell]


def match(
    phrasings: Phrasings,
    groups: Sequence[Group],
    categories: Sequence[str],
    share: Fraction,
    target: Target,
    rng: random.Random,
) -> Matched:
    """Hold out about ``share`` of the rows in cells like those of ``target``.

    Categories get the target's shares where it names any, else each gives the same share of its
    rows; the last group of every category stays in train. Raises :class:`InputError` where the
    rows are too few, or cannot have these categories.
    """
    require_several(groups, len(categories))
    wanted = _wanted(groups, categories, share, target)
    slots = _slots(sum(wanted.values()), target)
    if not slots:
        raise InputError(
            f"Too few rows: --share {float(share)} of {len(categories)} rows holds none out."
        )
    fitting = _Fitting(phrasings, groups, categories, wanted, slots, rng)
    placed = fitting.fill()
    if not placed:
        raise InputError(
            f"Nothing can be held out: --share {float(share)} is {len(slots)} rows, and no group of"
            " rows that belong together fits. Raise --share or --similarity."
        )
    group_of = {row: number for number, group in enumerate(groups) for row in group}
    cells = _cells(placed, group_of, categories, target, rng)
    return Matched(drawn(groups, categories, wanted, placed.keys()), cells)


def _wanted(
    groups: Sequence[Group], categories: Sequence[str], share: Fraction, target: Target
) -> dict[str, int]:
    rows, spread = Counter(categories), groups_by_category(groups, categories)
    if not target.categories:
        return quotas({name: share * n for name, n in rows.items() if spread[name] > 1})
    total = sum(target.categories.values())
    held = share * len(categories)
    wanted = quotas({name: held * n / total for name, n in target.categories.items()})
    most = {name: rows[name] - 1 if spread[name] > 1 else 0 for name in wanted}
    short = {name: n - most[name] for name, n in wanted.items() if n > most[name]}
    if sum(short.values()) > _MAY_LACK * sum(wanted.values()):
        worst = max(short, key=lambda name: short[name])
        raise InputError(
            f"--match {target.file}: its share of category '{worst}' is {wanted[worst]} of the rows"
            f" to hold out, and train has {rows[worst]}, of which some must stay. Lower --share."
        )
    return {name: min(n, most[name]) for name, n in wanted.items()}


def _slots(rows: int, target: Target) -> list[_Slot]:
    pairs = int(rows * target.joined / (1 + target.joined) + _HALF)
    pairs = min(pairs, rows // 2)
    halves = []
    for length in spread_over(target.compound, pairs):
        both = max(length - _CONNECTOR, 2)
        halves += [_Slot(both // 2, True), _Slot(both - both // 2, True)]
    # A row that is left over where every cell should hold two questions stands alone.
    alone = target.single or [length // 2 for length in target.compound]
    lengths = spread_over(alone, rows - 2 * pairs)
    return sorted([*halves, *(_Slot(length, False) for length in lengths)])


def spread_over(lengths: Sequence[int], count: int) -> list[int]:
    """``count`` of the ``lengths``, ascending, that are distributed as all of them are."""
    ordered = sorted(lengths)
    return [ordered[(2 * place + 1) * len(ordered) // (2 * count)] for place in range(count)]


class _Candidate(NamedTuple):
    length: int
    order: float
    row: int
    phrasing: str


class _Fitting:
    def __init__(
        self,
        phrasings: Phrasings,
        groups: Sequence[Group],
        categories: Sequence[str],
        wanted: Mapping[str, int],
        slots: Sequence[_Slot],
        rng: random.Random,
    ) -> None:
        self._phrasings = phrasings
        self._categories = categories
        self._free = list(slots)
        self._room = Counter(wanted)
        self._left = groups_by_category(groups, categories)
        usable = [group for group in groups if all(phrasings[row] for row in group)]
        self._group = {row: group for group in usable for row in group}
        self._placed: dict[int, _Placed] = {}
        # Of phrasings that are equally long, chance decides which comes first.
        self._pool = sorted(
            _Candidate(len(text), rng.random(), row, text)
            for row in self._group
            for text in phrasings[row]
        )

    def fill(self) -> dict[int, _Placed]:
        while self._free:
            slot = self._free[-1]
            trials = [self._trial(each, slot) for each in self._near(slot.length)]
            if not trials:
                # Nothing that is left may go to this slot, and so to none.
                break
            self._commit(min(trials, key=lambda trial: _misfit(trial) / len(trial)))
        return self._placed

    def _near(self, length: int) -> list[_Candidate]:
        """The nearest phrasings of rows that may still be held out, one for each group."""
        found: dict[Group, _Candidate] = {}
        for each in self._outwards(length):
            group = self._group[each.row]
            if group not in found and self._fits(group):
                found[group] = each
                if len(found) == _TRIED:
                    break
        return list(found.values())

    def _outwards(self, length: int) -> Iterator[_Candidate]:
        up = bisect_left(self._pool, length, key=lambda each: each.length)
        down = up - 1
        while up < len(self._pool) or down >= 0:
            above = self._pool[up].length - length if up < len(self._pool) else None
            below = length - self._pool[down].length if down >= 0 else None
            if below is None or (above is not None and above <= below):
                yield self._pool[up]
                up += 1
            else:
                yield self._pool[down]
                down -= 1

    def _fits(self, group: Group) -> bool:
        size = self._size(group)
        return (
            group[0] not in self._placed
            and len(group) <= len(self._free)
            and all(n <= self._room[name] and self._left[name] > 1 for name, n in size.items())
        )

    def _trial(self, first: _Candidate, slot: _Slot) -> dict[int, _Placed]:
        """Where all rows of a group would go if one of them went to ``slot``."""
        trial = {first.row: _Placed(first.phrasing, slot)}
        free = self._free[:-1]
        for row in self._group[first.row]:
            if row not in trial:
                place, text = min(
                    (
                        (place, text)
                        for text in self._phrasings[row]
                        for place in _around(free, text)
                    ),
                    key=lambda each: abs(free[each[0]].length - len(each[1])),
                )
                trial[row] = _Placed(text, free.pop(place))
        return trial

    def _commit(self, trial: Mapping[int, _Placed]) -> None:
        size = self._size(tuple(trial))
        self._placed.update(trial)
        for placed in trial.values():
            self._free.remove(placed.slot)
        self._room.subtract(size)
        self._left.subtract(size.keys())
        if any(self._room[name] == 0 for name in size):
            self._drop(lambda row: self._room[self._categories[row]] > 0)

    def _drop(self, keep: Callable[[int], bool]) -> None:
        """Forget rows that can no longer be held out, so that no search meets them again."""
        self._pool = [
            each for each in self._pool if keep(each.row) and each.row not in self._placed
        ]

    def _size(self, rows: Sequence[int]) -> Counter[str]:
        return Counter(self._categories[row] for row in rows)


def _around(free: Sequence[_Slot], text: str) -> range:
    """The places of the two free slots between which the text's length lies."""
    place = bisect_left(free, len(text), key=lambda slot: slot.length)
    return range(max(place - 1, 0), min(place + 1, len(free)))


def _misfit(trial: Mapping[int, _Placed]) -> int:
    return sum(abs(len(placed.phrasing) - placed.slot.length) for placed in trial.values())


def _cells(
    placed: Mapping[int, _Placed],
    group_of: Mapping[int, int],
    categories: Sequence[str],
    target: Target,
    rng: random.Random,
) -> list[Cell]:
    paired = sorted(
        (row for row in placed if placed[row].slot.joined),
        key=lambda row: (-len(placed[row].phrasing), row),
    )
    cells = [Cell(each.phrasing, (row,)) for row, each in placed.items() if not each.slot.joined]
    lengths = list(reversed(spread_over(target.compound, len(paired) // 2)))
    for length in lengths:
        first = paired.pop(0)
        rest = length - _CONNECTOR - len(placed[first].phrasing)
        second = min(
            paired,
            key=lambda row: (
                group_of[row] == group_of[first],
                categories[row] == categories[first],
                abs(len(placed[row].phrasing) - rest),
            ),
        )
        paired.remove(second)
        # Whichever of the two comes first is chance, as in the organizers' cells.
        pair = [first, second]
        rng.shuffle(pair)
        question = joined_question(placed[pair[0]].phrasing, placed[pair[1]].phrasing, rng)
        cells.append(Cell(question, (pair[0], pair[1])))
    cells += [Cell(placed[row].phrasing, (row,)) for row in paired]
    rng.shuffle(cells)
    return cells
