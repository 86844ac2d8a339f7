"""Answer texts: present, on one line, without a model's own marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from submission.check.findings import Finding, error, warning
from submission.competitions.profile import SubmissionFormat
from submission.tables import Table

# What chat and language models write around their text: <s>, </s>, <eos>, <|eot_id|>,
# <start_of_turn>, [INST].
MARKS = re.compile(r"</?s>|<(?:eos|bos|pad|unk)>|<\|[^|<>]{1,40}\|>|</?\w+_of_turn>|\[/?INST\]")


def check_text(submission: SubmissionFormat, table: Table) -> Iterator[Finding]:
    """Findings on the answer column, where the competition has one."""
    column = submission.answer
    if column is None or column not in table.columns:
        return
    yield from _rows(
        table, column, lambda text: not text.strip(), error, "text-empty", "answers are empty"
    )
    yield from _rows(
        table,
        column,
        lambda text: ("<" in text or "[" in text) and MARKS.search(text) is not None,
        warning,
        "text-marks",
        "answers hold a model's special tokens, such as </s>",
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
    if column is None or column not in table.columns or id_column not in table.columns:
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
