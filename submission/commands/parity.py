"""``leaderkit parity``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from evaluators.text.cells import visible
from submission.commands import options
from submission.terminal import numbers
from submission.terminal.output import print_json, say, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from evaluators import LeaderboardRow
    from submission.competitions import Competition
    from submission.parity import Parity, Parting, Way
    from submission.runs.ledger import Ledger

SHOWN = 5
"""Completions that part, on the terminal; JSON has all of them."""


@click.command()
@click.argument("first", metavar="RECIPE|run:NAME")
@click.argument("second", metavar="RECIPE|run:NAME")
@options.competition()
@click.option("--test", type=options.FILE, help="The test file, for recipes.")
@click.option("--train", type=options.FILE, help="Training file, for recipes that use it.")
@click.option("--references", type=options.FILE, help="Also score both against these references.")
@options.overrides()
@click.option(
    "--set-first", multiple=True, metavar="KEY=VALUE", help="As --set, for the first recipe only."
)
@click.option(
    "--set-second", multiple=True, metavar="KEY=VALUE", help="As --set, for the second recipe only."
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first rows of the test file.")
@click.option(
    "--again",
    is_flag=True,
    help="Compute the second from the start although the ledger has its answers, so that a recipe "
    "can be compared with itself.",
)
@options.encoder()
@options.ledger()
@options.as_json()
def command(
    first: str,
    second: str,
    competition: str,
    test: Path | None,
    train: Path | None,
    references: Path | None,
    overrides: tuple[str, ...],
    set_first: tuple[str, ...],
    set_second: tuple[str, ...],
    limit: int | None,
    again: bool,
    encoder: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Measure how far two ways of answering agree: engines, precisions, quantizations, versions.

    FIRST and SECOND are recipes, which are run over the test file, or finished runs (run:NAME),
    such as one that another version of an engine made. Says how many answers differ, at which token
    completions part, and with --references what that costs in score, tested row by row.
    """
    from submission.competitions import find_competition
    from submission.generation.generate import Job, generate
    from submission.parity import find_way, measure, units_of
    from submission.runs.ledger import Ledger

    _refuse_unused(
        (first, second),
        {
            "--test": (test, None),
            "--train": (train, None),
            "--limit": (limit, None),
            "--set": (overrides, None),
            "--set-first": (set_first, 0),
            "--set-second": (set_second, 1),
            "--again": (again, 1),
        },
    )
    contest = find_competition(competition)
    with Ledger(ledger) as book:
        files = [book.hash_file(path) if path else "" for path in (test, train)]
        asked = [contest.name, *files, str(limit), str(encoder)]
        ways = (
            find_way(book, first, [*overrides, *set_first], asked=[*asked, str(False)]),
            find_way(book, second, [*overrides, *set_second], asked=[*asked, str(again)]),
        )
        if ways[0].run == ways[1].run:
            raise click.UsageError(
                "Both are the same recipe, whose answers are computed once: give --again."
            )
        for way, fresh in zip(ways, (False, again), strict=True):
            if way.made:
                continue
            if test is None:
                raise click.UsageError("A recipe needs --test.")
            job = Job(
                run=way.run,
                recipe=way.recipe,
                competition=contest,
                test=test,
                train=train,
                encoder=encoder,
                limit=limit,
                fresh=fresh,
                command=options.command_line(),
            )
            generate(job, book, say).require_whole()
        found = measure(book, *ways, units_of(ways[0].recipe))
        engines = [book.run(way.run).engine for way in ways]
        cost = None
        if references is not None:
            cost = _cost(book, ways, contest, references, encoder)
    if as_json:
        print_json(_plain(found, cost, engines))
    else:
        _print(found, cost, engines)


