"""The answer that several systems, or several samples of one, agree on."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from evaluators.base import Example
from evaluators.metrics.text_f1 import overlap_f1
from evaluators.text.normalize import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Metric

_PAIRS_AT_ONCE: Final = 1 << 15
_DIGITS: Final = 12


class Choice(NamedTuple):
    """Which candidate is taken, by its place, and how many of them vote for it."""

    place: int
    votes: int


def same_text(text: str) -> str:
    """Return what makes two answers one vote: composed, without white space and letter case."""
    return "".join(unicodedata.normalize("NFC", text).split()).casefold()


def majority(candidates: Sequence[str], vote: Callable[[str], str] = same_text) -> Choice:
    """Return the candidate that most others agree with; ``vote`` gives what must be equal.

    Where several answers have most votes, as in 1:1:1, the one with the highest sum of character
    F1 with all other candidates is taken (the tie break of the second place of DACON 236291, whose
    normalisation is used), and then the first. Raises ValueError for no candidates.
    """
    if not candidates:
        raise ValueError("there is nothing to vote on")
    votes = [vote(text) for text in candidates]
    counts = Counter(votes)
    most = max(counts.values())
    leading = [votes.index(each) for each, count in counts.items() if count == most]
    if len(leading) == 1:
        return Choice(leading[0], most)
    units = [tokens(text, "inha") for text in candidates]
    agreement = [
        sum(overlap_f1(units[one], other) for place, other in enumerate(units) if place != one)
        for one in leading
    ]
    return Choice(leading[int(np.argmax(np.round(agreement, _DIGITS)))], most)


def utilities(
    metric: Metric, rows: Sequence[Sequence[str]], metas: Sequence[Mapping[str, str]] = ()
) -> list[NDArray[np.float64]]:
    """Return how much the others of a row agree with each candidate, one array per row.

    A candidate's utility is its mean score with each other candidate as its only reference; more
    is better, whichever way the metric points, and pairs that the metric leaves unscored do not
    count (a candidate without any has minus infinity). The candidate of highest utility is that of
    minimum Bayes risk (Kumar and Byrne 2004) under the candidates' own distribution. ``metas`` are
    given to the metric, one per row. Raises what the metric raises.
    """
    sign = -1.0 if metric.direction == "lower" else 1.0
    pairs = [(place, pair) for place, texts in enumerate(rows) for pair in _pairs(texts)]
    known: dict[tuple[int, tuple[str, str]], float] = {}
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        block = pairs[start : start + _PAIRS_AT_ONCE]
        examples = [
            Example(f"{place}", one, (other,), meta=metas[place] if metas else {})
            for place, (one, other) in block
        ]
        known.update(zip(block, (sign * metric.rows(examples)).tolist(), strict=True))
    return [
        np.array([_mean(known, place, texts, one) for one in range(len(texts))])
        for place, texts in enumerate(rows)
    ]


def least_risk(utility: NDArray[np.float64]) -> int:
    """Return the place of the highest utility, the first of equal ones.

    Sums of the same terms in another order differ in their last bits, which decide nothing.
    """
    return int(np.argmax(np.round(utility, _DIGITS)))


def _pairs(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every ordered pair of two candidates, each once, a text with itself if it is there twice."""
    counts = Counter(texts)
    for one in counts:
        for other in counts:
            if one != other or counts[one] > 1:
                yield one, other


def _mean(
    known: Mapping[tuple[int, tuple[str, str]], float], row: int, texts: Sequence[str], one: int
) -> float:
    values = [known[row, (texts[one], other)] for place, other in enumerate(texts) if place != one]
    scored = [value for value in values if not np.isnan(value)]
    return sum(scored) / len(scored) if scored else -np.inf
