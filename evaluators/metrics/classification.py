"""Accuracy and macro F1 of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.metrics.base import Direction, References, Signature
from evaluators.metrics.classification_report import (
    ClassificationReport,
    ClassScores,
    classification_report,
)
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Request
from evaluators.metrics.rowwise import (
    RowMetric,
    check_references,
    chosen,
    require_text,
    text_rows,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.metrics.base import Example

__all__ = [
    "Accuracy",
    "ClassScores",
    "ClassificationReport",
    "MacroF1",
    "classification_report",
    "macro_f1",
]

_CELLS_AT_ONCE: Final = 1 << 20


class Accuracy(RowMetric):
    """1 where the answer equals the gold label once outer whitespace is off, else 0.

    With several references any of them will do.
    """

    name: Final = "accuracy"
    proxy: Final = False

    def __init__(self, references: References = "max") -> None:
        self._references = check_references(references)
        self.signature: Final = Signature.of(self.name, refs=self._references)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        return text_rows(examples, self.name, self._references, _equal)


class MacroF1:
    """Mean of the classes' F1, a class being a label that is gold or predicted somewhere.

    The value comes from all rows together, so rows only tell right from wrong, and ``aggregate``
    refuses them; ``resample`` gives the value and its bootstrap distribution. The first reference
    is the gold label; outer whitespace does not count.
    """

    name: Final = "macro-f1"
    proxy: Final = False
    direction: Final[Direction] = "higher"

    @property
    def signature(self) -> Signature:
        """Has no options: there is one macro F1."""
        return Signature.of(self.name, refs="first", zero_division=0)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return 1 for right and 0 for wrong labels; raises EvaluationError without a reference."""
        return text_rows(examples, self.name, "first", _equal)

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Raise EvaluationError: right and wrong do not determine macro F1."""
        raise EvaluationError(
            f"macro-f1 cannot be had from {len(rows)} row scores: use evaluators.scoring.score, "
            "or accuracy for a metric of rows"
        )

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, NDArray[np.float64]]:
        """Return macro F1 and its values on ``resamples`` bootstrap samples of the rows."""
        require_text(examples, self.name)
        gold = [chosen(row, "first")[0].strip() for row in examples]
        predicted = [row.answer.strip() for row in examples]
        labels = {label: place for place, label in enumerate(dict.fromkeys(gold + predicted))}
        size = len(labels)
        codes = np.array([labels[g] for g in gold]) * size + np.array(
            [labels[p] for p in predicted]
        )
        # Drawing rows with replacement is drawing counts of the distinct (gold, predicted) pairs.
        pairs, counts = np.unique(codes, return_counts=True)
        truth, guess = np.divmod(pairs, size)
        value = float(macro_f1(counts[np.newaxis], truth, guess, size)[0])
        random = np.random.default_rng(seed)
        values = np.empty(resamples)
        step = max(1, _CELLS_AT_ONCE // max(size, len(pairs)))
        for start in range(0, resamples, step):
            draws = min(step, resamples - start)
            drawn = random.multinomial(len(codes), counts / len(codes), size=draws)
            values[start : start + draws] = macro_f1(drawn, truth, guess, size)
        return value, values


def macro_f1(
    counts: NDArray[np.int64],
    truth: NDArray[np.int64],
    guess: NDArray[np.int64],
    size: int,
) -> NDArray[np.float64]:
    """Return macro F1 of each row of pair counts.

    ``counts`` has shape ``(samples, pairs)``; pair j says that gold is class ``truth[j]`` and the
    prediction class ``guess[j]``, of ``size`` classes. Classes absent from a sample do not count.
    """
    samples = len(counts)
    support, claimed, hits = (np.zeros((size, samples)) for _ in range(3))
    columns = np.ascontiguousarray(counts.T, dtype=np.float64)
    np.add.at(support, truth, columns)
    np.add.at(claimed, guess, columns)
    right = truth == guess
    hits[truth[right]] = columns[right]
    involved = support + claimed
    f1 = np.divide(2 * hits, involved, out=np.zeros_like(hits), where=involved > 0)
    mean: NDArray[np.float64] = f1.sum(axis=0) / (involved > 0).sum(axis=0)
    return mean


def _equal(answer: str, reference: str) -> float:
    return float(answer.strip() == reference.strip())


def _build_accuracy(request: Request) -> Accuracy:
    return Accuracy(references=request.references("max"))


def _build_macro_f1(_request: Request) -> MacroF1:
    return MacroF1()


ENTRIES = (
    Entry(Accuracy.name, "labels that are right", "nothing", _build_accuracy, (REFERENCES_OPTION,)),
    Entry(MacroF1.name, "mean of the classes' F1", "nothing", _build_macro_f1),
)
