"""``leaderkit corpus verify``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell


@click.command()
@click.argument("folder", type=options.PLACE, metavar="FOLDER")
@options.as_json()
def command(folder: Path, as_json: bool) -> None:
    """Check a folder of records against its manifest and its data card.

    Counts rows and bytes again, takes the SHA-256 of every file, reads every record, and looks for
    ids given twice, files that nobody wrote, and a card or manifest that was changed. Prints every
    fault; ends with 1 where there is one.
    """
    import msgspec

    from baselines.corpus.card.verify import verify
    from submission.errors import CheckFailed

    found = verify(folder)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        for fault in found.faults:
            tell(f"{fault.file}: {fault.message}")
        if not found.faults:
            tell(
                f"{folder}: {found.files:,} files, {found.rows:,} records, {found.bytes:,} bytes: "
                "all as the manifest and the card say."
            )
    if found.faults:
        raise CheckFailed(f"{folder}: {len(found.faults):,} fault(s)")
