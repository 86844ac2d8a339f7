"""``leaderkit corpus``: a group; every step is a command, made of the step's settings."""

from __future__ import annotations

import importlib

import rich_click as click

from baselines.corpus.steps import STEPS

VERBS = {
    "run": "baselines.commands.corpus.run:command",
    "export": "baselines.commands.corpus.export:command",
    "explore": "baselines.commands.corpus.explore:command",
    "card": "baselines.commands.corpus.card:command",
    "verify": "baselines.commands.corpus.verify:command",
}


class _Steps(click.RichGroup):
    """The steps and the other verbs, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every name, in the order of the work."""
        return [*STEPS, *VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name in STEPS:
            from baselines.commands.corpus.step import step_command

            return step_command(cmd_name)
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].partition(":")
        found: click.Command = getattr(importlib.import_module(module), attribute)
        found.name = cmd_name
        return found


@click.group(cls=_Steps)
def command() -> None:
    """Prepare training data: from raw documents to clean, masked, deduplicated records.

    Each command reads records and writes a folder of records (JSONL or Parquet) with a manifest
    and a data card. A step that was stopped, or killed, goes on when the same command is run again.
    """
