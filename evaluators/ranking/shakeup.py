"""How far a leaderboard may move between its public and its private rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.ranking.splits import Private, as_totals, order, simulate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from evaluators.base import Direction
    from evaluators.significance.totals import Totals


@dataclass(frozen=True)
class Standing:
    """One system's place on all rows, and its public places over the draws.

    ``low`` to ``high`` holds the public place in 95 of 100 draws; ``first_public`` and
    ``first_private`` are the shares of draws it wins.
    """

    name: str
    score: float
    rank: int
    low: int
    high: int
    first_public: float
    first_private: float


@dataclass(frozen=True)
class Shakeup:
    """A leaderboard under many public draws, best system first.

    ``winner_kept`` is the share of draws in which a public winner wins the private rows too.
    ``flips[i, j]`` says how often systems i and j change order between the parts.
    """

    standings: tuple[Standing, ...]
    winner_kept: float
    share: float
    n: int
    draws: int
    flips: NDArray[np.float64] = field(repr=False, compare=False)


def public_shakeup(
    systems: Mapping[str, ArrayLike | Totals],
    share: float,
    *,
    direction: Direction = "higher",
    private: Private = "rest",
    draws: int = 2000,
    seed: int = 0,
) -> Shakeup:
    """Draw public parts of the rows and watch the order of all systems.

    Takes each system's row scores, or its sums for a corpus metric; splits are those of
    ``order_flips``. Raises EvaluationError for no system, and what ``order_flips`` refuses.
    """
    if not systems:
        raise EvaluationError("there is no system to put in order")
    sign = 1.0 if direction == "higher" else -1.0
    totals = {name: as_totals(rows) for name, rows in systems.items()}
    scores = {name: each.score for name, each in totals.items()}
    names = sorted(totals, key=lambda name: (-sign * scores[name], name))
    parts = simulate([totals[name] for name in names], share, private, draws, seed)
    public, final = sign * parts.public, sign * parts.private
    whole = sign * np.array([[scores[name] for name in names]])
    ranks, private_ranks, overall = _ranks(public), _ranks(final), _ranks(whole)[0]
    low, high = np.quantile(ranks, (0.025, 0.975), axis=0, method="inverted_cdf")
    winners, kept = ranks == 1, private_ranks == 1
    standings = tuple(
        Standing(
            name,
            scores[name],
            int(overall[place]),
            int(low[place]),
            int(high[place]),
            float(winners[:, place].mean()),
            float(kept[:, place].mean()),
        )
        for place, name in enumerate(names)
    )
    return Shakeup(
        standings,
        float((winners & kept).any(axis=1).mean()),
        share,
        parts.n,
        draws,
        _flips(public, final),
    )


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places from 1, higher being better; equal scores share the better place."""
    columns = [
        1 + (order(scores, scores[:, [place]]) > 0).sum(axis=1) for place in range(scores.shape[1])
    ]
    return np.column_stack(columns)


def _flips(public: NDArray[np.float64], final: NDArray[np.float64]) -> NDArray[np.float64]:
    rates = [
        (order(public, public[:, [place]]) * order(final, final[:, [place]]) < 0).mean(axis=0)
        for place in range(public.shape[1])
    ]
    return np.array(rates)
