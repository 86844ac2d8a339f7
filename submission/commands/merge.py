"""``leaderkit merge``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.adapters import MergeReport


@click.command()
@click.option(
    "--base",
    type=options.NAME,
    required=True,
    metavar="NAME|FOLDER",
    help="The model the adapter was trained on, in full precision or in 4 bits.",
)
@click.option(
    "--adapter",
    "adapters",
    type=options.NAME,
    required=True,
    multiple=True,
    metavar="NAME|FOLDER",
    help="Folder that training wrote. Several are added up; each needs a --weight.",
)
@click.option(
    "--weight",
    "weights",
    type=float,
    multiple=True,
    metavar="X",
    help="Factor of an adapter's change, in the order of --adapter.",
)
@click.option("--out", required=True, type=options.PLACE, help="New folder for the merged model.")
@click.option(
    "--check",
    "rows",
    type=click.IntRange(min=1),
    metavar="N",
    help=(
        "Also compare the greedy answers to N prompts, including those of vLLM; exit with 1 if "
        "they differ."
    ),
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0, min_open=True, max=1),
    metavar="X",
    help="Allowed difference of a logit with --check, as a share of their range. Default: 0.0001 "
    "in float32, 0.01 in float16, 0.05 in bfloat16.",
)
@click.option(
    "--prompts",
    type=options.FILE,
    help="Table of texts to compare on, such as a test file, instead of the sample questions.",
)
@click.option(
    "--column", metavar="COLUMN", help="Column of --prompts; by default the first column of text."
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="float32",
    show_default=True,
    help="Precision of the written weights. Merging is always done in float32.",
)
@click.option(
    "--onto",
    type=click.Choice(["full", "quantized"]),
    default="full",
    show_default=True,
    help=(
        "For adapters trained on a 4-bit base: merge into the base's own weights, or into its "
        "dequantized 4-bit weights."
    ),
)
@click.option(
    "--other-base", is_flag=True, help="Accept an adapter that was trained on another base."
)
@options.as_json()
def command(
    base: str,
    adapters: tuple[str, ...],
    weights: tuple[float, ...],
    out: Path,
    rows: int | None,
    tolerance: float | None,
    prompts: Path | None,
    column: str | None,
    dtype: Any,
    onto: Any,
    other_base: bool,
    as_json: bool,
) -> None:
    """Merge adapters into their base, and compare the result with base plus adapters.

    What is compared is read back from disk. The folder appears complete or not at all, and not if
    the difference is larger than allowed.
    """
    from submission.adapters import Check, MergeDiffers, Weighted, merge
    from submission.adapters.prompts import read_prompts
    from submission.files.model_files import locate_model

    if weights and len(weights) != len(adapters):
        raise click.UsageError(f"{len(adapters)} --adapter and {len(weights)} --weight.")
    if len(adapters) > 1 and not weights:
        raise click.UsageError("Several adapters: give each a --weight, such as 0.5.")
    if not all(map(math.isfinite, weights)):
        raise click.UsageError("A --weight is not a number.")
    if tolerance is not None and rows is None:
        raise click.UsageError("--tolerance belongs to --check N.")
    check = Check(rows, tolerance, (("vllm", _by_vllm),)) if rows is not None else None
    say("Loading the libraries for merging.")
    named = zip(adapters, weights or [1.0] * len(adapters), strict=True)
    try:
        report = merge(
            locate_model(base),
            [Weighted(locate_model(name), weight) for name, weight in named],
            out,
            read_prompts(prompts, column),
            dtype=dtype,
            onto=onto,
            other_base=other_base,
            check=check,
            say=say,
        )
    except MergeDiffers as differs:
        _print(differs.report, table=check is not None, as_json=as_json)
        raise
    _print(report, table=check is not None, as_json=as_json)


def _by_vllm(folder: Path, dtype: Any, prompts: Sequence[tuple[int, ...]]) -> list[str]:
    from submission.engines.vllm.merged import vllm_answers

    return vllm_answers(folder, dtype, prompts, say)


def _print(report: MergeReport, *, table: bool, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json())
        return
    tell(report.summary())
    if table:
        from submission.adapters.report import HEADERS

        print_table(HEADERS, report.rows(), names=False)
