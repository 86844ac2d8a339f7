"""``leaderkit docquest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal import numbers
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
@click.option(
    "--epochs", type=click.IntRange(1, 100), default=2, show_default=True, help="With --model."
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=2e-5,
    show_default=True,
    help="Learning rate, with --model.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 1024),
    default=16,
    show_default=True,
    help="Pairs in a batch, with --model.",
)
@click.option(
    "--seed",
    type=options.TRAINING_SEED,
    default=0,
    show_default=True,
    help="Of the folds and of training.",
)
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


@command.command()
@click.argument("recipe", type=options.NAME)
@options.competition()
@click.option("--test", type=options.FILE, required=True, help="The test file.")
@click.option("--references", type=options.FILE, required=True, help="Its reference answers.")
@click.option(
    "--threshold",
    "thresholds",
    type=click.FloatRange(0, 1),
    multiple=True,
    default=(0.0, 0.1, 0.3, 0.5, 0.7, 0.9),
    show_default=True,
    help="What is tried; the others are tested against the first.",
)
@options.overrides()
@click.option("--plot", type=options.PLACE, metavar="FILE", help="Plot, as SVG, PNG or PDF.")
@options.encoder()
@options.ledger()
@options.as_json()
def tune(
    recipe: str,
    competition: str,
    test: Path,
    references: Path,
    thresholds: tuple[float, ...],
    overrides: tuple[str, ...],
    plot: Path | None,
    encoder: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Answer with several thresholds of usefulness, and compare the scores.

    Runs are kept in the ledger (docquest-NAME-THRESHOLD-DIGEST) and reused.
    """
    from baselines.docquest import tune as tuning
    from submission.competitions import find_competition
    from submission.errors import InputError
    from submission.runs.ledger import Ledger

    tried = list(dict.fromkeys(thresholds))
    if len(tried) < 2:
        raise click.UsageError("Give at least two thresholds.")
    if plot is not None and plot.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise InputError(f"{plot}: a plot is a file .svg, .png or .pdf.")
    contest = find_competition(competition)
    with Ledger(ledger) as book:
        points = tuning.sweep(
            recipe, overrides, tried, contest, test, references, book, say, encoder
        )
    if plot is not None:
        plot.parent.mkdir(parents=True, exist_ok=True)
        tuning.plot(points).savefig(plot)
    if as_json:
        print_json(
            [
                {
                    "threshold": each.threshold,
                    "run": each.row.name,
                    "score": each.row.score,
                    "low": each.row.low,
                    "high": each.row.high,
                    "difference": each.row.difference,
                    "p": each.row.p_value,
                    "passages": each.passages,
                }
                for each in points
            ]
        )
        return
    print_table(
        ["Threshold", "Passages", "Score", "95% interval", "Difference", "p"],
        [
            (
                f"{each.threshold:g}",
                f"{each.passages:.1f}",
                numbers.score(each.row.score),
                numbers.interval(each.row.low, each.row.high),
                "" if each.row.difference is None else numbers.difference(each.row.difference),
                "" if each.row.p_value is None else f"{each.row.p_value:.3f}",
            )
            for each in points
        ],
    )
    if points[0].row.proxy:
        tell(f"Proxy: {points[0].row.proxy}.", style="yellow")
