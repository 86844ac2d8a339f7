"""What a public leaderboard, drawn from a share of the rows, may show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

Private = Literal["rest", "all"]

_KEYS_AT_ONCE: Final = 1 << 21
# The same rows added in another order differ in the last bits.
_TIE: Final = 1e-9


class PublicEstimate(NamedTuple):
    """The 95% range of the public score; ``n`` is how many rows the public part holds."""

    low: float
    high: float
    share: float
    n: int


class Flips(NamedTuple):
    """How often two systems stand in opposite orders on the public and the private rows.

    ``rate`` is the share of the draws; ``ties`` that of draws where one part shows no difference,
    which is no flip. ``n`` rows are public.
    """

    rate: float
    ties: float
    share: float
    n: int
    draws: int

    def __str__(self) -> str:
        return f"in {self.rate:.0%} of {self.share:.0%} draws the order of these two flips"


class PartScores(NamedTuple):
    """Systems' scores on the parts of each draw, shape ``(draws, systems)``."""

    public: NDArray[np.float64]
    private: NDArray[np.float64]
    n: int


def public_estimate(
    rows: ArrayLike | Totals, share: float, *, draws: int = 2000, seed: int = 0
) -> PublicEstimate:
    """Return where the score of a random ``share`` of ``rows`` lies in 95 of 100 draws.

    Rows are drawn without replacement, at least one. Raises EvaluationError for no rows, a share
    outside (0, 1], or values that are not finite.
    """
    return public_estimates([rows], share, draws=draws, seed=seed)[0]


def public_estimates(
    systems: Sequence[ArrayLike | Totals], share: float, *, draws: int = 2000, seed: int = 0
) -> list[PublicEstimate]:
    """Return ``public_estimate`` of each system; those of equally many rows meet the same draws.

    Raises EvaluationError as ``public_estimate`` does.
    """
    totals = [as_totals(rows) for rows in systems]
    parts = {
        length: _public_scores([each for each in totals if len(each) == length], share, draws, seed)
        for length in {len(each) for each in totals}
    }
    estimates = []
    for each in totals:
        low, high = np.quantile(next(parts[len(each)]), (0.025, 0.975))
        n = _public_rows(len(each), share)
        estimates.append(PublicEstimate(float(low), float(high), share, n))
    return estimates


def order_flips(
    a: ArrayLike | Totals,
    b: ArrayLike | Totals,
    share: float,
    *,
    private: Private = "rest",
    draws: int = 2000,
    seed: int = 0,
) -> Flips:
    """Return how often a public ``share`` of the rows orders A and B otherwise than the private.

    Public and private rows are a partition; ``private="all"`` is for competitions whose final
    score takes every row. Raises EvaluationError for systems of unequal length, a share that
    leaves no private row, and what ``public_estimate`` refuses.
    """
    parts = simulate((as_totals(a), as_totals(b)), share, private, draws, seed)
    public = order(parts.public[:, 0], parts.public[:, 1])
    final = order(parts.private[:, 0], parts.private[:, 1])
    product = public * final
    return Flips(float((product < 0).mean()), float((product == 0).mean()), share, parts.n, draws)


def simulate(
    systems: Sequence[Totals], share: float, private: Private, draws: int, seed: int
) -> PartScores:
    """Return every system's public and private score on the same draws."""
    if private not in get_args(Private):
        raise EvaluationError(f"private={private!r} is unknown: use one of rest, all")
    lengths = {len(each) for each in systems}
    if len(lengths) != 1:
        raise EvaluationError("systems must answer the same rows to be split alike")
    total = lengths.pop()
    n = _public_rows(total, share)
    if private == "rest" and n == total:
        raise EvaluationError(
            f"a public share of {share:g} of {total} rows leaves no private row: "
            "use a smaller one, or private='all'"
        )
    public = np.empty((draws, len(systems)))
    final = np.empty((draws, len(systems)))
    wholes = [each.table.sum(axis=0) for each in systems]
    done = 0
    for drawn in _public(total, n, draws, seed):
        part = slice(done, done + len(drawn))
        for place, (each, whole) in enumerate(zip(systems, wholes, strict=True)):
            sums = drawn @ each.table
            public[part, place] = each.value(sums)
            rest = whole - sums if private == "rest" else whole[np.newaxis]
            final[part, place] = each.value(rest)
        done += len(drawn)
    return PartScores(public, final, n)


def order(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 where ``one`` is above, -1 where it is below, and 0 for a tie."""
    difference = one - other
    signs: NDArray[np.float64] = np.where(np.abs(difference) <= _TIE, 0.0, np.sign(difference))
    return signs


def as_totals(rows: ArrayLike | Totals) -> Totals:
    """Take row scores as sums over rows; what already is, stays."""
    return rows if isinstance(rows, Totals) else Totals.of_rows(rows)


def _public_scores(
    totals: Sequence[Totals], share: float, draws: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """The public scores of systems of equally many rows, all from the same draws."""
    total = len(totals[0])
    n = _public_rows(total, share)
    if n == total:
        return iter([np.array([each.score]) for each in totals])
    blocks = [
        [each.value(drawn @ each.table) for each in totals]
        for drawn in _public(total, n, draws, seed)
    ]
    return map(np.concatenate, zip(*blocks, strict=True))


def _public_rows(total: int, share: float) -> int:
    if not 0 < share <= 1:
        raise EvaluationError(f"a public share must be above 0 and at most 1, not {share}")
    return max(1, round(share * total))


def _public(total: int, n: int, draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Blocks of draws: 1 where a row is public, of which each draw has ``n``, else 0."""
    random = np.random.default_rng(seed)
    step = max(1, _KEYS_AT_ONCE // total)
    for start in range(0, draws, step):
        keys = random.random((min(step, draws - start), total))
        chosen = np.argpartition(keys, n - 1, axis=1)[:, :n]
        keys[:] = 0.0
        np.put_along_axis(keys, chosen, 1.0, axis=1)
        yield keys
