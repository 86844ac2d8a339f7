"""``leaderkit export``."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import say

if TYPE_CHECKING:
    from submission.runs.answers import Answer

SUFFIXES = (".csv", ".json", ".jsonl")
COLUMNS = ("id", "question", "answer")
PROBABILITIES = "probabilities"


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
@click.option(
    "--thinking", is_flag=True, help="Write what the model thought as well, in a fourth column."
)
@options.ledger()
def command(run: str, out: Path, partial: bool, sample: int, thinking: bool, ledger: Path) -> None:
    """Write RUN's answers to a file: id, question and answer of every row.

    Answers that were chosen by likelihood have the probability of every label as well, in a
    column 'probabilities' (JSON).

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
        thoughts = book.thinking(run, sample) if thinking else None
        chosen = book.has_likelihoods(run)
        written = _write(out, itertools.chain([first], answers), thoughts, chosen=chosen)
        rows = book.rows(run, sample).rows if partial else written
    share = f" of {rows}" if written < rows else ""
    say(f"Wrote {out}: {written}{share} rows.")


def _write(
    out: Path, answers: Iterable[Answer], thoughts: Mapping[str, str] | None, *, chosen: bool
) -> int:
    """Write the answers as they are read; returns how many there are."""
    from submission.tables import write_csv, write_json, write_jsonl

    count = itertools.count()
    table = out.suffix.lower() == ".csv"
    further: dict[str, Callable[[Answer], Any]] = {}
    if thoughts is not None:
        further["thinking"] = lambda answer: thoughts.get(answer.id, "")
    if chosen:
        further[PROBABILITIES] = lambda answer: _probabilities(answer, as_text=table)
    columns = (*COLUMNS, *further)
    rows = (
        (*answer[:3], *(cell(answer) for cell in further.values()))
        for answer, _ in zip(answers, count, strict=False)
    )
    if table:
        write_csv(out, columns, rows, bom=False)
    else:
        write = write_json if out.suffix.lower() == ".json" else write_jsonl
        write(out, (dict(zip(columns, row, strict=True)) for row in rows))
    return next(count)


def _probabilities(answer: Answer, *, as_text: bool) -> Any:
    known = answer.probabilities
    if as_text:
        return "" if known is None else json.dumps(known, ensure_ascii=False)
    return known
