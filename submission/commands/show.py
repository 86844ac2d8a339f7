"""``leaderkit show``."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from math import nan
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import rich_click as click

from evaluators.text.cells import shortened
from submission.commands import options
from submission.errors import few
from submission.terminal import numbers
from submission.terminal.output import print_json, say, tell, warn
from submission.terminal.tables import INTERVAL, print_facts, print_table

if TYPE_CHECKING:
    from submission.engines.account import Account
    from submission.recipes.degenerate import Degenerate
    from submission.runs.answers import Answer

LONGEST = 160
"""Characters of a question or an answer that are shown."""

EXAMPLES = 5
"""How many degenerate answers are shown of each kind."""


@click.command()
@click.argument("run")
@click.option("--row", metavar="ID", help="Show one row instead: question, completion, its end.")
@click.option("--prompt", is_flag=True, help="With --row: the prompt as the model saw it.")
@click.option("--tokens", is_flag=True, help="With --row: the prompt, and each of its tokens.")
@click.option("--thinking", is_flag=True, help="With --row: what the model thought.")
@click.option(
    "--part",
    type=click.IntRange(min=0),
    default=0,
    help="With --row: which part of a question asked in parts, counted from 0.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=0,
    help="With --row: which of several answers per prompt, counted from 0.",
)
@options.competition(required=False)
@options.ledger()
@options.as_json()
def command(
    run: str,
    row: str | None,
    prompt: bool,
    tokens: bool,
    thinking: bool,
    part: int,
    sample: int,
    competition: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Show RUN: its recipe, progress, degenerate answers, scores and submissions.

    With --row one of its rows. Special tokens of a prompt stand in « ».

    An answer is degenerate if it is empty, was cut off at the length limit, had a prompt longer
    than the model's context, repeats question or prompt, loops, is in another language, or is given
    to many different questions.
    """
    from submission.recipes.degenerate import Degenerate
    from submission.runs.answers import count_degenerate, run_answers
    from submission.runs.costs import spent_on

    if row is not None:
        _show_row(
            run,
            row,
            (part, sample),
            competition,
            ledger,
            prompt=prompt or tokens,
            tokens=tokens,
            thinking=thinking,
            as_json=as_json,
        )
        return
    if prompt or tokens or thinking or part or sample or competition:
        raise click.UsageError("--prompt, --tokens, --thinking, --part, --sample need --row ID.")
    with options.open_existing(ledger) as book:
        record = book.run(run)
        progress = book.progress(run)
        scores = book.scores(run)
        submissions = book.submissions(run)
        use = book.example_use(run)
        retries = [{"rows": rows, "sampling": sampling} for sampling, rows in book.retries(run)]
        answers = run_answers(book, run, partial=True)
        counts = count_degenerate(book, run, partial=True)
        settings = [each._asdict() for each in book.settings(run)]
        failures = Counter(book.failures(run).values())
        account = spent_on(book, run)
    report = {
        **asdict(record),
        "recipe": json.loads(record.recipe),
        **asdict(progress),
        "tokens_per_second": _speed(record.generated, record.seconds),
        "account": account and asdict(account),
        "degenerate": counts,
        "mended": sum(answer.replaced for answer in answers),
        "retries": retries,
        "examples": None if use is None else use._asdict(),
        "chosen": _chosen(answers),
        "degenerate_rows": {kind.value: _rows(answers, kind) for kind in Degenerate},
        "failures": dict(failures.most_common()),
        "settings": settings,
        "scores": scores,
        "submissions": submissions,
    }
    if as_json:
        print_json(report)
    else:
        _print(report, account)


