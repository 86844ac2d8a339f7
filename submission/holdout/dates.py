"""When a training row is from, by a column with dates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from submission.errors import InputError
from submission.tables import Table

FORMATS = "2024-01-31, 2024-01-31 09:30, 20240131, 2024.1.31, 2024/1/31 or 2024년 1월 31일"

_DAY = r"(?P<day>\d{1,2})"
_DATE = re.compile(
    r"(?P<year>\d{4})"
    rf"(?:(?P<mark>[-./])\s?(?P<month>\d{{1,2}})(?:(?P=mark)\s?{_DAY})?\.?"
    rf"|년(?:\s*(?P<months>\d{{1,2}})월(?:\s*(?P<days>\d{{1,2}})일)?)?)"
    r"(?:\s*(?:\([월화수목금토일]\))?[T\s]*(?P<time>\S.*))?"
)
_TIME = re.compile(
    r"(?P<half>오전|오후)?\s*(?P<hour>\d{1,2})(?::|시\s*)(?:(?P<minute>\d{1,2})분?)?"
    r"(?::?\s*(?P<second>\d{1,2})(?P<part>\.\d+)?초?)?"
)
_NOON = 12
_SIXTY = 60


def read_dates(table: Table, column: str) -> list[datetime]:
    """The date of every row; a month or year counts from its first day.

    Raises :class:`InputError` for a missing column, a cell that is no date, and dates of which only
    some have a time zone.
    """
    dates: list[datetime] = []
    for index, cell in enumerate(table.column(column)):
        date = _date(cell.strip())
        where = table.where(index, column)
        if date is None:
            raise InputError(f"{where}: {cell!r} is not a date such as {FORMATS}.")
        if dates and (date.tzinfo is None) != (dates[0].tzinfo is None):
            raise InputError(
                f"{where}: {cell!r} has {'no' if date.tzinfo is None else 'a'} time zone, unlike "
                "the first row. Write all dates in the same way."
            )
        dates.append(date)
    return dates


def _date(text: str) -> datetime | None:
    try:
        return _zoned(datetime.fromisoformat(text))
    except ValueError:
        pass
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    month = found["month"] or found["months"] or 1
    day = found["day"] or found["days"] or 1
    time = _time(found["time"] or "0:00")
    try:
        begins = datetime(int(found["year"]), int(month), int(day))  # noqa: DTZ001 -- as written
    except ValueError:
        return None
    return None if time is None else begins + time


def _zoned(date: datetime) -> datetime:
    return date if date.tzinfo is None else date.astimezone(UTC)


def _time(text: str) -> timedelta | None:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if found["half"] is not None:
        hour = hour % _NOON + (_NOON if found["half"] == "오후" else 0)
    if hour >= 2 * _NOON or max(minute, second) >= _SIXTY:
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second + float(found["part"] or 0))
