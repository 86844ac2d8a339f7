"""The rows of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evaluators import LeaderboardRow, PairedResult, Totals, compare_answers, detectable_by, holm
from evaluators.base import is_corpus_metric, is_summed_metric
from evaluators.ranking.splits import PublicEstimate, public_estimates
from evaluators.report.wording import Note
from submission.compare.calibration import Calibration
from submission.competitions import Competition, known_scores
from submission.competitions.find import KnownScore
from submission.recipes.degenerate import Degenerate
from submission.runs.answers import ANY, degenerate_counts
from submission.scoring.scored import Scored
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject

_UNCOUNTED: Mapping[str, int | None] = {kind.value: None for kind in Degenerate}


def leaderboard(
    competition: Competition,
    scorer: Scorer,
    scored: Sequence[Scored],
    against: Scored,
    metrics: Sequence[str],
    calibration: Calibration,
) -> list[LeaderboardRow]:
    """A row per system, in the given order, and below them the known scores of others."""
    others = [each for each in scored if each is not against]
    paired = {each.subject.name: _paired(scorer, each, against) for each in others}
    adjusted = holm([result.p_value for result in paired.values()])
    stricter = dict(zip(paired, adjusted.tolist(), strict=True))
    rows = []
    publics = _publics(scorer, scored, competition.profile.public_share)
    for rank, (each, public) in enumerate(zip(scored, publics, strict=True), start=1):
        row = _scored(scorer, rank, each, metrics, public)
        name = each.subject.name
        if name in paired:
            row = _tested(row, scorer, each, against, paired[name], stricter[name])
        else:
            row = replace(row, note="baseline")
        rows.append(_counted(_known_outside(row, calibration), each.subject))
    return [*rows, *_known(competition)]


def _paired(scorer: Scorer, scored: Scored, against: Scored) -> PairedResult:
    """The test by which a win is a better row, whichever way the metric points."""
    pair = (against, scored) if scored.main.direction == "lower" else (scored, against)
    return compare_answers(scorer.cached_formula, *(each.examples for each in pair))


def _scored(
    scorer: Scorer,
    rank: int,
    scored: Scored,
    metrics: Sequence[str],
    public: PublicEstimate | None,
) -> LeaderboardRow:
    main = scored.main
    return LeaderboardRow(
        rank=rank,
        name=scored.subject.name,
        kind=scored.subject.kind,
        score=main.value,
        low=main.low,
        high=main.high,
        n=main.n,
        public_low=scorer.scale * public.low if public else None,
        public_high=scorer.scale * public.high if public else None,
        proxy=main.proxy,
        signature=main.signature,
        degenerate=_UNCOUNTED,
        others=dict(zip(metrics, scored.further(len(metrics)), strict=True)),
    )


def _tested(
    row: LeaderboardRow,
    scorer: Scorer,
    scored: Scored,
    against: Scored,
    paired: PairedResult,
    adjusted: float,
) -> LeaderboardRow:
    sign = -scorer.scale if scored.main.direction == "lower" else scorer.scale
    low, high = sorted((sign * paired.low, sign * paired.high))
    detectable = detectable_by(scorer.cached_formula, scored.examples, against.examples)
    return replace(
        row,
        difference=sign * paired.difference,
        difference_low=low,
        difference_high=high,
        p_value=paired.p_value,
        p_adjusted=adjusted,
        detectable=scorer.scale * detectable.difference if detectable else None,
        wins=paired.wins,
        ties=paired.ties,
        losses=paired.losses,
    )


def _known_outside(row: LeaderboardRow, calibration: Calibration) -> LeaderboardRow:
    """With what the organizer gave, or else what the line through other runs expects."""
    for point in calibration.points:
        if point.run == row.name:
            return replace(row, public=point.public, private=point.private)
    found = calibration.predictions.get(row.name)
    if found is None:
        return row
    value, low, high = found
    return replace(row, expected=value, expected_low=low, expected_high=high)


def _publics(
    scorer: Scorer, scored: Sequence[Scored], share: float | None
) -> Sequence[PublicEstimate | None]:
    """Where the public part's scores may lie, where its share is known."""
    metric = scorer.cached_formula
    nothing = [None] * len(scored)
    if share is None:
        return nothing
    if is_summed_metric(metric):
        return public_estimates([Totals.of_metric(metric, each.examples) for each in scored], share)
    if is_corpus_metric(metric):
        return nothing
    rows = [metric.rows(each.examples) for each in scored]
    return public_estimates([each[~np.isnan(each)] for each in rows], share)


def _counted(row: LeaderboardRow, subject: Subject) -> LeaderboardRow:
    """With degenerate answers by kind; of a file only empty ones are known, of vectors none."""
    if subject.kind == "run":
        counts = degenerate_counts(subject.answers)
        total = counts.pop(ANY)
        return replace(row, degenerate=counts, any_degenerate=total)
    if any(prediction.vector is not None for prediction in subject.predictions):
        return row
    empty = sum(not prediction.answer.strip() for prediction in subject.predictions)
    return replace(row, degenerate={**row.degenerate, Degenerate.EMPTY.value: empty})


def known_note(known: KnownScore) -> Note:
    """What the leaderboard says of a published score."""
    if known.private is None:
        return Note("note.known", {"certainty": known.certainty})
    return Note(
        "note.known_private", {"private": f"{known.private:g}", "certainty": known.certainty}
    )


def _known(competition: Competition) -> list[LeaderboardRow]:
    rows = []
    for known in known_scores(competition):
        score = known.public if known.public is not None else known.private
        if score is None:
            continue
        rows.append(
            LeaderboardRow(
                rank=None,
                name=known.name,
                kind="known",
                score=score,
                degenerate=_UNCOUNTED,
                note=str(known_note(known)),
                source=known.source,
            )
        )
    return rows
