"""``leaderkit corpus export``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import note, print_json, say, tell


class _Sizes(click.ParamType[tuple[int, ...]]):
    """Numbers of rows, with commas between them."""

    name = "sizes"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        """The numbers; each positive, none twice."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(",")]
        if not all(part.isdecimal() and int(part) for part in parts):
            self.fail(f"'{value}' is no list of numbers such as 200,400,800", param, ctx)
        return tuple(sorted({int(part) for part in parts}))


@click.command()
@click.argument("corpus", type=options.PLACE, metavar="CORPUS")
@click.option(
    "--for", "recipe", type=options.NAME, required=True, metavar="RECIPE", help="Recipe to train."
)
@click.option(
    "--out",
    type=options.PLACE,
    required=True,
    metavar="FILE",
    help="File to write: .csv, .tsv or .jsonl.",
)
@click.option(
    "--as",
    "kind",
    metavar="KIND",
    help="What the recipe is to learn, such as koen, summary, structured or all-pairs, instead of "
    "what it usually learns.",
)
@click.option(
    "--competition",
    "-c",
    metavar="NAME",
    help="Competition whose training columns to write, instead of the recipe's usual one.",
)
@click.option("--category", "categories", multiple=True, help="Only records of this category.")
@click.option(
    "--sizes",
    type=_Sizes(),
    default=(),
    metavar="N,N,…",
    help="Write a file FILE-N for each size, balanced over categories; every larger one has the "
    "rows of the smaller ones.",
)
@click.option(
    "--validation",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Hold out N rows as FILE-validation; rows made from one another stay on one side.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the subsets.")
@options.as_json()
def command(
    corpus: Path,
    recipe: str,
    out: Path,
    kind: str | None,
    competition: str | None,
    categories: tuple[str, ...],
    sizes: tuple[int, ...],
    validation: int,
    seed: int,
    as_json: bool,
) -> None:
    """Write the records of CORPUS as the training file that a recipe takes.

    The columns are those of the competition that the recipe is trained with, and `parent` and
    `group`, by which `train` and `holdout` keep rows together that were made from one another.
    FILE.corpus.json beside each file says which corpus it is of and which steps made that.
    """
    from baselines.corpus.export.forms import form_for
    from baselines.corpus.export.write import Wanted, export
    from baselines.corpus.folder import Corpus

    form = form_for(recipe, kind, competition)
    wanted = Wanted(categories, sizes, validation, seed)
    made = export(Corpus.open(corpus), form, out, wanted, say)
    if as_json:
        files = [{"path": str(each.path), "rows": each.rows} for each in made.files]
        print_json({**asdict(made), "files": files, "kind": form.kind_name})
        return
    for each in made.files:
        tell(f"{each.path}: {each.rows:,} rows.")
    for reason, number in made.unfit.items():
        note(f"{number:,} of {made.records:,} records left out: {reason}.")
    if form.competition:
        tell(f"Columns of the competition {form.competition}: train with -c {form.competition}.")
