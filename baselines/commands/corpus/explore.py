"""``leaderkit corpus explore``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say


@click.command()
@click.argument("corpus", type=options.PLACE, metavar="CORPUS")
@click.argument("other", type=options.PLACE, metavar="[OTHER]", required=False)
@click.option("--test", type=options.PLACE, help="Records of a test file, to look for leaks of.")
@click.option("--html", type=options.PLACE, metavar="FILE", help="Page with plots to write.")
@click.option(
    "--sample",
    type=click.IntRange(10, 1_000_000),
    default=10_000,
    show_default=True,
    help="Records for words, correlations and similarity.",
)
@click.option(
    "--morphemes",
    type=click.IntRange(0, 100_000_000),
    default=200_000,
    show_default=True,
    metavar="CHARACTERS",
    help="Characters of the sample that Kiwi reads, about 60,000 a second; 0 for none.",
)
@click.option("--seed", type=int, default=42, show_default=True, help="Seed of the sample.")
@options.as_json()
def command(
    corpus: Path,
    other: Path | None,
    test: Path | None,
    html: Path | None,
    sample: int,
    morphemes: int,
    seed: int,
    as_json: bool,
) -> None:
    """Show what a corpus is like: counts, lengths, words, categories, duplicates, leaks.

    With a second corpus, the two side by side and how far they lie apart. CORPUS is a folder that a
    step wrote, or one file of records; a competition's CSV is read first by `corpus read`. Records
    are read once, and memory does not grow with their texts.
    """
    import msgspec

    from baselines.commands.corpus.explored_tables import print_exploration
    from baselines.corpus.explore.explored import Ways, explore

    paths = (corpus,) if other is None else (corpus, other)
    found = explore(paths, Ways(sample, morphemes, seed), test=test, say=say)
    if html is not None:
        from baselines.corpus.explore.page import render_page
        from submission.files.atomic import write_bytes

        write_bytes(html, render_page(found).encode())
        say(f"Wrote {html}.")
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print_exploration(found)
