"""``leaderkit export``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.output import say

if TYPE_CHECKING:
    from submission.runs.answers import Answer

SUFFIXES = (".csv", ".json", ".jsonl")
COLUMNS = ("id", "question", "answer")


@click.command()
@click.argument("run")
@click.option(
    "--out",
    type=options.PLACE,
    required=True,
    help="File to write; it ends in .csv, .json or .jsonl.",
)
@click.option("--partial", is_flag=True, help="Write the answered rows of an unfinished run.")
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Which of several answers per prompt, counted from 0.",
)
@options.ledger()
def command(run: str, out: Path, partial: bool, sample: int, ledger: Path) -> None:
    """Write RUN's answers to a file: id, question and answer of every row.

    Answers are written exactly as they are, because other tools score the file. A spreadsheet may
    read an answer that begins with =, +, - or @ as a formula: import the column as text there.
    """
    from submission.errors import InputError
    from submission.runs.answers import stream_answers

    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out}: name a file that ends in {', '.join(SUFFIXES)}.")
    with options.open_existing(ledger) as book:
        answers = stream_answers(book, run, sample=sample, partial=partial)
        first = next(answers, None)
        if first is None:
            raise InputError(f"Run '{run}' has no answered row yet.")
        written = _write(out, itertools.chain([first], answers))
        rows = book.rows(run, sample).rows if partial else written
    share = f" of {rows}" if written < rows else ""
    say(f"Wrote {out}: {written}{share} rows.")


def _write(out: Path, answers: Iterable[Answer]) -> int:
    """Write the answers as they are read; returns how many there are."""
    from submission.tables import write_csv, write_json, write_jsonl

    count = itertools.count()
    rows = (answer[:3] for answer, _ in zip(answers, count, strict=False))
    if out.suffix.lower() == ".csv":
        write_csv(out, COLUMNS, rows, bom=False)
    else:
        write = write_json if out.suffix.lower() == ".json" else write_jsonl
        write(out, (dict(zip(COLUMNS, row, strict=True)) for row in rows))
    return next(count)
