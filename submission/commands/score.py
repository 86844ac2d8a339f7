"""``leaderkit score``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say, tell

if TYPE_CHECKING:
    from submission.scoring.breakdown import Slice
    from submission.scoring.classification import Reading
    from submission.scoring.folds import FoldSpread
    from submission.scoring.scored import Scored
    from submission.scoring.scorer import Scorer


@click.command()
@options.competition(required=False)
@options.subject()
@click.option("--references", type=options.FILE, help="The reference answers.")
@options.folds()
@click.option(
    "--reference-column",
    "reference_columns",
    multiple=True,
    metavar="COLUMN",
    help="Reference column of --references. Repeatable, for several references per row.",
)
@click.option(
    "--id-column",
    default="id",
    show_default=True,
    metavar="COLUMN",
    help="Id column that pairs rows, if no competition is given.",
)
@options.metrics()
@click.option("--by", metavar="COLUMN", help="Break scores down by category, or another column.")
@click.option(
    "--classes",
    type=click.Choice(["labels", "choice"]),
    help=(
        "Scores per class and the confusion matrix, for answers that are labels or choose options."
    ),
)
@click.option("--rows", "rows_file", type=options.PLACE, help="Write id,metric,value per row here.")
@options.encoder()
@options.references_by()
@options.ledger()
@options.as_json()
def command(
    competition: str | None,
    run_name: str | None,
    predictions: Path | None,
    answer_column: str | None,
    references: Path | None,
    folds: Path | None,
    reference_columns: tuple[str, ...],
    id_column: str,
    metrics: tuple[str, ...],
    metric_models: tuple[str, ...],
    fast: bool,
    by: str | None,
    classes: Reading | None,
    rows_file: Path | None,
    encoder: str | None,
    references_by: options.ReferencesBy | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Score answers by the organizer's formula, and by any additional metric.

    Every number comes with its signature, the number of rows and a 95% bootstrap interval. Proxy
    scores are labelled, with the reason. Without -c, any predictions are scored against any
    references by the metrics given. With --folds, the answers of the runs over each fold are joined
    to one over all rows. For answers that were chosen by likelihood, the calibration of their
    probabilities is shown as well: expected calibration error (ECE) and Brier score.
    """
    from submission.commands.views.reports import (
        print_classification,
        print_degenerate,
        print_folds,
        print_reliability,
        print_scores,
        print_slices,
    )
    from submission.competitions import find_competition, plain_profile
    from submission.runs.answers import degenerate_counts
    from submission.scoring.classification import classify
    from submission.scoring.folds import fold_subject, load_gold
    from submission.scoring.metrics import Models
    from submission.scoring.progress import show_progress
    from submission.scoring.reliability import run_reliability
    from submission.scoring.scored import score_subject
    from submission.scoring.scorer import Scorer
    from submission.scoring.subjects import choose_subject

    metrics = tuple(dict.fromkeys(metrics))
    models = Models.read(metric_models, fast=fast)
    if competition is not None:
        contest = find_competition(competition)
        name, profile = contest.name, contest.profile
        scorer = Scorer.of(contest, encoder, references_by, models=models, progress=show_progress)
    elif metrics:
        name, profile = None, plain_profile(metrics[0], id_column, metrics[1:])
        scorer = Scorer(
            profile.score, None, encoder, references_by,
            called=metrics[0], models=models, progress=show_progress,
        )  # fmt: skip
        metrics = metrics[1:]
    else:
        raise click.UsageError("Give a competition with -c, or a metric with --metric.")
    opened = options.open_existing if run_name is not None else options.open_if_there
    with opened(ledger) as book:
        gold, dealt = load_gold(profile, references, folds, reference_columns)
        if dealt is None or run_name is None:
            subject = choose_subject(
                profile, book, run_name, predictions, answer_column, competition=name
            )
        else:
            subject = fold_subject(profile, book, run_name, dealt, competition=name)
        scored = score_subject(scorer, subject, gold, metrics, book, say)
        if scorer.fast_in_vain:
            say("--fast has no effect here: only bertscore supports it.")
    counts = degenerate_counts(subject.answers) if subject.answers else None
    between = None if dealt is None else _between_folds(scorer, scored)
    found = _slices(scorer, scored, metrics, by) if by is not None else []
    calibration = run_reliability(subject.answers, scored.examples)
    classified = classify(scored.examples, classes) if classes is not None else None
    if rows_file is not None:
        _write_rows(rows_file, scored)
    if as_json:
        printed: dict[str, Any] = {"scores": [score.to_dict() for score in scored.scores]}
        if counts is not None:
            printed["degenerate"] = counts
        if by is not None:
            printed["by"] = {"column": by, "groups": [_plain(each) for each in found]}
        if between is not None:
            printed["folds"] = asdict(between)
        if calibration is not None:
            printed["calibration"] = calibration.plain()
        if classified is not None:
            printed["classes"] = classified.as_json()
        print_json(printed)
        return
    print_scores(scored.scores)
    if between is not None:
        print_folds([between])
    if found and by is not None:
        named = [scored.main, *scored.further(len(metrics))]
        print_slices(by, [each.metric for each in named], found)
    if classified is not None:
        print_classification(classified)
    if calibration is not None:
        print_reliability(calibration)
    if scorer.proxy:
        tell(f"Proxy: {scorer.proxy}.", style="yellow")
    if counts is not None and run_name is not None and dealt is None:
        print_degenerate(run_name, counts)


def _slices(scorer: Scorer, scored: Scored, metrics: Sequence[str], by: str) -> list[Slice]:
    """The formula and the metrics asked for, on the rows of every value of a column."""
    from submission.scoring.breakdown import slices

    parts = [(scorer.metric_of(None), scored.main, scorer.scale)]
    parts += [
        (scorer.metric_of(spec), each, 1.0)
        for spec, each in zip(metrics, scored.further(len(metrics)), strict=True)
    ]
    return slices(parts, scored.examples, by)


def _between_folds(scorer: Scorer, scored: Scored) -> FoldSpread:
    from submission.scoring.breakdown import slices_of
    from submission.scoring.folds import folds_of, spread

    part = (scorer.cached_formula, scored.main, scorer.scale)
    return spread(
        scored.subject.name, slices_of([part], scored.examples, *folds_of(scored.examples))
    )


def _plain(each: Slice) -> dict[str, Any]:
    scores = [score.to_dict() for score in each.scores if score is not None]
    return {"value": each.value, "rows": each.rows, "scores": scores}


def _write_rows(path: Path, scored: Scored) -> None:
    from submission.scoring.scored import scored_rows
    from submission.tables import write_csv

    rows: list[list[str | float]] = [
        [row_id, score.metric, value]
        for score in scored.scores
        for row_id, value in scored_rows(scored.examples, score)
    ]
    write_csv(path, ["id", "metric", "value"], rows, bom=False)
