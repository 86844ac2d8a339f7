"""``leaderkit prefer``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell


@click.command()
@click.argument("run")
@click.option("--out", type=options.PLACE, required=True, help="JSON Lines file for the pairs.")
@click.option(
    "--by",
    metavar="METRIC",
    help="Let a metric choose: NAME[:key=value,…], or 'score' for the competition's formula.",
)
@click.option("--references", type=options.FILE, help="The reference answers, for --by.")
@click.option(
    "--margin",
    type=click.FloatRange(min=0.0),
    default=0.0,
    show_default=True,
    help="Minimum difference between the best and the worst score, for --by.",
)
@click.option("--test", type=options.FILE, help="The run's test file, if it was moved.")
@options.competition(required=False)
@click.option(
    "--metric-model",
    "metric_models",
    multiple=True,
    metavar="METRIC=PATH",
    help="Model for a metric: bertscore=FOLDER. Repeatable.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed for the order in which answers are shown.",
)
@options.encoder()
@options.ledger()
@options.as_json()
def command(
    run: str,
    out: Path,
    by: str | None,
    references: Path | None,
    margin: float,
    test: Path | None,
    competition: str | None,
    metric_models: tuple[str, ...],
    seed: int,
    encoder: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Choose between the answers that RUN has for each prompt, for preference tuning.

    A person chooses in the terminal, or, with --by, a metric pairs the best answer with the worst.
    Each decision of a person is saved at once beside --out; the same command continues a session
    that was stopped or killed.
    """
    from baselines.preference.candidates import read_choices
    from baselines.preference.prefer import prefer_by_metric, prefer_by_person
    from baselines.preference.terminal import Terminal
    from submission.competitions import find_competition
    from submission.records.read import read_questions
    from submission.scoring.metrics import Models
    from submission.scoring.progress import show_progress
    from submission.scoring.scorer import Scorer
    from submission.scoring.subjects import load_references

    if margin and by is None:
        raise click.UsageError("--margin needs --by.")
    if out.suffix.lower() != ".jsonl":
        raise click.UsageError(
            f"--out {out}: pairs are written as JSON Lines; give a name that ends in .jsonl."
        )
    with options.open_existing(ledger) as book:
        record = book.run(run)
        contest = find_competition(competition or record.competition)
        questions = read_questions(contest.profile, test or Path(record.test_file))
        choices = read_choices(book, run, questions)
        if by is not None and references is not None:
            models = Models.read(metric_models, fast=False)
            scorer = Scorer.of(contest, encoder, models=models, progress=show_progress)
            gold = load_references(contest.profile, references)
            done = prefer_by_metric(book, run, choices, scorer, gold.rows, by, margin, out)
        elif by is None and references is None:
            done = prefer_by_person(run, choices, Terminal(), seed, out)
        else:
            raise click.UsageError("--by METRIC and --references FILE belong together.")
    if as_json:
        print_json(done.as_json())
    else:
        tell(done.summary())
