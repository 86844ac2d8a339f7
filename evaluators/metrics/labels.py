"""What the metrics of labels share: counts per class, and resampling them.

A class is a label that is gold or predicted somewhere. The first reference is the gold label;
outer whitespace does not count.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import Direction, Signature
from evaluators.errors import EvaluationError
from evaluators.metrics.counted import summed_by
from evaluators.metrics.entry import Entry
from evaluators.metrics.rowwise import chosen, require_text, text_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.counted import Value

_LOG: Final = logging.getLogger(__name__)
_CELLS_AT_ONCE: Final = 1 << 20
_CELLS_IN_ALL: Final = 1 << 24
_FEWEST_RESAMPLES: Final = 200
_MANY_CLASSES: Final = 1000


@dataclass(frozen=True)
class ClassCounts:
    """Per class and sample, shape ``(classes, samples)``: rows of the class, guesses, and hits.

    ``support`` counts how often a class is gold, ``claimed`` how often it is predicted, ``hits``
    how often both at once.
    """

    support: NDArray[np.float64]
    claimed: NDArray[np.float64]
    hits: NDArray[np.float64]

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 per class and sample, 0 where the class is neither gold nor predicted."""
        return share(2 * self.hits, self.support + self.claimed)

    @property
    def recall(self) -> NDArray[np.float64]:
        """Recall per class and sample, 0 where the class is never gold."""
        return share(self.hits, self.support)


