"""``leaderkit retrieve``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import rich_click as click

from evaluators.text.cells import shortened
from submission.commands import options
from submission.terminal import numbers
from submission.terminal.output import print_json, tell, warn
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from evaluators.retrieval import Cell
    from submission.retrieval.questions import Known
    from submission.retrieval.search import Passage

Method = Literal["dense", "sparse", "hybrid"]

LONGEST = 200
"""Characters of a passage that are shown."""


@click.command()
@click.argument("index", type=options.NAME)
@click.argument("question", nargs=-1)
@click.option(
    "-k",
    "ks",
    type=click.IntRange(1, 1000),
    multiple=True,
    default=(5,),
    show_default=True,
    help="Passages; several, to measure each.",
)
@click.option(
    "--method",
    "methods",
    type=click.Choice(["dense", "sparse", "hybrid"]),
    multiple=True,
    default=("hybrid",),
    show_default=True,
    help="Vectors, BM25, or both; several, to compare them with the first.",
)
@click.option(
    "--fusion",
    type=click.Choice(["rrf", "weighted"]),
    default="rrf",
    show_default=True,
    help="How hybrid joins both: by reciprocal ranks, or by weighted scores.",
)
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
@click.option(
    "--questions",
    type=options.FILE,
    help="File with a question a row; with a column gold (document ids with | between) or answers, "
    "what is found is measured.",
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    type=click.Choice(["recall", "hit", "precision", "mrr", "ndcg", "map", "answer"]),
    default=("recall", "mrr", "ndcg"),
    show_default=True,
    help="Of documents against gold; answer: a passage has an answer in it.",
)
@click.option("--explain", is_flag=True, help="The rank and score of every stage.")
@options.as_json()
def command(
    index: str,
    question: tuple[str, ...],
    ks: tuple[int, ...],
    methods: tuple[Method, ...],
    fusion: str,
    weight: float,
    candidates: int,
    rerank: str | None,
    diversity: float,
    neighbours: int,
    filters: tuple[str, ...],
    questions: Path | None,
    metrics: tuple[str, ...],
    explain: bool,
    as_json: bool,
) -> None:
    """Search INDEX for a QUESTION, or for those of a file."""
    from submission.files.toml import validate
    from submission.recipes.retrieval import Retrieval
    from submission.retrieval.questions import Known, read_known
    from submission.retrieval.search import Index

    if bool(question) == (questions is not None):
        raise click.UsageError("Give a question, or a file of them (--questions).")
    wanted: dict[str, list[str]] = {}
    for text in filters:
        column, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--filter '{text}': write it as COLUMN=VALUE.")
        wanted.setdefault(column, []).append(value)
    k = max(ks)
    told = {
        "k": k,
        "fusion": fusion,
        "weight": weight,
        "candidates": max(candidates, k),
        "rerank": rerank,
        "diversity": diversity,
        "neighbours": neighbours,
        "filter": wanted,
    }
    opened = Index(index)
    if questions is None:
        asked = [Known("", " ".join(question), None, ())]
    else:
        asked = read_known(questions, opened.documents)
    measured = any(each.gold is not None or each.answers for each in asked)
    if (len(methods) > 1 or len(ks) > 1) and not measured:
        raise click.UsageError("Several -k or --method are for questions with gold or answers.")
    texts = [each.text for each in asked]
    found: dict[str, list[list[Passage]]] = {}
    for method in methods:
        fused = {} if method == "hybrid" else {"fusion": "rrf"}
        chosen = validate(Retrieval, {**told, **fused, "method": method}, "leaderkit retrieve")
        found[method] = list(opened.search(texts, chosen))
    _warn_of_same(found)
    if measured:
        cells, coverage = measure(asked, found, metrics, sorted(ks))
        if as_json:
            print_json({"cells": [each._asdict() for each in cells], **coverage})
        else:
            _print_cells(cells, coverage)
        return
    passages = found[methods[0]]
    if as_json:
        print_json(
            [
                {
                    "id": each.id,
                    "question": each.text,
                    "passages": [_plain(passage) for passage in some],
                }
                for each, some in zip(asked, passages, strict=True)
            ]
        )
        return
    for each, some in zip(asked, passages, strict=True):
        if questions is not None:
            tell(f"{each.id}: {each.text}", style="bold")
        _print(some, explain=explain)


def _warn_of_same(found: dict[str, list[list[Passage]]]) -> None:
    for method, every in found.items():
        lists = {tuple(each.id for each in some) for some in every}
        if len(every) > 2 and len(lists) == 1:
            warn(f"{method}: every question got the same passages")


def measure(
    asked: Sequence[Known],
    found: Mapping[str, Sequence[Sequence[Passage]]],
    metrics: Sequence[str],
    ks: Sequence[int],
) -> tuple[list[Cell], dict[str, int]]:
    """The metrics of each way to search at each k, and how many questions they are over.

    Documents are ranked by their best passage. ``answer`` is over the questions with answers, and
    all others over those with gold documents.
    """
    from evaluators.retrieval import (
        ANSWER_METRICS,
        Query,
        Row,
        evaluate,
        evaluate_answers,
        tabulate,
    )

    queries = [
        Query(each.id, dict.fromkeys(each.gold or (), 1.0), each.answers, each.category)
        for each in asked
    ]
    with_answers = sum(bool(each.answers) for each in queries)
    with_gold = sum(bool(each.gold) for each in queries)
    chosen = [each for each in metrics if (with_answers if each in ANSWER_METRICS else with_gold)]
    rows: dict[str, list[Row]] = {}
    for way, every in found.items():
        by_id = {query.id: some for query, some in zip(queries, every, strict=True)}
        documents = {
            name: list(dict.fromkeys(passage.document for passage in some))
            for name, some in by_id.items()
        }
        texts = {name: [passage.text for passage in some] for name, some in by_id.items()}
        rows[way] = [
            evaluate_answers(queries, texts, metric, k)
            if metric in ANSWER_METRICS
            else evaluate(queries, documents, metric, k)
            for metric in chosen
            for k in ks
        ]
    told = {"questions": len(queries), "with_gold": with_gold, "with_answers": with_answers}
    return (tabulate(rows) if chosen else []), told


def _print_cells(cells: Sequence[Cell], coverage: dict[str, int]) -> None:
    several = any(each.p is not None for each in cells)
    beside = ["Difference", "p"] if several else []
    print_table(
        ["Metric", "Method", "N", "Mean", "95% interval", *beside],
        [
            (
                f"{each.metric}@{each.k}",
                each.way,
                str(each.n),
                f"{each.mean:.4f}",
                numbers.interval(each.low, each.high),
                *(_beside(each) if several else ()),
            )
            for each in sorted(cells, key=lambda each: (each.metric, each.k))
        ],
    )
    tell(
        f"{coverage['questions']} questions: {coverage['with_gold']} with gold documents, "
        f"{coverage['with_answers']} with answers."
        + (" p: paired permutation test against the first, Holm." if several else "")
    )


def _beside(cell: Cell) -> tuple[str, str]:
    if cell.difference is None or cell.p is None:
        return "", ""
    return f"{cell.difference:+.4f}", f"{cell.p:.4f}"


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
