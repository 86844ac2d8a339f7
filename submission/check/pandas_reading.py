"""What pandas, which most organizers' scorers read CSV files with, makes of answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet

from submission.check.findings import Finding, error, warning
from submission.competitions.format import SubmissionFormat
from submission.records.vectors import read_number
from submission.tables import Table

# What `pandas.read_csv` documents under `na_values`; importing pandas would double the time.
MISSING = frozenset(
    {
        "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN",
        "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan", "null",
    }
)  # fmt: skip
_TRUTHS = frozenset({"true", "false"})
_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)


def check_pandas_reading(submission: SubmissionFormat, table: Table) -> Iterator[Finding]:
    """Findings on answers that ``pandas.read_csv`` would read as missing, or change."""
    if submission.format != "csv":
        return
    for field in submission.fields.values():
        if field.column not in table.columns:
            continue
        texts = table.column(field.column)
        if not submission.na_as_text:
            yield from _missing(table, field.column, texts)
        if field.kind in {"text", "label"}:
            yield from _changed(submission, table, field.column, texts)


def _missing(table: Table, column: str, texts: Sequence[str]) -> Iterator[Finding]:
    rows = [row for row, text in enumerate(texts) if text in MISSING]
    if rows:
        line = table.lines[rows[0]]
        yield error(
            "text-na",
            f"{len(rows)} answers in column '{column}' are missing values to pandas; first "
            f"'{texts[rows[0]]}' in row {line}. Quotes around them do not help: answer in other "
            "words, or set submission.na_as_text if the organizer reads with "
            "keep_default_na=False.",
            row=line,
            column=column,
            count=len(rows),
        )


def _changed(
    submission: SubmissionFormat, table: Table, column: str, texts: Sequence[str]
) -> Iterator[Finding]:
    read = _read(texts, frozenset() if submission.na_as_text else MISSING | {""})
    rows = [row for row, (text, made) in enumerate(zip(texts, read, strict=True)) if text != made]
    if rows:
        text, line = texts[rows[0]], table.lines[rows[0]]
        yield warning(
            "text-as-number",
            f"pandas reads column '{column}' as values and not as texts, and {len(rows)} "
            f"answers change; first '{text}' in row {line}, which becomes {read[rows[0]]}. It "
            "matters where texts are compared.",
            row=line,
            column=column,
            count=len(rows),
        )


def _read(texts: Sequence[str], missing: AbstractSet[str]) -> Sequence[str]:
    """What each cell of a column prints as once pandas has read it; a missing one as it is.

    A column whose cells are all of one kind is integers, which cannot be missing, or floats, or
    truth values; any other is texts.
    """
    given = {text for text in texts if text not in missing}
    whole = {text: int(text) for text in given if _WHOLE.fullmatch(text)}
    if not _fits(whole.values()):
        return texts
    if len(whole) == len(set(texts)):
        made = {text: str(value) for text, value in whole.items()}
    elif all(map(_is_number, given)):
        made = {text: repr(read_number(text)) for text in given}
    elif all(text.lower() in _TRUTHS for text in given):
        made = {text: text.capitalize() for text in given}
    else:
        return texts
    return [made.get(text, text) for text in texts]


def _fits(values: Collection[int]) -> bool:
    """Whether pandas has a type for the integers: 64 bits, with a sign or without."""
    low, high = min(values, default=0), max(values, default=0)
    return low >= -(2**63) and high < (2**63 if low < 0 else 2**64)


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except ValueError:
        return False
    return True
