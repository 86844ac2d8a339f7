"""``leaderkit docquest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from baselines.docquest.train import Quality


@click.group()
def command() -> None:
    """Judge what a search finds: is a passage useful, are all of them sufficient?

    A recipe's [retrieval.docquest] uses such a scorer: passages below its threshold go, and where
    too few stay, the search is repeated.
    """


@command.command()
@click.argument("questions", type=options.FILE)
@click.option("--index", required=True, type=options.NAME, help="The index that is searched.")
@click.option("--out", required=True, type=options.PLACE, help="New folder for the scorer.")
@click.option(
    "--model",
    type=options.NAME,
    metavar="NAME|FOLDER",
    help="Fine-tune this model as a cross-encoder; without it, features and logistic regression.",
)
@click.option(
    "--candidates",
    type=click.IntRange(2, 1000),
    default=20,
    show_default=True,
    help="Passages for a question: those that do not answer it are its hard negatives.",
)
@click.option("--epochs", type=click.IntRange(1, 100), default=2, show_default=True)
@click.option("--rate", type=click.FloatRange(0, 1, min_open=True), default=2e-5, show_default=True)
@click.option("--batch", type=click.IntRange(1, 1024), default=16, show_default=True)
@click.option("--seed", type=options.TRAINING_SEED, default=0, show_default=True)
@options.as_json()
def train(
    questions: Path,
    index: str,
    out: Path,
    model: str | None,
    candidates: int,
    epochs: int,
    rate: float,
    batch: int,
    seed: int,
    as_json: bool,
) -> None:
    """Train a scorer on QUESTIONS: a file with the columns question and gold or answers.

    A passage of a gold document is useful; where the file names none, a passage with an answer in
    it. The probabilities are measured on questions that were held out (five folds).
    """
    from baselines.docquest import train as training
    from baselines.docquest.cross import cross_encoder
    from baselines.docquest.data import examples_of
    from submission.errors import InputError
    from submission.recipes.retrieval import Retrieval
    from submission.retrieval.questions import read_known
    from submission.retrieval.search import Index

    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise InputError(f"{out}: exists already. Name a new folder.")
    opened = Index(index)
    known = read_known(questions, opened.documents)
    searched = Retrieval(
        k=candidates,
        candidates=max(candidates, 50),
        method="hybrid" if opened.dense else "sparse",
    )
    examples = examples_of(known, opened, searched)
    say(f"{len(examples)} questions with {sum(len(e.passages) for e in examples):,} passages.")
    if model is None:
        trained = training.train(examples, opened, training.light(opened), "light", seed)
    else:
        features, save = cross_encoder(model, epochs, rate, batch, seed, say)
        trained = training.train(examples, opened, features, "cross-encoder", seed)
        save(examples, out)
    training.write(trained, out)
    if as_json:
        print_json({"useful": trained.useful.plain(), "sufficient": trained.sufficient.plain()})
        return
    print_table(
        ["Judged", "N", "True", "AUC", "Average precision", "ECE", "Brier"],
        [_row("Useful", trained.useful), _row("Sufficient", trained.sufficient)],
    )
    tell(f"Scorer: {out}")


def _row(name: str, quality: Quality) -> tuple[str, ...]:
    return (
        name,
        f"{quality.n:,}",
        f"{quality.positive:,}",
        f"{quality.auc:.3f}",
        f"{quality.average_precision:.3f}",
        f"{quality.ece:.3f}",
        f"{quality.brier:.3f}",
    )
