"""``leaderkit metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from evaluators.metrics.entry import Entry, Option


@click.command()
@options.as_json()
def command(as_json: bool) -> None:
    """List the metrics: what each needs, and the options that --metric takes.

    A metric is written NAME or NAME:key=value,key=value, such as rouge1:tokenizer=kiwi.
    """
    from evaluators import available

    entries = available()
    if as_json:
        print_json([_everything(entry) for entry in entries])
        return
    print_table(
        ["Metric", "Description", "Needs", "Options"],
        [
            (entry.name, entry.help, entry.needs, "\n".join(map(_option, entry.options)))
            for entry in entries
        ],
    )


def _option(option: Option) -> str:
    values = "|".join(option.choices) or {"flag": "0|1", "integer": "N"}.get(option.kind, "…")
    default = f" (default {option.default})" if option.default is not None else ""
    return f"{option.name}={values}: {option.help}{default}"


def _plain(option: Option) -> dict[str, Any]:
    return {key: value for key, value in options.plain(option).items() if key != "problem"}


def _everything(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "help": entry.help,
        "needs": entry.needs,
        "options": [_plain(option) for option in entry.options],
    }
