"""``leaderkit merge``: a base model and an adapter into one model."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click


@click.command(name="merge")
@click.option("--base", required=True, metavar="MODEL", help="Full-precision folder or hub name.")
@click.option("--adapter", required=True, metavar="MODEL", help="Folder that training wrote.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New folder.")
@click.option(
    "--prompts",
    type=click.Path(path_type=Path),
    help="Table of texts to compare on.  [default: the sample questions]",
)
@click.option("--column", help="The column of --prompts.  [default: the first that is no id]")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="float32",
    show_default=True,
    help="Precision that is written; merging is always done in float32.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    base: str,
    adapter: str,
    out: Path,
    prompts: Path | None,
    column: str | None,
    dtype: str,
    as_json: bool,
) -> None:
    """Merge ADAPTER into BASE, and measure how near the result is to the two together."""
    from submission.adapters import merge
    from submission.adapters.prompts import read_prompts
    from submission.models import locate_model

    report = merge(
        locate_model(base),
        locate_model(adapter),
        out,
        read_prompts(prompts, column),
        dtype=dtype,  # type: ignore[arg-type] -- click.Choice has checked it
        say=lambda message: click.echo(message, err=True),
    )
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
        return
    written = report.written
    click.echo(f"{report.out}: {report.base} + {report.adapter}, {report.dtype}")
    click.echo(
        f"largest difference {report.merged.difference:.2g} merged, {written.difference:.2g} "
        f"read again, of logits from {report.logits_low:.1f} to {report.logits_high:.1f}; "
        f"same next token on {written.agreeing} of {written.prompts} prompts"
    )
