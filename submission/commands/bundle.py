"""``leaderkit bundle``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import rich_click as click
from click.core import ParameterSource

from submission.commands import options
from submission.terminal.output import print_json, say, tell, warn
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.bundle.rehearsal.rehearse import Rehearsal
    from submission.bundle.write import Bundle

GIB = 2**30
SHOWN = 5
"""Rows that differ, on the terminal; JSON has all of them."""


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--out", type=options.PLACE, metavar="FOLDER", help="The new folder to write.")
@click.option(
    "--rehearse",
    type=options.PLACE,
    metavar="FOLDER",
    help="Instead of RUN: run a bundle that is written, and compare its submission.",
)
@options.competition(required=False)
@click.option(
    "--engine",
    type=click.Choice(["vllm", "transformers"]),
    help="Engine of the script instead of the run's.",
)
@click.option(
    "--target",
    metavar="VERSIONS|COMPETITION",
    help="The organizer's versions, such as python3.10,torch2.1,cuda11.8, or a competition that "
    "declares them; else the run's competition.",
)
@click.option(
    "--weights",
    type=click.Choice(["copy", "hash"]),
    default="copy",
    show_default=True,
    help="Put the weights into the folder, or only their SHA-256.",
)
@click.option("--wheels", is_flag=True, help="Download the required packages into wheels/.")
@click.option("--test", type=options.FILE, help="The run's test file, if it has moved.")
@click.option(
    "--template",
    type=options.FILE,
    help="The organizer's template, instead of that of the run's last submission.",
)
@click.option(
    "--python",
    metavar="PROGRAM",
    help="With --rehearse: another interpreter, such as one with the organizer's versions.",
)
@options.ledger()
@options.as_json()
def command(
    run: str | None,
    out: Path | None,
    rehearse: Path | None,
    competition: str | None,
    engine: str | None,
    target: str | None,
    weights: Literal["copy", "hash"],
    wheels: bool,
    test: Path | None,
    template: Path | None,
    python: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Write a folder that gives RUN's answers without leaderkit, for the organizer's code check.

    It holds one inference script, its prompts, the model, pinned requirements, data provenance and
    instructions in Korean and English. The script is compared with the run before the folder is
    written.

    --rehearse runs the script in a copy, in an environment without leaderkit, without a network
    and within the limits of the target. Exits with 1 if its submission differs from the run's.
    """
    if (run is None) == (rehearse is None):
        raise click.UsageError("Give either RUN with --out, or --rehearse FOLDER.")
    if rehearse is not None:
        _refuse_unused()
        _rehearse(rehearse, python, as_json=as_json)
        return
    if out is None or run is None:
        raise click.UsageError("RUN needs --out FOLDER.")
    if python is not None:
        raise click.UsageError("--python belongs to --rehearse.")
    from submission.bundle.source import read_source
    from submission.bundle.target import read_target
    from submission.bundle.write import write_bundle
    from submission.competitions import find_competition

    with options.open_existing(ledger) as book:
        contest = find_competition(competition or book.run(run).competition)
        aim = read_target(target, contest.profile.target)
        source = read_source(
            book, run, contest, engine=engine, test=test, template=template, say=say
        )
        written = write_bundle(
            source, out, target=aim, weights=weights, wheels=wheels,
            hash_file=book.hash_file, say=say,
        )  # fmt: skip
    if as_json:
        print_json(_plain(written))
    else:
        _print_bundle(written)


def _refuse_unused() -> None:
    """Raise where an option was given that a rehearsal has no use for."""
    from click import get_current_context

    from submission.errors import few

    context = get_current_context()
    unused = [
        each.opts[0]
        for each in context.command.params
        if each.name not in ("rehearse", "python", "as_json")
        and context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE
    ]
    if unused:
        raise click.UsageError(
            f"{few(unused)}: for writing a bundle. A rehearsal takes it as it was written."
        )


def _rehearse(folder: Path, python: str | None, *, as_json: bool) -> None:
    from submission.bundle.rehearsal.rehearse import rehearse
    from submission.errors import CheckFailed

    found = rehearse(folder, python=python, say=say)
    if as_json:
        print_json(_plain(found))
    else:
        _print_rehearsal(found)
    if found.problems:
        raise CheckFailed(f"{folder} did not pass its rehearsal.")


def _plain(found: Bundle | Rehearsal) -> dict[str, Any]:
    return {**asdict(found), "folder": str(found.folder)}


def _print_bundle(written: Bundle) -> None:
    tell(
        f"{written.folder}: {written.rows} rows, engine {written.engine}, "
        f"{written.bytes / 2**20:,.1f} MiB."
    )
    print_table(
        ["Package", "Version"], [(each.name, each.version) for each in written.requirements]
    )
    _print_unchecked(written.unchecked)
    tell(f"Next: leaderkit bundle --rehearse {written.folder}")


def _print_rehearsal(found: Rehearsal) -> None:
    same = found.rows - len(found.different)
    submission = "identical" if found.identical else f"{same} of {found.rows} rows are the same"
    if not found.identical and not found.different:
        submission = "not compared" if found.problems else "different"
    print_table(
        ["Rehearsal", ""],
        [
            ("Environment", found.environment),
            ("Network", found.network),
            ("Time", _of(found.seconds, found.seconds_limit, 1, "s")),
            ("Peak memory", _of(found.peak_bytes, found.peak_limit, GIB, "GiB")),
            ("Submission", submission),
        ],
    )
    if found.different:
        print_table(
            ["Id", "Column", "Character", "Expected", "Found"],
            [
                (each.id, each.column or "", _shown(each.place), each.expected, each.found)
                for each in found.different[:SHOWN]
            ],
        )
    for warning in found.warnings:
        warn(warning)
    for problem in found.problems:
        tell(f"Problem: {problem}", style="red")
    if found.problems and not found.different:
        for line in found.output:
            tell(f"  {line}")
    _print_unchecked(found.unchecked)


def _print_unchecked(unchecked: list[str]) -> None:
    if unchecked:
        tell("Not checked on this machine:")
        for each in unchecked:
            tell(f"  {each}")


def _of(value: float, limit: float | None, unit: int, name: str) -> str:
    told = f"{value / unit:.2f} {name}"
    return told if limit is None else f"{told} of {limit / unit:g} {name}"


def _shown(place: int | None) -> str:
    return "" if place is None else str(place)
