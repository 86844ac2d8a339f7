"""The latest rows as the test set: a contest whose test file is newer than its training file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from submission.errors import InputError
from submission.holdout.draw import Draw, category_shares, quotas, require_several
from submission.holdout.groups import Group


def latest(
    groups: Sequence[Group],
    dates: Sequence[datetime],
    categories: Sequence[str],
    share: Fraction,
) -> Draw:
    """Hold out the latest rows, as near to ``share`` of them as whole dates and groups allow.

    A group is as late as its latest row, so that train ends before the test set begins; rows of one
    date stay on one side. Raises :class:`InputError` where that leaves a side empty.
    """
    require_several(groups, len(dates))
    of_group = {group: max(dates[row] for row in group) for group in groups}
    rows_at: dict[datetime, int] = {}
    for group, date in of_group.items():
        rows_at[date] = rows_at.get(date, 0) + len(group)
    if len(rows_at) == 1:
        raise InputError(
            "--by-time: all rows have the same latest date, so none is later than the rest."
        )
    held, cuts = 0, []
    for date in sorted(rows_at, reverse=True)[:-1]:
        held += rows_at[date]
        cuts.append((abs(held - share * len(dates)), date))
    _, cut = min(cuts, key=lambda found: found[0])
    rows = {row for group, date in of_group.items() if date >= cut for row in group}
    counts = Counter(categories)
    wanted = quotas({name: share * n for name, n in counts.items()})
    earlier = sum(dates[row] < cut for row in rows)
    return Draw(
        tuple(sorted(rows)),
        category_shares(categories, wanted, rows),
        tuple(_warnings(cut, earlier, len(rows), sum(wanted.values()))),
    )


def _warnings(cut: datetime, earlier: int, rows: int, wanted: int) -> list[str]:
    messages = []
    if earlier:
        messages.append(
            f"{earlier} of the rows held out are from before {cut.isoformat(sep=' ')}: they belong "
            "together with later rows."
        )
    if abs(rows - wanted) > max(1, wanted // 10):
        messages.append(
            f"{rows} rows held out, {wanted} wanted; rows of one date stay on one side."
        )
    return messages
