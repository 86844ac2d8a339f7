"""The ``leaderkit`` command group: names and one-line helps here, each command in its own module.

Nothing heavy is imported until a command runs.
"""

from __future__ import annotations

import errno
import gc
import importlib
import io
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from submission import __version__
from submission.commands import COMMANDS, CommandEntry

ENTRY_POINTS = "leaderkit.commands"
ENVIRONMENT = "LEADERKIT"
CLOSED_PIPE = 141
"""As the shell counts a command that SIGPIPE ended."""


class _ClosedPipe(Exception):  # noqa: N818 -- nobody reads on, which is no error
    """Who read the output has stopped; an exception of its own, as click ends with 1 for it."""


class LazyGroup(click.Group):
    """Loads a command's module only when that command runs or shows its help."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ClosedPipe from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order of the work."""
        return list(_commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        entry = _command(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.target} is not a click command")
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where the one asked for does not exist."""
        import difflib

        if args and not args[0].startswith("-") and _command(args[0]) is None:
            close = difflib.get_close_matches(args[0], _commands(), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table of commands, from the registry alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in _commands().items()])


def _command(name: str) -> CommandEntry | None:
    # Looking through what is installed takes longer than many a command.
    return COMMANDS.get(name) or _commands().get(name)


def _commands() -> Mapping[str, CommandEntry]:
    from importlib.metadata import entry_points

    found = dict(COMMANDS)
    for point in entry_points(group=ENTRY_POINTS):
        found.update(point.load())
    return dict(sorted(found.items(), key=lambda item: item[1].order))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": ENVIRONMENT},
)
@click.version_option(__version__, prog_name="leaderkit")
def cli() -> None:
    """From a competition's test file to a checked submission.

    Batch generation with vLLM, the organizers' own metrics, and baselines to compare with, before
    a submission is spent. Every option is also an environment variable, such as
    LEADERKIT_GENERATE_LEDGER. Exit codes: 0 done, 1 a check failed, 2 bad input or usage,
    3 stopped with partial results kept, 70 a bug in leaderkit, 130, 143 and 129 ended by SIGINT,
    SIGTERM and SIGHUP, 141 nobody read the output on.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the contract's codes; no traceback for known errors."""
    from submission.terminal import signals

    signals.listen()
    code = _flushed(run(arguments))
    # With an engine's modules loaded, Python looks for cycles in a million objects, several times,
    # before it ends: that takes seconds, and all of it goes with the process.
    gc.freeze()
    sys.exit(code)


def _flushed(code: int) -> int:
    """``code``, or another if what was printed could not be written to its end."""
    from submission.errors import InputError
    from submission.terminal import output

    if sys.stdout is None:  # as ``>&-`` leaves it: nothing that was printed is anywhere
        output.error("standard output is closed; redirect it to a file or to /dev/null")
        return code or InputError.exit_code
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_output()
        return code or CLOSED_PIPE
    except OSError as error:
        _let_go_of_output()
        return code or _of_the_system(error) or InputError.exit_code
    return code


def _let_go_of_output() -> None:
    """Python writes what is left at its end, and complains where it cannot."""
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    # Rows are many small objects that live to the end: looked through often, they cost a sixth.
    gc.set_threshold(50_000, 20, 100)
    # Optional kernels that a library could not load are no news to anyone here.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    from evaluators.errors import EvaluationError
    from submission.errors import LeaderkitError
    from submission.terminal import output

    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    # Bytes that are no UTF-8 arrive as lone surrogates, which no file or library here takes.
    for argument in sys.argv[1:] if arguments is None else arguments:
        if not argument.isprintable() and any("\ud800" <= char <= "\udfff" for char in argument):
            output.error(f"argument {argument!a} is not UTF-8")
            return LeaderkitError.exit_code
    try:
        result = cli.main(args=arguments, prog_name="leaderkit", standalone_mode=False)
    except click.exceptions.Abort:
        from submission.terminal import signals

        code, word = signals.ended_by()
        output.say(f"{word}. What was finished is kept. The same command resumes.")
        return code
    except _ClosedPipe:
        _let_go_of_output()
        return CLOSED_PIPE
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        output.say(shown.getvalue().rstrip("\n"))
        return error.exit_code
    except LeaderkitError as error:
        output.error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 -- the last handler
        from submission.scoring.own_code import told

        message = told(error) or (error if isinstance(error, EvaluationError) else None)
        if message is not None:
            output.error(message)
            return LeaderkitError.exit_code
        return _of_the_system(error) or _unforeseen(error)
    return result if isinstance(result, int) else 0


def _of_the_system(error: Exception) -> int:
    """Tell what the operating system refused, and the exit code; 0 where it did not."""
    from submission.errors import InputError, Stopped
    from submission.terminal import output

    if isinstance(error, MemoryError):
        output.error("memory is used up. What was finished is kept")
        return Stopped.exit_code
    if isinstance(error, RecursionError):
        output.error("something in the input is nested too deeply to be read")
        return InputError.exit_code
    if not isinstance(error, OSError) or error.strerror is None:
        return 0
    place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        output.error(f"{place}no room left on the disk. What was finished is kept")
        return Stopped.exit_code
    if not place:
        return 0
    output.error(f"{place}{error.strerror}")
    return InputError.exit_code


def _unforeseen(error: Exception) -> int:
    from submission.terminal import output, unforeseen

    output.error(unforeseen.report(error))
    return unforeseen.EXIT_CODE


if __name__ == "__main__":
    main()
