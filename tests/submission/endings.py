"""Commands that wait, talk, fail, or are told to write where nothing can be written."""

from __future__ import annotations

import errno
import sys
import time

import click

from submission.cli import main
from submission.commands import COMMANDS, CommandEntry
from submission.terminal.output import tell


@click.command()
@click.argument("what")
def command(what: str) -> None:
    """Do ``what``."""
    if what == "wait":
        tell("ready")
        sys.stdout.flush()
        time.sleep(60)
    elif what == "talk":
        for number in range(200_000):
            tell(f"line {number}")
    elif what == "system":
        raise OSError(errno.ENAMETOOLONG, "File name too long", "a" * 10)
    elif what == "deep":
        raise RecursionError
    elif what == "memory":
        raise MemoryError
    else:
        raise KeyError(what)


if __name__ == "__main__":
    COMMANDS["ending"] = CommandEntry("tests.submission.endings:command", "End.", 99)
    main()
