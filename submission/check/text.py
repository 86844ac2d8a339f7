"""Answer texts: present, on one line, without a model's own marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from submission.check.findings import Finding, error, warning
from submission.check.leftovers import Leftover, leftovers
from submission.competitions.format import SubmissionFormat
from submission.tables import Table

_JAMO = re.compile("[\u1100-\u11ff\ufffd\u115f\u1160\u3164\uffa0]")


def check_text(
    submission: SubmissionFormat, table: Table, special_tokens: Sequence[str] = ()
) -> Iterator[Finding]:
    """Findings on the answer columns; ``special_tokens`` are those of the model that answered."""
    kinds = leftovers(special_tokens)
    for field in submission.fields.values():
        if field.column in table.columns:
            if not field.may_be_empty:
                yield from _rows(
                    table,
                    field.column,
                    lambda text: not text.strip(),
                    error,
                    "text-empty",
                    "answers are empty",
                )
            if field.kind == "text":
                yield from _foreign(table, field.column, kinds)


def _foreign(table: Table, column: str, kinds: Sequence[Leftover]) -> Iterator[Finding]:
    texts = table.column(column)
    whole = "\n".join(texts)
    for kind in kinds:
        if not kind.pattern.search(whole):
            continue  # as in most files, and ten times as fast as to ask every row
        found = [
            (line, match[0])
            for line, text in zip(table.lines, texts, strict=True)
            if (match := kind.pattern.search(text))
        ]
        if found:
            line, example = found[0]
            yield warning(
                kind.code,
                f"{len(found)} answers hold {kind.what}, such as {_shown(example)}; first "
                f"in row {line}, column '{column}'. To mend it: {kind.way_out}.",
                row=line,
                column=column,
                count=len(found),
            )
    yield from _rows(
        table,
        column,
        lambda text: "\n" in text or "\r" in text,
        warning,
        "text-newline",
        "answers hold line breaks",
    )


def check_lengths(
    submission: SubmissionFormat, table: Table, id_column: str, asked: Mapping[str, str]
) -> Iterator[Finding]:
    """Findings on answers that must be as long as what they were asked for, by id."""
    column = submission.answer
    if not asked or column is None or not {column, id_column} <= {*table.columns}:
        return

    def off(values: Mapping[str, str]) -> bool:
        given = asked.get(values[id_column])
        return given is not None and len(given) != len(values[column])

    wrong = [record for record in table.records if off(record.values)]
    if wrong:
        first = wrong[0].values
        yield error(
            "text-length",
            f"{len(wrong)} answers are not as long as their '{submission.same_length_as}'; first "
            f"in row {wrong[0].line}: {len(first[column])} characters where "
            f"{len(asked[first[id_column]])} belong.",
            row=wrong[0].line,
            column=column,
            count=len(wrong),
        )


def _rows(
    table: Table,
    column: str,
    wrong: Callable[[str], bool],
    make: Callable[..., Finding],
    code: str,
    what: str,
) -> Iterator[Finding]:
    texts = table.column(column)
    lines = [line for line, text in zip(table.lines, texts, strict=True) if wrong(text)]
    if lines:
        yield make(
            code,
            f"{len(lines)} {what}; first in row {lines[0]}, column '{column}'.",
            row=lines[0],
            column=column,
            count=len(lines),
        )


def _shown(text: str) -> str:
    """``text`` in quotes; characters that cannot be told apart by sight as their numbers."""
    codes = " ".join(f"U+{ord(character):04X}" for character in text)
    return f"'{text}'" if text.isprintable() and not _JAMO.search(text) else codes
