"""Runs and files beside a baseline, on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluators import LeaderboardRow, Totals, compare_answers, public_estimate, to_frame
from evaluators.metrics.base import is_corpus_metric, is_summed_metric
from evaluators.splits import PublicEstimate
from submission.answers import degenerate, run_answers
from submission.atomic import atomic_file
from submission.competitions import Competition, known_scores
from submission.errors import InputError
from submission.ledger import Ledger
from submission.records import Reference
from submission.scoring import Scored, Scorer, Subject, file_subject, run_subject, score_subject


@dataclass(frozen=True)
class Comparison:
    """A leaderboard, best first; what the organizer's own leaderboard said stands below."""

    rows: Sequence[LeaderboardRow]
    baseline: str
    signature: str
    proxy_reason: str | None


def find_subject(competition: Competition, ledger: Ledger, name: str) -> Subject:
    """The run of the ledger called ``name``, else the file.

    Raises :class:`InputError` where it is neither.
    """
    if ledger.has_run(name):
        return run_subject(ledger, name)
    if Path(name).is_file():
        return file_subject(competition, Path(name), None)
    names = ", ".join(run.name for run in ledger.runs()) or "none"
    raise InputError(f"'{name}' is neither a run of {ledger.path} (it has {names}) nor a file.")


def compare(
    scorer: Scorer,
    ledger: Ledger,
    names: Sequence[str],
    baseline: str,
    references: Sequence[Reference],
    references_file: Path,
) -> Comparison:
    """Score every subject and test each against the baseline, row by row.

    Raises :class:`InputError` for a subject that does not exist, is not finished, or answers
    other rows than the references.
    """
    ordered = list(dict.fromkeys([*names, baseline]))
    scored = [
        score_subject(
            scorer,
            find_subject(scorer.competition, ledger, name),
            references,
            (),
            ledger,
            references_file,
        )
        for name in ordered
    ]
    against = scored[ordered.index(baseline)]
    sign = 1.0 if against.main.direction == "higher" else -1.0
    scored.sort(key=lambda each: (-sign * each.main.value, each.subject.name))
    rows = [
        _row(rank, each, against, baseline, scorer, ledger)
        for rank, each in enumerate(scored, start=1)
    ]
    return Comparison(
        rows=[*rows, *_known(scorer.competition)],
        baseline=baseline,
        signature=against.main.signature,
        proxy_reason=scorer.proxy_reason,
    )


def write_leaderboard(comparison: Comparison, path: Path) -> None:
    """The comparison as CSV, whole or not at all."""
    text = to_frame(comparison.rows).to_csv(index=False, lineterminator="\n")
    with atomic_file(path) as handle:
        handle.write(text.encode())


def _row(
    rank: int,
    scored: Scored,
    against: Scored,
    baseline: str,
    scorer: Scorer,
    ledger: Ledger,
) -> LeaderboardRow:
    main, subject = scored.main, scored.subject
    metric = scorer.remembering
    # A win is a better row, whichever way the metric points.
    lower = main.direction == "lower"
    ordered = (against, scored) if lower else (scored, against)
    # By this order a positive difference is a better score.
    paired = compare_answers(metric, *(each.examples for each in ordered))
    sign = -scorer.scale if lower else scorer.scale
    ends = sorted((sign * paired.low, sign * paired.high))
    public = _public(scorer, scored)
    is_baseline = subject.name == baseline
    empty, cut_off, echoed = _degenerate(subject, ledger)
    return LeaderboardRow(
        rank=rank,
        name=subject.name,
        kind=subject.kind,
        score=main.value,
        low=main.low,
        high=main.high,
        n=main.n,
        difference=None if is_baseline else sign * paired.difference,
        difference_low=None if is_baseline else ends[0],
        difference_high=None if is_baseline else ends[1],
        p_value=None if is_baseline else paired.p_value,
        wins=None if is_baseline else paired.wins,
        ties=None if is_baseline else paired.ties,
        losses=None if is_baseline else paired.losses,
        public_low=scorer.scale * public.low if public else None,
        public_high=scorer.scale * public.high if public else None,
        empty=empty,
        cut_off=cut_off,
        echoed=echoed,
        proxy=main.proxy,
        note="baseline" if is_baseline else "",
    )


def _public(scorer: Scorer, scored: Scored) -> PublicEstimate | None:
    """Where the public part's score may lie, where its share is known."""
    share, metric = scorer.competition.profile.public_share, scorer.remembering
    if share is None:
        return None
    if is_summed_metric(metric):
        return public_estimate(Totals.of_metric(metric, scored.examples), share)
    if is_corpus_metric(metric):
        return None
    rows = metric.rows(scored.examples)
    return public_estimate(rows[~np.isnan(rows)], share)


def _degenerate(subject: Subject, ledger: Ledger) -> tuple[int | None, int | None, int | None]:
    """Empty, cut-off and echoing answers; a file only tells of empty ones, vectors of none."""
    if subject.kind == "run":
        counts = degenerate(run_answers(ledger, subject.name))
        return counts.empty, counts.cut_off, counts.echoed
    if any(prediction.vector is not None for prediction in subject.predictions):
        return None, None, None
    return sum(not prediction.answer.strip() for prediction in subject.predictions), None, None


def _known(competition: Competition) -> list[LeaderboardRow]:
    rows = []
    for known in known_scores(competition):
        score = known.public if known.public is not None else known.private
        if score is None:
            continue
        private = f", private {known.private:g}" if known.private is not None else ""
        rows.append(
            LeaderboardRow(
                rank=None,
                name=known.name,
                kind="known",
                score=score,
                note=f"organizer's leaderboard{private}, certainty {known.certainty}",
                source=known.source,
            )
        )
    return rows