class LabelMetric(ABC):
    """Base of metrics of all labels together.

    Rows only tell right from wrong, so ``aggregate`` refuses them; ``resample`` gives the value and
    its bootstrap distribution.
    """

    name: str
    proxy: Final = None
    direction: Final[Direction] = "higher"

    @property
    def signature(self) -> Signature:
        """Has no options: the first reference is gold, and what is undefined is 0."""
        return Signature.of(self.name, refs="first", zero_division=0)

    @abstractmethod
    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the value of each sample, shape ``(samples,)``."""

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return 1 for right and 0 for wrong labels; raises EvaluationError without a reference."""
        return text_rows(examples, self.name, "first", same_label)

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Raise EvaluationError: right and wrong do not determine the value."""
        raise EvaluationError(
            f"{self.name} cannot be computed from {len(rows)} row scores: use "
            "evaluators.score_examples, or accuracy for a metric of rows"
        )

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the value and its values on ``resamples`` bootstrap samples of the rows.

        Thousands of classes are texts rather than labels: that is warned of, and fewer samples are
        drawn, 200 at least.
        """
        require_text(examples, self.name)
        if not examples:
            raise EvaluationError(f"{self.name} has no rows to count")
        codes, size = _pair_codes(examples)
        # Drawing rows with replacement is drawing counts of the distinct (gold, predicted) pairs.
        pairs, counts = np.unique(codes, return_counts=True)
        truth, guess = np.divmod(pairs, size)
        value = float(self.from_counts(count_classes(counts[np.newaxis], truth, guess, size))[0])
        random = np.random.default_rng(seed)
        resamples = self._affordable(resamples, max(size, len(pairs)), size)
        values = np.empty(resamples)
        step = max(1, _CELLS_AT_ONCE // max(size, len(pairs)))
        for start in range(0, resamples, step):
            draws = min(step, resamples - start)
            drawn = random.multinomial(len(codes), counts / len(codes), size=draws)
            values[start : start + draws] = self.from_counts(
                count_classes(drawn, truth, guess, size)
            )
        return value, values

    def of_counts(self, examples: Sequence[Example]) -> Value:
        """Return what makes values of counts of the rows."""
        require_text(examples, self.name)
        codes, size = _pair_codes(examples)
        pairs, places = np.unique(codes, return_inverse=True)
        truth, guess = np.divmod(pairs, size)
        sums = summed_by(places, len(pairs))
        return lambda counts: self.from_counts(count_classes(sums(counts), truth, guess, size))

    def _affordable(self, resamples: int, cells: int, classes: int) -> int:
        few = min(resamples, max(_FEWEST_RESAMPLES, _CELLS_IN_ALL // cells))
        if classes > _MANY_CLASSES:
            fewer = f", and its interval is of {few} samples" if few < resamples else ""
            _LOG.warning(
                "%s: %d different labels: free-text answers are scored as classes here%s",
                self.name, classes, fewer,
            )  # fmt: skip
        return few


def _pair_codes(examples: Sequence[Example]) -> tuple[NDArray[np.int64], int]:
    """Number each row's (gold, predicted) pair of labels; return the number of labels too."""
    places: dict[str, int] = {}

    def place(label: str) -> int:
        return places.setdefault(label.strip(), len(places))

    n = len(examples)
    gold = np.fromiter((place(chosen(row, "first")[0]) for row in examples), np.int64, count=n)
    predicted = np.fromiter((place(row.answer) for row in examples), np.int64, count=n)
    return gold * len(places) + predicted, len(places)


def count_classes(
    counts: NDArray[np.int64] | NDArray[np.float64],
    truth: NDArray[np.int64],
    guess: NDArray[np.int64],
    size: int,
) -> ClassCounts:
    """Return the counts per class of each row of pair counts.

    ``counts`` has shape ``(samples, pairs)``; pair j says that gold is class ``truth[j]`` and the
    prediction class ``guess[j]``, of ``size`` classes.
    """
    support, claimed, hits = (np.zeros((size, len(counts))) for _ in range(3))
    columns = np.ascontiguousarray(counts.T, dtype=np.float64)
    np.add.at(support, truth, columns)
    np.add.at(claimed, guess, columns)
    right = truth == guess
    hits[truth[right]] = columns[right]
    return ClassCounts(support, claimed, hits)


def share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``part / whole``, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def same_label(answer: str, reference: str) -> float:
    """Return 1 for the same label but for outer whitespace, else 0."""
    return float(answer.strip() == reference.strip())


class BalancedAccuracy(LabelMetric):
    """Mean of the gold classes' recall, so that every class weighs the same (Brodersen 2010)."""

    name: Final = "balanced-accuracy"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the mean recall of each sample."""
        classes = (counts.support > 0).sum(axis=0, dtype="float64")
        return share(counts.recall.sum(axis=0), classes)


class MacroF1(LabelMetric):
    """Mean of the classes' F1; classes that a sample lacks on both sides do not count in it."""

    name: Final = "macro-f1"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the mean F1 of each sample."""
        involved = counts.support + counts.claimed > 0
        mean: NDArray[np.float64] = counts.f1.sum(axis=0) / involved.sum(axis=0)
        return mean


class Mcc(LabelMetric):
    """Correlation of gold and predicted labels, -1 to 1; 0 where one side is all one class.

    For any number of classes (Gorodkin 2004): with n rows, c hits and t gold and p predicted rows
    per class, ``(c n - sum t p) / sqrt((n^2 - sum t^2) (n^2 - sum p^2))``.
    """

    name: Final = "mcc"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the coefficient of each sample."""
        n, hits = counts.support.sum(axis=0), counts.hits.sum(axis=0)
        shared = hits * n - (counts.support * counts.claimed).sum(axis=0)
        gold = n**2 - (counts.support**2).sum(axis=0)
        predicted = n**2 - (counts.claimed**2).sum(axis=0)
        return share(shared, np.sqrt(gold * predicted))


class MicroF1(LabelMetric):
    """F1 of the hits of all classes together; with one label a row this is accuracy."""

    name: Final = "micro-f1"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the pooled F1 of each sample."""
        guesses = counts.support.sum(axis=0) + counts.claimed.sum(axis=0)
        return share(2 * counts.hits.sum(axis=0), guesses)


class WeightedF1(LabelMetric):
    """Mean of the classes' F1, each weighing as much as it has gold rows."""

    name: Final = "weighted-f1"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the weighted mean F1 of each sample."""
        weighted = (counts.f1 * counts.support).sum(axis=0)
        return share(weighted, counts.support.sum(axis=0))


ENTRIES = (
    Entry(
        BalancedAccuracy.name,
        "mean of the classes' recall",
        "nothing",
        lambda _: BalancedAccuracy(),
    ),
    Entry(MacroF1.name, "mean of the classes' F1", "nothing", lambda _: MacroF1()),
    Entry(Mcc.name, "Matthews correlation of labels", "nothing", lambda _: Mcc()),
    Entry(MicroF1.name, "F1 of all classes' hits together", "nothing", lambda _: MicroF1()),
    Entry(WeightedF1.name, "mean of the classes' F1 by size", "nothing", lambda _: WeightedF1()),
)
