"""``leaderkit show``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from evaluators.text.cells import shortened
from submission.commands import options
from submission.terminal.output import print_json, tell
from submission.terminal.tables import print_facts, print_table

if TYPE_CHECKING:
    from submission.runs.answers import Answer

LONGEST = 160
"""Characters of a question or an answer that are shown."""

EXAMPLES = 5
"""How many useless answers are shown of each kind."""

TROUBLES = {
    "empty": "Empty",
    "cut_off": "Cut off by length",
    "too_long": "Prompt longer than the context",
    "echoed": "Echoing the question",
    "looping": "Looping",
    "wrong_language": "In another language",
    "duplicated": "Given to many questions",
}


@click.command()
@click.argument("run")
@options.ledger()
@options.as_json()
def command(run: str, ledger: Path, as_json: bool) -> None:
    """Show RUN: its recipe, how far it is, its useless answers, scores and submissions.

    An answer is of no use where it is empty, was cut off at the length limit, had a prompt longer
    than the model's context, repeats question or prompt, loops, is in another language, or is given
    to many different questions.
    """
    from submission.runs.answers import degenerate, run_answers

    with options.open_existing(ledger) as book:
        record = book.run(run)
        progress = book.progress(run)
        scores = book.scores(run)
        submissions = book.submissions(run)
        answers = run_answers(book, run, partial=True)
    report = {
        **asdict(record),
        "recipe": json.loads(record.recipe),
        **asdict(progress),
        "tokens_per_second": _speed(record.generated, record.seconds),
        "degenerate": asdict(degenerate(answers)),
        "mended": sum(answer.mended for answer in answers),
        "degenerate_rows": {name: _rows(answers, name) for name in TROUBLES},
        "scores": scores,
        "submissions": submissions,
    }
    if as_json:
        print_json(report)
    else:
        _print(report)


def _speed(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if seconds > 0 else None


def _rows(answers: list[Answer], trouble: str) -> list[dict[str, str]]:
    found = [answer for answer in answers if trouble in answer.flaws]
    return [
        {"id": answer.id, "question": answer.question, "answer": answer.text}
        for answer in found[:EXAMPLES]
    ]


def _print(report: dict[str, Any]) -> None:
    print_facts(_facts(report))
    for trouble, title in TROUBLES.items():
        if rows := report["degenerate_rows"][trouble]:
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
                title=f"{title}: {report['degenerate'][trouble]}",
            )
    if report["scores"]:
        tell()
        print_table(
            ["Metric", "Value", "95 % interval", "Rows", "Signature"],
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
    speed = report["tokens_per_second"]
    spent = f"{report['generated']} tokens in {report['seconds']:.1f} s"
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
        ("Generated anew", f"{report['mended']} rows" if report["mended"] else ""),
        ("Spent", spent + (f" ({speed:.0f} tokens/s)" if speed else "")),
        ("Started", report["created"]),
        ("Finished", report["finished"] or "not yet"),
        ("Command", report["command"]),
    ]


def _score(score: dict[str, Any]) -> tuple[str, ...]:
    name = score["metric"] + (" (proxy)" if score.get("proxy") else "")
    interval = f"{score['low']:.5f} .. {score['high']:.5f}" if "low" in score else ""
    return name, f"{score['value']:.5f}", interval, str(score.get("n", "")), score["signature"]