def _show_row(
    run: str,
    row: str,
    which: tuple[int, int],
    competition: str | None,
    ledger: Path,
    *,
    prompt: bool,
    tokens: bool,
    thinking: bool,
    as_json: bool,
) -> None:
    from submission.commands.views.row import print_row, row_report
    from submission.competitions import find_competition
    from submission.errors import InputError
    from submission.generation.seen import seen_prompt
    from submission.runs.answers import require_marked, run_recipe

    with options.open_existing(ledger) as book:
        recipe = run_recipe(book, run)
        require_marked(book, run, recipe, which[1], partial=True)
        of_row = [part for part in book.parts(run, which[1]) if part.row_id == row]
        if not of_row:
            raise InputError(f"Run '{run}' has no row '{row}'.")
        part = next((each for each in of_row if each.part == which[0]), None)
        if part is None:
            raise InputError(f"Row '{row}' of run '{run}' was asked in {len(of_row)} parts.")
        seen = None
        if prompt:
            contest = find_competition(competition or book.run(run).competition)
            seen = seen_prompt(book, run, part, contest, say)
            if not seen.same:
                warn(
                    "the model saw another prompt, or is another model, than what is here now: "
                    "the row's key differs from the run's"
                )
        evidence = book.evidence(run, part.position, part.part)
    report = row_report(part, recipe, seen, evidence)
    if as_json:
        print_json(report)
    else:
        print_row(report, seen, thinking=thinking, tokens=tokens)


def _speed(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if seconds > 0 else None


def _chosen(answers: list[Answer]) -> dict[str, float] | None:
    """How many answers were chosen by likelihood, and the mean of their probabilities."""
    known = [max(each.probabilities.values()) for each in answers if each.probabilities]
    return {"rows": len(known), "mean_probability": fmean(known)} if known else None


def _rows(answers: list[Answer], kind: Degenerate) -> list[dict[str, str]]:
    found = [answer for answer in answers if kind in answer.degenerate]
    return [
        {"id": answer.id, "question": answer.question, "answer": answer.text}
        for answer in found[:EXAMPLES]
    ]


def _print(report: dict[str, Any], account: Account | None) -> None:
    from submission.recipes.degenerate import Degenerate

    print_facts(_facts(report, account))
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


def _facts(report: dict[str, Any], account: Account | None) -> list[tuple[str, str]]:
    from submission.commands.views.reports import account_line

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
        ("Examples", _examples(report["examples"])),
        ("Date in prompts", report["recipe"]["prompt"].get("date", "")),
        ("Answered", done),
        ("Answers replaced", f"{report['mended']} rows" if report["mended"] else ""),
        ("Chosen by likelihood", _told(report["chosen"])),
        *(("Retried with", _retry(each)) for each in report["retries"]),
        ("Spent", spent + (f" ({speed:.0f} tokens/s)" if speed else "")),
        ("Account", account_line(account) if account else ""),
        *(("Failed", f"{count}: {why}") for why, count in report["failures"].items()),
        ("Applied", "\n".join(map(_setting, report["settings"]))),
        ("Started", f"{numbers.minute(report['created'])} UTC"),
        ("Finished", f"{numbers.minute(finished)} UTC" if finished else "not yet"),
        ("Command", report["command"]),
    ]


def _examples(use: dict[str, Any] | None) -> str:
    if use is None:
        return ""
    cut = [f"{prompts} prompts lost {count}" for count, prompts in sorted(use["left_out"].items())]
    return f"of {use['file']}" + (f"; {few(cut)}, for lack of context" if cut else "")


def _told(chosen: dict[str, float] | None) -> str:
    if chosen is None:
        return ""
    mean = numbers.score(chosen["mean_probability"])
    return f"{chosen['rows']} rows, mean probability {mean}"


def _retry(retry: dict[str, Any]) -> str:
    given = {name: value for name, value in retry["sampling"].items() if value not in ([], None)}
    told = ", ".join(f"{name} {value}" for name, value in given.items())
    return f"{told} ({retry['rows']} rows)"


def _setting(setting: dict[str, Any]) -> str:
    told = f"{setting['name']} {setting['applied']}"
    return f"{told} (asked: {setting['asked']})" if setting["differs"] else told


def _score(kept: dict[str, Any]) -> tuple[str, ...]:
    return (
        kept["metric"],
        numbers.score(kept["value"]),
        numbers.interval(*(nan if kept[end] is None else kept[end] for end in ("low", "high"))),
        str(kept.get("n", "")),
        "proxy" if kept.get("proxy") else "",
        kept["signature"],
    )
