"""``leaderkit merge``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from submission.commands import options


@click.command()
@click.option(
    "--base",
    required=True,
    metavar="NAME|FOLDER",
    help="The model the adapter was trained on, in full precision.",
)
@click.option("--adapter", required=True, metavar="NAME|FOLDER", help="What training wrote.")
@click.option("--out", required=True, type=options.FILE, help="New folder for the merged model.")
@click.option(
    "--prompts",
    type=options.FILE,
    help="Table of texts to compare on, instead of the sample questions.",
)
@click.option("--column", metavar="COLUMN", help="Where --prompts has them; else the first text.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="float32",
    show_default=True,
    help="Precision that is written. Merging is always done in float32.",
)
@options.as_json()
def command(
    base: str,
    adapter: str,
    out: Path,
    prompts: Path | None,
    column: str | None,
    dtype: Any,
    as_json: bool,
) -> None:
    """Merge an adapter into its base, and measure the result against the two together.

    The folder is read again after it is written: what is on disk is what is measured.
    """
    from submission.adapters import merge
    from submission.adapters.prompts import read_prompts
    from submission.models import locate_model

    report = merge(
        locate_model(base),
        locate_model(adapter),
        out,
        read_prompts(prompts, column),
        dtype=dtype,
        say=options.say,
    )
    if as_json:
        options.print_json(report.as_json())
    else:
        click.echo(report.summary())
