"""Groups of rows dealt out to folds, so that every row is held out once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from submission.errors import InputError
from submission.holdout.draw import require_several, strata_of
from submission.holdout.groups import Group


def deal(
    groups: Sequence[Group],
    categories: Sequence[str],
    labels: Sequence[str],
    folds: int,
    rng: random.Random,
) -> list[tuple[int, ...]]:
    """The rows of each fold, ascending: whole groups, with categories and labels spread evenly.

    Large groups come first, each into the fold that lacks most of what it holds. Raises
    :class:`InputError` where there are fewer groups than folds.
    """
    rows = len(categories)
    require_several(groups, rows)
    if len(groups) < folds:
        raise InputError(
            f"--folds {folds}: the {rows} rows are only {len(groups)} groups of rows that belong "
            "together (shared answers or contexts, or similar questions). Give fewer folds; where "
            "questions join the rows, a higher --similarity makes more groups."
        )
    strata = strata_of(categories, labels)
    total = Counter(stratum for each in strata for stratum in each)
    shuffled = list(groups)
    rng.shuffle(shuffled)
    shuffled.sort(key=len, reverse=True)
    held: list[list[int]] = [[] for _ in range(folds)]
    counts: list[Counter[object]] = [Counter() for _ in range(folds)]
    for number, group in enumerate(shuffled):
        size = Counter(stratum for row in group for stratum in strata[row])
        empty = [fold for fold in range(folds) if not held[fold]]
        left = len(shuffled) - number
        fold = min(
            empty if len(empty) == left else range(folds),
            key=lambda fold: (
                len(group) * len(held[fold]) / rows
                + sum(n * counts[fold][stratum] / total[stratum] for stratum, n in size.items()),
                fold,
            ),
        )
        held[fold] += group
        counts[fold].update(size)
    return [tuple(sorted(rows)) for rows in held]


def uneven(held: Sequence[Sequence[int]], groups: Sequence[Group]) -> list[str]:
    """A warning where folds differ in size by more than two rows and a tenth of their mean."""
    sizes = [len(rows) for rows in held]
    if max(sizes) - min(sizes) <= max(2, sum(sizes) // (10 * len(sizes))):
        return []
    message = (
        f"Folds hold {min(sizes)} to {max(sizes)} rows: rows that belong together stay in one "
        f"fold (the largest group: {max(map(len, groups))})."
    )
    return [message]
