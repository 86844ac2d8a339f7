"""``leaderkit doctor``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.machine.doctor import Finding


@click.command()
@click.option(
    "--patience",
    type=click.FloatRange(min=1),
    default=12.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for importing torch or vLLM.",
)
@options.ledger()
@options.as_json()
def command(patience: float, ledger: Path, as_json: bool) -> None:
    """Show what this machine can run, what is missing, and how to get it.

    Exits with 1 only if something is missing that every command needs. Nothing is installed or
    downloaded; one page of the model hub is requested, unless HF_HUB_OFFLINE is set.
    """
    from submission.errors import CheckFailed
    from submission.machine.doctor import examine

    findings = examine(ledger.parent, patience)
    lacking = [each for each in findings if each.every_command and each.status == "missing"]
    if as_json:
        print_json({"ok": not lacking, "findings": [asdict(each) for each in findings]})
    else:
        _print(findings)
    if lacking:
        advice = "; ".join(f"{each.name} ({each.get})" for each in lacking)
        raise CheckFailed(f"Every command needs what is missing here: {advice}.")


def _print(findings: list[Finding]) -> None:
    good = [each for each in findings if each.kind == "package" and each.status == "ok"]
    lines = [
        (each.name, each.status, each.found, each.enables) for each in findings if each not in good
    ]
    if good:
        listed = ", ".join(f"{each.name} {each.found}" for each in good)
        lines.insert(1, ("Packages", "ok", listed, "this version of leaderkit"))
    print_table(["What", "Status", "Found", "Enables"], lines)
    wanting = [each for each in findings if each.status != "ok"]
    if wanting:
        tell("\nTo get what is missing:")
    for each in wanting:
        tell(f"  {each.name}: {each.get}")
