"""``leaderkit prefer``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell


@click.command()
@click.argument("run")
@click.option("--out", type=options.PLACE, required=True, help="The pairs, as JSON lines.")
@click.option(
    "--by",
    metavar="METRIC",
    help="Let a metric choose: NAME[:key=value,…], or 'score' for the competition's own.",
)
@click.option("--references", type=options.FILE, help="The reference answers, for --by.")
@click.option(
    "--margin",
    type=click.FloatRange(min=0.0),
    default=0.0,
    show_default=True,
    help="How far best and worst are apart at least, for --by.",
)
@click.option("--test", type=options.FILE, help="The run's test file, where it was moved.")
@options.competition(required=False)
@click.option(
    "--metric-model",
    "metric_models",
    multiple=True,
    metavar="METRIC=PATH",
    help="The model of a metric: bertscore=FOLDER. Repeatable.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the order in which answers are shown.",
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

    A person chooses in the terminal, or with --by a metric does: the best answer against the
    worst. A person's decisions are kept one by one beside --out; the same command goes on where
    it was left, in whatever way.
    """
    from baselines.preference.candidates import read_choices
    from baselines.preference.prefer import prefer_by_metric, prefer_by_person
    from baselines.preference.terminal import Terminal
    from submission.competitions import find_competition
    from submission.records.read import read_questions
    from submission.scoring.metrics import Models
    from submission.scoring.progress import working
    from submission.scoring.scorer import Scorer
    from submission.scoring.subjects import load_references

    if margin and by is None:
        raise click.UsageError("--margin goes with --by: a person needs none.")
    if out.suffix.lower() != ".jsonl":
        raise click.UsageError(f"--out {out}: pairs are JSON lines; give a name ending in .jsonl.")
    with options.open_existing(ledger) as book:
        record = book.run(run)
        contest = find_competition(competition or record.competition)
        questions = read_questions(contest.profile, test or Path(record.test_file))
        choices = read_choices(book, run, questions)
        if by is not None and references is not None:
            models = Models.read(metric_models, fast=False)
            scorer = Scorer(contest, encoder, models=models, working=working)
            gold = load_references(contest, references)
            done = prefer_by_metric(book, run, choices, scorer, gold, by, margin, out)
        elif by is None and references is None:
            done = prefer_by_person(run, choices, Terminal(), seed, out)
        else:
            raise click.UsageError("--by METRIC and --references FILE belong together.")
    if as_json:
        print_json(done.as_json())
    else:
        tell(done.summary())
