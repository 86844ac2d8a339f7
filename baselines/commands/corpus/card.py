"""``leaderkit corpus card``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import say, tell


@click.command()
@click.argument("corpus", type=options.PLACE, metavar="CORPUS")
@click.option("--title", help="Title of the card.")
@click.option("--description", help="What the data is, in a few sentences.")
@click.option("--licence", help="Licence of the whole, by the hub's name if it has one: cc-by-4.0.")
@click.option(
    "--redistribution",
    type=click.Choice(["yes", "no"]),
    help="Whether the data may be passed on, where you know better than the sources' licences say.",
)
def command(corpus: Path, **said: Any) -> None:
    """Print the data card of a folder, or write it again with a title, description or licence.

    Every step writes its card by itself (README.md), with the hub's YAML at its head. What is said
    here goes into the manifest too, so that `verify` finds both alike.
    """
    from baselines.corpus.card.text import card_text
    from baselines.corpus.card.write import retitle
    from baselines.corpus.folder import CARD, Corpus
    from baselines.corpus.history import Titles
    from submission.errors import InputError

    manifest = Corpus.open(corpus).manifest
    if manifest is None:
        raise InputError(f"{corpus}: is one file; cards belong to the folders that steps write")
    given = {name: value for name, value in said.items() if value}
    if given or not (corpus / CARD).is_file():
        manifest = retitle(corpus, manifest, Titles(**given))
        say(f"Wrote {corpus / CARD}.")
    tell(card_text(manifest))
