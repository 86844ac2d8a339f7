"""``leaderkit show``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from evaluators.text.cells import shortened
from submission.commands import options
from submission.terminal import numbers
from submission.terminal.output import print_json, tell
from submission.terminal.tables import INTERVAL, print_facts, print_table

if TYPE_CHECKING:
    from submission.recipes.degenerate import Degenerate
    from submission.runs.answers import Answer

LONGEST = 160
"""Characters of a question or an answer that are shown."""

EXAMPLES = 5
"""How many degenerate answers are shown of each kind."""


@click.command()
@click.argument("run")
@options.ledger()
@options.as_json()
def command(run: str, ledger: Path, as_json: bool) -> None:
    """Show RUN: its recipe, progress, degenerate answers, scores and submissions.

    An answer is degenerate if it is empty, was cut off at the length limit, had a prompt longer
    than the model's context, repeats question or prompt, loops, is in another language, or is given
    to many different questions.
    """
    from submission.recipes.degenerate import Degenerate
    from submission.runs.answers import count_degenerate, run_answers

    with options.open_existing(ledger) as book:
        record = book.run(run)
        progress = book.progress(run)
        scores = book.scores(run)
        submissions = book.submissions(run)
        retries = [{"rows": rows, "sampling": sampling} for sampling, rows in book.retries(run)]
        answers = run_answers(book, run, partial=True)
        counts = count_degenerate(book, run, partial=True)
    report = {
        **asdict(record),
        "recipe": json.loads(record.recipe),
        **asdict(progress),
        "tokens_per_second": _speed(record.generated, record.seconds),
        "degenerate": counts,
        "mended": sum(answer.replaced for answer in answers),
        "retries": retries,
        "degenerate_rows": {kind.value: _rows(answers, kind) for kind in Degenerate},
        "scores": scores,
        "submissions": submissions,
    }
    if as_json:
        print_json(report)
    else:
        _print(report)


def _speed(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if seconds > 0 else None


def _rows(answers: list[Answer], kind: Degenerate) -> list[dict[str, str]]:
    found = [answer for answer in answers if kind in answer.degenerate]
    return [
        {"id": answer.id, "question": answer.question, "answer": answer.text}
        for answer in found[:EXAMPLES]
    ]


def _print(report: dict[str, Any]) -> None:
    from submission.recipes.degenerate import Degenerate

    print_facts(_facts(report))
    for kind in Degenerate:
        if rows := report["degenerate_rows"][kind]:
            tell()
            print_table(
                ["Id", "Question", "Answer"],
                [
                    (
                        row["id"],
                        shortened(row["question"], LONGEST),
                        shortened(row["answer"], LONGEST),
                    )
                    for row in rows
                ],
                title=f"{kind.words.capitalize()}: {report['degenerate'][kind]}",
            )
    if report["scores"]:
        tell()
        print_table(
            ["Metric", "Score", INTERVAL, "Rows", "", "Signature"],
            [_score(score) for score in report["scores"]],
        )
    if report["submissions"]:
        tell()
        print_table(
            ["Submission", "Written", "May be uploaded"],
            [
                (each["path"], each["created"], "yes" if each["uploadable"] else "no")
                for each in report["submissions"]
            ],
            names=False,
        )


def _facts(report: dict[str, Any]) -> list[tuple[str, str]]:
    speed, finished = report["tokens_per_second"], report["finished"]
    spent = f"{report['generated']} tokens in {numbers.seconds(report['seconds'])} s"
    done = f"{report['done']} of {report['rows']} rows"
    if report["done"] < report["rows"]:
        done += ", resumed by the command below"
    return [
        ("Run", report["name"]),
        ("Competition", report["competition"]),
        ("Test file", report["test_file"]),
        ("Recipe", report["recipe"]["name"]),
        ("Engine", report["engine"]),
        ("Answered", done),
        ("Answers replaced", f"{report['mended']} rows" if report["mended"] else ""),
        *(("Retried with", _retry(each)) for each in report["retries"]),
        ("Spent", spent + (f" ({speed:.0f} tokens/s)" if speed else "")),
        ("Started", f"{numbers.minute(report['created'])} UTC"),
        ("Finished", f"{numbers.minute(finished)} UTC" if finished else "not yet"),
        ("Command", report["command"]),
    ]


def _retry(retry: dict[str, Any]) -> str:
    given = {name: value for name, value in retry["sampling"].items() if value not in ([], None)}
    told = ", ".join(f"{name} {value}" for name, value in given.items())
    return f"{told} ({retry['rows']} rows)"


def _score(kept: dict[str, Any]) -> tuple[str, ...]:
    return (
        kept["metric"],
        numbers.score(kept["value"]),
        numbers.interval(kept.get("low"), kept.get("high")),
        str(kept.get("n", "")),
        "proxy" if kept.get("proxy") else "",
        kept["signature"],
    )
