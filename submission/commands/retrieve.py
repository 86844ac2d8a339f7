"""``leaderkit retrieve``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from evaluators.text.cells import shortened
from submission.commands import options
from submission.terminal.output import print_json, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.retrieval.search import Passage

LONGEST = 200
"""Characters of a passage that are shown."""


@click.command()
@click.argument("index", type=options.NAME)
@click.argument("question", nargs=-1)
@click.option("-k", type=click.IntRange(1, 1000), default=5, show_default=True, help="Passages.")
@click.option(
    "--method",
    type=click.Choice(["dense", "sparse", "hybrid"]),
    default="hybrid",
    show_default=True,
    help="Vectors, BM25, or both.",
)
@click.option("--fusion", type=click.Choice(["rrf", "weighted"]), default="rrf", show_default=True)
@click.option(
    "--weight",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Of the dense scores, with --fusion weighted.",
)
@click.option(
    "--candidates",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="Passages from each way, before fusion and reranking.",
)
@click.option("--rerank", type=options.NAME, metavar="MODEL", help="Cross-encoder.")
@click.option(
    "--diversity",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Prefer passages that are unlike each other (MMR).",
)
@click.option(
    "--neighbours", type=click.IntRange(0, 10), default=0, show_default=True, help="Chunks around."
)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Only chunks with this value; the same column again admits another.",
)
@click.option("--questions", type=options.FILE, help="File with a question a row.")
@click.option("--explain", is_flag=True, help="The rank and score of every stage.")
@options.as_json()
def command(
    index: str,
    question: tuple[str, ...],
    k: int,
    method: str,
    fusion: str,
    weight: float,
    candidates: int,
    rerank: str | None,
    diversity: float,
    neighbours: int,
    filters: tuple[str, ...],
    questions: Path | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Search INDEX for a QUESTION, or for those of a file."""
    from submission.files.toml import validate
    from submission.recipes.retrieval import Retrieval
    from submission.retrieval.search import Index

    if bool(question) == (questions is not None):
        raise click.UsageError("Give a question, or a file of them (--questions).")
    asked = {"": " ".join(question)} if question else _asked(questions)
    wanted: dict[str, list[str]] = {}
    for each in filters:
        column, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"--filter '{each}': write it as COLUMN=VALUE.")
        wanted.setdefault(column, []).append(value)
    told = {
        "k": k,
        "method": method,
        "fusion": fusion,
        "weight": weight,
        "candidates": max(candidates, k),
        "rerank": rerank,
        "diversity": diversity,
        "neighbours": neighbours,
        "filter": wanted,
    }
    options_ = validate(Retrieval, told, "leaderkit retrieve")
    found = dict(zip(asked, Index(index).search(list(asked.values()), options_), strict=True))
    if as_json:
        print_json(
            [
                {"id": name, "question": asked[name], "passages": [_plain(each) for each in some]}
                for name, some in found.items()
            ]
        )
        return
    for name, some in found.items():
        if name:
            tell(f"{name}: {asked[name]}", style="bold")
        _print(some, explain=explain)


def _asked(path: Path | None) -> dict[str, str]:
    from submission.errors import InputError
    from submission.tables import read_table

    if path is None:
        raise AssertionError("no file")
    table = read_table(path)
    table.require(["question"])
    ids = table.ids("id") if "id" in table.columns else [str(n + 1) for n in range(len(table))]
    texts = table.column("question")
    for place, text in enumerate(texts):
        if not text.strip():
            raise InputError(f"{table.where(place, 'question')}: the question is empty.")
    return dict(zip(ids, texts, strict=True))


def _plain(passage: Passage) -> dict[str, Any]:
    return vars(passage) | {"ranks": dict(passage.ranks), "scores": dict(passage.scores)}


def _print(passages: list[Passage], *, explain: bool) -> None:
    stages = list(dict.fromkeys(stage for each in passages for stage in each.ranks))
    print_table(
        [
            "Rank",
            "Score",
            *([stage.capitalize() for stage in stages] if explain else []),
            "Passage",
            "Text",
        ],
        [
            (
                str(rank),
                f"{each.score:.4f}",
                *(
                    (
                        f"{each.ranks[stage]} ({each.scores[stage]:.3f})"
                        if stage in each.ranks
                        else "-"
                        for stage in stages
                    )
                    if explain
                    else ()
                ),
                each.id,
                shortened(each.text, LONGEST),
            )
            for rank, each in enumerate(passages, 1)
        ],
    )
