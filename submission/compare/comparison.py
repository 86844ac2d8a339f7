"""Scores of several systems on the same rows, and everything that is told from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress
from pathlib import Path

from evaluators import LeaderboardRow, Score, Sensitivity, Shakeup, tokenizer_sensitivity
from evaluators.report.data import MetricAgreement
from evaluators.report.wording import Note
from submission.compare.board import leaderboard
from submission.compare.calibration import Calibration, calibrate
from submission.compare.dimensions import Dimension, find_dimensions
from submission.compare.questions import Asked, find_questions
from submission.compare.stability import agreement, shakeup
from submission.competitions import Competition
from submission.records.rows import References
from submission.runs.costs import RunCost, run_cost
from submission.runs.ledger import Ledger
from submission.scoring.breakdown import Slice, slices_of
from submission.scoring.folds import FOLD, Folds, FoldSpread, fold_subject, folds_of, spread
from submission.scoring.scored import Scored, score_subject
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import find_subject


@dataclass(frozen=True)
class Breakdown:
    """One system's scores on the rows of every group of a dimension."""

    dimension: Dimension
    run: str
    slices: Sequence[Slice]


@dataclass(frozen=True)
class Comparison:
    """A leaderboard, best first, what the organizer's own leaderboard said standing below.

    ``scored`` are the systems in the same order; ``main`` is the score of the baseline, and
    ``scale`` what 1.0 is shown as. ``public`` is what a draw of the public rows may do to the
    order, None where their share is not known or there is one system only. ``folds`` are the
    systems' scores on each fold, if the rows come in folds. ``sensitivity`` tells whether the order
    survives another tokenizer, a metric each.
    """

    rows: Sequence[LeaderboardRow]
    baseline: str
    main: Score
    scale: float
    proxy: str | None
    reasons: Sequence[Note | str] = ()
    scored: Sequence[Scored] = ()
    questions: Mapping[str, Asked] = field(default_factory=dict)
    breakdowns: Sequence[Breakdown] = ()
    agreement: Sequence[MetricAgreement] = ()
    public: Shakeup | None = None
    calibration: Calibration = field(default_factory=Calibration)
    folds: Sequence[FoldSpread] = ()
    sensitivity: Sequence[Sensitivity] = ()

    @property
    def signature(self) -> str:
        """What decides the numbers that the board is ordered by."""
        return self.main.signature


def compare(
    competition: Competition,
    scorer: Scorer,
    ledger: Ledger | None,
    names: Sequence[str],
    baseline: str,
    references: References,
    *,
    metrics: Sequence[str] = (),
    by: Sequence[str] = (),
    tokenizers: Sequence[str] = (),
    test: Path | None = None,
    folds: Folds | None = None,
) -> Comparison:
    """Score every subject and test each against the baseline, row by row.

    ``metrics`` are shown beside the formula, ``by`` names what to break down by (all there is, if
    empty), ``tokenizers`` the metrics to be had under every tokenizer, and ``test`` is the file
    with the questions. With ``folds``, whose references these are, the answers to each row are
    those of the run over its fold. Raises :class:`InputError` for a subject
    that does not exist, is not finished, or answers other rows than the references.
    """
    profile = competition.profile
    metrics = list(dict.fromkeys(metrics))
    ordered = list(dict.fromkeys([*names, baseline]))
    find = find_subject if folds is None else partial(fold_subject, folds=folds)
    subjects = [find(profile, ledger, name, competition=competition.name) for name in ordered]
    questions = find_questions(profile, references.rows, test, subjects)
    scored = [score_subject(scorer, each, references, metrics, ledger) for each in subjects]
    against = scored[ordered.index(baseline)]
    sign = 1.0 if against.main.direction == "higher" else -1.0
    scored.sort(key=lambda each: (-sign * each.main.value, each.subject.name))
    dimensions = find_dimensions(profile, against.examples, questions, by)
    calibration = _calibration(competition, ledger, scored, references)
    by_fold = [] if folds is None else [_by_fold(scorer, each, metrics) for each in scored]
    return Comparison(
        rows=leaderboard(
            competition, scorer, scored, against, metrics, calibration, _costs(ledger, scored)
        ),
        baseline=baseline,
        main=against.main,
        scale=scorer.scale,
        proxy=scorer.proxy,
        reasons=scorer.reasons,
        scored=scored,
        questions=questions,
        breakdowns=[
            *by_fold,
            *(
                Breakdown(dimension, each.subject.name, _slices(scorer, each, metrics, dimension))
                for dimension in dimensions
                for each in scored
            ),
        ],
        folds=[spread(each.run, each.slices) for each in by_fold],
        agreement=agreement(scored, metrics),
        public=shakeup(profile, scorer, scored),
        calibration=calibration,
        sensitivity=[_sensitivity(scored, metric) for metric in tokenizers],
    )


def _costs(ledger: Ledger | None, scored: Sequence[Scored]) -> dict[str, RunCost]:
    names = [each.subject.name for each in scored if each.subject.kind == "run"]
    return {} if ledger is None else {name: run_cost(ledger, name) for name in names}


def _by_fold(scorer: Scorer, scored: Scored, metrics: Sequence[str]) -> Breakdown:
    dimension = Dimension(FOLD, *folds_of(scored.examples))
    return Breakdown(dimension, scored.subject.name, _slices(scorer, scored, metrics, dimension))


def _sensitivity(scored: Sequence[Scored], metric: str) -> Sensitivity:
    name, _, options = metric.partition(":")
    aligned = zip(*(each.examples for each in scored), strict=True)
    common = [all(row.answered for row in rows) for rows in aligned]
    systems = {each.subject.name: [*compress(each.examples, common)] for each in scored}
    return tokenizer_sensitivity(systems, name, options=options)


def _slices(
    scorer: Scorer, scored: Scored, metrics: Sequence[str], dimension: Dimension
) -> list[Slice]:
    parts = [(scorer.cached_formula, scored.main, scorer.scale)]
    parts += [
        (scorer.metric_of(spec), replace(score, metric=spec), 1.0)
        for spec, score in zip(metrics, scored.further(len(metrics)), strict=True)
    ]
    return slices_of(parts, scored.examples, dimension.values, dimension.groups)


def _calibration(
    competition: Competition,
    ledger: Ledger | None,
    scored: Sequence[Scored],
    references: References,
) -> Calibration:
    local = {each.subject.name: each.main.value for each in scored if each.subject.kind == "run"}
    if ledger is None or not scored:
        return Calibration()
    answers = {each.subject.name: each.subject.answers for each in scored}
    signature = scored[0].main.signature
    return calibrate(ledger, competition.name, signature, references.digest, local, answers)