def _refuse_unused(specs: tuple[str, str], given: Mapping[str, tuple[object, int | None]]) -> None:
    """Raise where an option is ``given``, with its value and whose it is, that has no recipe.

    An option that is of both (None) needs one of them to be a recipe.
    """
    from submission.errors import few
    from submission.parity import RUN

    made = [spec.startswith(RUN) for spec in specs]
    unused = [
        name
        for name, (value, place) in given.items()
        if value and (all(made) if place is None else made[place])
    ]
    if unused:
        raise click.UsageError(
            f"{few(unused)}: for recipes, and a run (run:NAME) is compared as it is."
        )


def _cost(
    book: Ledger,
    ways: tuple[Way, Way],
    contest: Competition,
    references: Path,
    encoder: str | None,
) -> tuple[LeaderboardRow, LeaderboardRow]:
    """The leaderboard's rows of both on the rows that they answered, the first as the baseline."""
    from submission.compare.comparison import compare
    from submission.files.digest import digest
    from submission.scoring.progress import show_progress
    from submission.scoring.scorer import Scorer
    from submission.scoring.subjects import load_references

    gold = load_references(contest.profile, references)
    answered = {part.row_id for part in book.parts(ways[0].run, 0)}
    kept = [row for row in gold.rows if row.id in answered]
    if len(kept) < len(gold.rows):
        gold = replace(gold, rows=kept, digest=digest([gold.digest, *(row.id for row in kept)]))
    scorer = Scorer.of(contest, encoder, progress=show_progress)
    one, two = (way.run for way in ways)
    rows = {row.name: row for row in compare(contest, scorer, book, [two], one, gold).rows}
    return rows[one], rows[two]


def _plain(
    found: Parity, cost: tuple[LeaderboardRow, LeaderboardRow] | None, engines: list[str]
) -> dict[str, Any]:
    return {
        "runs": [found.first, found.second],
        "engines": engines,
        "settings": found.settings,
        "rows": found.rows,
        "different": found.different,
        "agreement": found.agreement,
        "completions": found.prompts,
        "unit": found.unit,
        "partings": [parting._asdict() for parting in found.partings],
        "score": None if cost is None else [row.plain() for row in cost],
    }


def _print(
    found: Parity, cost: tuple[LeaderboardRow, LeaderboardRow] | None, engines: list[str]
) -> None:
    print_table(["Run", "Engine"], list(zip((found.first, found.second), engines, strict=True)))
    if found.settings:
        print_table(
            ["Setting", "First", "Second"],
            [(key, *map(_shown, values)) for key, values in found.settings.items()],
        )
    tell(
        f"Answers: {found.rows - found.different} of {found.rows} rows agree "
        f"({found.agreement:.1%})."
    )
    if not found.partings:
        tell(f"Completions: all {found.prompts} are the same.")
    else:
        early, middle, late = (found.quantile(share) for share in (0.25, 0.5, 0.75))
        tell(
            f"Completions: {len(found.partings)} of {found.prompts} differ; the first "
            f"{found.unit} that differs is number {middle:.0f} in the median (quartiles "
            f"{early:.0f} and {late:.0f}, earliest {found.partings[0].place})."
        )
        print_table(
            ["Id", found.unit.capitalize(), "Shared", "First", "Second"],
            [_parting(each) for each in found.partings[:SHOWN]],
        )
    if cost is not None:
        _print_cost(*cost)


def _print_cost(one: LeaderboardRow, two: LeaderboardRow) -> None:
    scores = f"Score: {numbers.score(one.score)} and {numbers.score(two.score)}"
    if two.p_value is None:
        tell(f"{scores}.")
    else:
        interval = numbers.interval(two.difference_low, two.difference_high, signed=True)
        tell(
            f"{scores}, difference {numbers.difference(two.difference)} (95% {interval}, "
            f"paired p = {two.p_value:.3f})."
        )
    if two.proxy:
        tell(f"Proxy: {two.proxy}.", style="yellow")


def _parting(each: Parting) -> tuple[str, ...]:
    return each.id, str(each.place), *map(visible, (each.shared, each.first, each.second))


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)
