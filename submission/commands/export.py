"""``leaderkit export``."""

from __future__ import annotations

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

    Answers are written exactly as they are, because other tools score the file. A spreadsheet
    may take one that begins with =, +, - or @ for a formula: import the column as text there.
    """
    from submission.errors import InputError
    from submission.runs.answers import run_answers

    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out}: name a file that ends in {', '.join(SUFFIXES)}.")
    with options.open_existing(ledger) as book:
        rows = book.progress(book.run(run).name)
        answers = run_answers(book, run, sample=sample, partial=partial)
    if not answers:
        raise InputError(f"Run '{run}' has no answered row yet.")
    _write(out, answers)
    share = f" of {rows.rows}" if len(answers) < rows.rows else ""
    say(f"Wrote {out}: {len(answers)}{share} rows.")


def _write(out: Path, answers: list[Answer]) -> None:
    from submission.tables import write_csv, write_json, write_jsonl

    rows = [(answer.id, answer.question, answer.text) for answer in answers]
    if out.suffix.lower() == ".csv":
        write_csv(out, COLUMNS, rows, bom=False)
    else:
        write = write_json if out.suffix.lower() == ".json" else write_jsonl
        write(out, (dict(zip(COLUMNS, row, strict=True)) for row in rows))
