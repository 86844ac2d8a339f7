"""The rows of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from typing import NamedTuple

import numpy as np

from evaluators import (
    Example,
    LeaderboardRow,
    PairedResult,
    Totals,
    compare_answers,
    detectable_by,
    holm,
)
from evaluators.base import is_corpus_metric, is_summed_metric
from evaluators.ranking.splits import PublicEstimate, public_estimates
from evaluators.report.wording import Note
from submission.compare.calibration import Calibration
from submission.competitions import Competition, known_scores
from submission.competitions.find import KnownScore
from submission.recipes.degenerate import Degenerate
from submission.runs.answers import ANY, degenerate_counts
from submission.runs.costs import RunCost
from submission.scoring.scored import Scored
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject

EQUAL = 1e-12
"""Scores no further apart are equal: sums of the same numbers in another order differ so."""

_UNCOUNTED: Mapping[str, int | None] = {kind.value: None for kind in Degenerate}


def leaderboard(
    competition: Competition,
    scorer: Scorer,
    scored: Sequence[Scored],
    against: Scored,
    metrics: Sequence[str],
    calibration: Calibration,
    costs: Mapping[str, RunCost],
) -> list[LeaderboardRow]:
    """A row per system, in the given order, and below them the known scores of others.

    ``costs`` are what runs took, by name. Systems of equal score share the better rank.
    """
    others = [each for each in scored if each is not against]
    pairs = {each.subject.name: _Pair.of(each, against) for each in others}
    paired = {name: pair.test(scorer) for name, pair in pairs.items() if pair.n}
    adjusted = holm([result.p_value for result in paired.values()])
    stricter = dict(zip(paired, adjusted.tolist(), strict=True))
    rows = []
    publics = _publics(scorer, scored, competition.profile.public_share)
    ranks = shared_ranks([each.main.value for each in scored])
    for rank, each, public in zip(ranks, scored, publics, strict=True):
        row = _scored(scorer, rank, each, metrics, public)
        name = each.subject.name
        if name in paired:
            row = _tested(row, scorer, pairs[name], paired[name], stricter[name])
        row = replace(row, note=_note(each, pairs.get(name)))
        if name in costs:
            row = _costing(row, costs[name])
        rows.append(_counted(_known_outside(row, calibration), each.subject))
    return [*rows, *_known(competition)]


def shared_ranks(values: Sequence[float]) -> list[int]:
    """The ranks of sorted scores, from 1; those within :data:`EQUAL` share the first one's."""
    ranks: list[int] = []
    for place, value in enumerate(values, start=1):
        same = place > 1 and abs(value - values[place - 2]) <= EQUAL
        ranks.append(ranks[-1] if same else place)
    return ranks


class _Pair(NamedTuple):
    """The rows that neither a system nor the baseline skips; ``n`` of them count in both scores."""

    rows: Sequence[Example]
    baseline: Sequence[Example]
    n: int
    lower: bool

    @classmethod
    def of(cls, scored: Scored, against: Scored) -> _Pair:
        rows = [*zip(scored.examples, against.examples, strict=True)]
        answered = np.array([one.answered and other.answered for one, other in rows], dtype=bool)
        counted = answered & ~np.isnan(scored.main.rows) & ~np.isnan(against.main.rows)
        # Scores are remembered by the list that they were asked for.
        own, baselines = (
            each.examples if answered.all() else [*compress(each.examples, answered)]
            for each in (scored, against)
        )
        return cls(own, baselines, int(counted.sum()), scored.main.direction == "lower")

    def test(self, scorer: Scorer) -> PairedResult:
        """The test by which a win is a better row, whichever way the metric points."""
        pair = (self.baseline, self.rows) if self.lower else (self.rows, self.baseline)
        return compare_answers(scorer.cached_formula, *pair)


def _note(scored: Scored, pair: _Pair | None) -> str:
    """Which system is the baseline, and which rows are skipped."""
    told = [] if pair else ["baseline"]
    if skipped := sum(not each.answered for each in scored.examples):
        told.append(f"{skipped} of {len(scored.examples)} rows skipped")
    if pair and len(pair.rows) < len(scored.examples):
        told.append(f"{pair.n} in common with the baseline")
    return ", ".join(told)


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
    pair: _Pair,
    paired: PairedResult,
    adjusted: float,
) -> LeaderboardRow:
    sign = -scorer.scale if pair.lower else scorer.scale
    low, high = sorted((sign * paired.low, sign * paired.high))
    detectable = detectable_by(scorer.cached_formula, pair.rows, pair.baseline)
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


def _costing(row: LeaderboardRow, cost: RunCost) -> LeaderboardRow:
    """With what the answers took."""
    money, currency = cost.money or (None, "")
    return replace(
        row,
        seconds=cost.seconds,
        prompt_tokens=cost.prompt_tokens,
        completion_tokens=cost.completion_tokens,
        money=money,
        currency=currency,
    )


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
    if subject.answers:
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
