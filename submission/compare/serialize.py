"""A comparison in plain values, for JSON and for tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from evaluators import LeaderboardRow, LinearFit
from evaluators.base import finite
from submission.compare.comparison import Comparison
from submission.compare.stability import flips
from submission.scoring.folds import FoldSpread


class GroupLine(NamedTuple):
    """One system's score by one metric on the rows of one group; of one row, NaN for the ends."""

    dimension: str
    group: str
    run: str
    metric: str
    score: float
    low: float | None
    high: float | None
    n: int
    proxy: bool

    def plain(self) -> GroupLine:
        """The same with None for ends that are NaN."""
        return self._replace(low=finite(self.low), high=finite(self.high))


def group_lines(comparison: Comparison) -> Iterator[GroupLine]:
    """The breakdowns line by line, the formula before further metrics."""
    for each in comparison.breakdowns:
        for part in each.slices:
            for score in filter(None, part.scores):
                yield GroupLine(
                    each.dimension.name,
                    part.value,
                    each.run,
                    score.metric,
                    score.value,
                    score.low,
                    score.high,
                    score.n,
                    score.proxy is not None,
                )


def fold_columns(comparison: Comparison) -> list[str]:
    """The header of a table of scores by fold, a line for each system."""
    numbers = list(comparison.folds[0].scores)
    return ["run", *(f"fold_{number}" for number in numbers), "mean", "sd"]


def fold_cells(each: FoldSpread) -> list[str | float | None]:
    """A system's line of that table."""
    return [each.run, *each.scores.values(), each.mean, each.deviation]


class TokenizerLine(NamedTuple):
    """One system's score by one metric under one tokenizer; rank 1 is the best."""

    metric: str
    run: str
    tokenizer: str
    score: float
    rank: int
    signature: str


def tokenizer_lines(comparison: Comparison) -> Iterator[TokenizerLine]:
    """The scores under every tokenizer line by line."""
    for found in comparison.sensitivity:
        for row, run in enumerate(found.systems):
            for column, name in enumerate(found.tokenizers):
                yield TokenizerLine(
                    found.metric,
                    run,
                    name,
                    float(found.scores[row, column]),
                    int(found.ranks[row, column]),
                    found.signatures[column],
                )


def to_plain(comparison: Comparison) -> dict[str, Any]:
    """Everything that a program may want to know."""
    public = comparison.public
    calibration = comparison.calibration
    return {
        "leaderboard": [_row(row) for row in comparison.rows],
        "baseline": comparison.baseline,
        "metric": comparison.main.metric,
        "signature": comparison.signature,
        "proxy": comparison.proxy,
        "breakdown": [line.plain()._asdict() for line in group_lines(comparison)],
        "agreement": [asdict(each) for each in comparison.agreement],
        "public": None
        if public is None
        else {
            "share": public.share,
            "rows": public.n,
            "draws": public.draws,
            "winner_kept": public.winner_kept,
            "standings": [asdict(each) for each in public.standings],
            "flips": [flip._asdict() for flip in flips(public)],
        },
        "folds": [asdict(each) for each in comparison.folds],
        "tokenizers": [line._asdict() for line in tokenizer_lines(comparison)],
        "calibration": {
            "points": [asdict(point) for point in calibration.points],
            "fit": None if calibration.fit is None else _fit(calibration.fit),
            "expected": {
                name: estimate._asdict() for name, estimate in calibration.predictions.items()
            },
            "notes": [str(note) for note in calibration.notes],
        },
    }


def _row(row: LeaderboardRow) -> dict[str, Any]:
    return {
        **row.plain(),
        "others": {name: dict(score.to_dict()) for name, score in row.others.items()},
    }


def _fit(fit: LinearFit) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in asdict(fit).items()}
