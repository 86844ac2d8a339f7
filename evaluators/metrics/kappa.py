"""Cohen's kappa: agreement of labels or grades beyond chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from evaluators.base import Signature
from evaluators.errors import EvaluationError, one_of
from evaluators.metrics.counted import Counted, summed_by
from evaluators.metrics.entry import Entry, Option, Request
from evaluators.metrics.labels import same_label
from evaluators.metrics.numbers import UNREADABLE, read_numbers, unreadable
from evaluators.metrics.rowwise import chosen, require_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.counted import Value

Weights = Literal["none", "linear", "quadratic"]
_WEIGHTS: Final[tuple[Weights, ...]] = get_args(Weights)


class Kappa(Counted):
    """``1 - observed disagreement / disagreement by chance``, -1 to 1 (Cohen 1960, 1968).

    With ``weights`` "none", answers and first references are labels, and one disagreement is as
    large as another. Else they are numbers, and the disagreement is their difference (``linear``)
    or its square (``quadratic``): that of scikit-learn where ``labels`` are all the whole numbers
    of the scale. ``unreadable`` is the number that an answer counts as which is none; by default it
    is an error. 0 where chance alone agrees always, which scikit-learn leaves undefined. A row's
    own score is 1 less its disagreement over that of chance: their mean is kappa.
    """

    name: Final = "kappa"
    proxy: Final = None

    def __init__(self, weights: Weights = "none", unreadable: float | None = None) -> None:
        self._weights = one_of("weights", weights, _WEIGHTS)
        if unreadable is not None and weights == "none":
            raise EvaluationError(
                "kappa: unreadable is for weights=linear and weights=quadratic: without weights "
                "every text is a label"
            )
        self._unreadable = unreadable

    @property
    def signature(self) -> Signature:
        """Names the weights and what stands for unreadable answers."""
        return Signature.of(
            self.name, refs="first", weights=self._weights, unreadable=self._unreadable
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return each row's part of kappa; raises EvaluationError for unreadable grades."""
        observed, chance = self._disagreement(examples)
        whole = np.ones((1, len(examples)))
        expected = chance(whole)[0] / len(examples)
        if expected == 0:
            return np.zeros(len(examples))
        found: NDArray[np.float64] = 1 - observed * len(examples) / expected
        return found

    def of_counts(self, examples: Sequence[Example]) -> Value:
        """Return what makes kappas of counts of the rows."""
        observed, chance = self._disagreement(examples)

        def value(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            expected = chance(counts)
            ratio = np.divide(
                (counts @ observed) * counts.sum(axis=1),
                expected,
                out=np.ones_like(expected),
                where=expected > 0,
            )
            found: NDArray[np.float64] = 1 - ratio
            return found

        return value

    def _disagreement(self, examples: Sequence[Example]) -> tuple[NDArray[np.float64], Value]:
        """Each row's disagreement, and that of all pairs of a gold and an answer of a sample."""
        if self._weights == "none":
            require_text(examples, self.name)
            golds = [chosen(row, "first")[0] for row in examples]
            pairs = [(row.answer, gold) for row, gold in zip(examples, golds, strict=True)]
            observed = np.array([1 - same_label(*pair) for pair in pairs], dtype=np.float64)
            texts = np.array([text.strip() for text in (*golds, *(row.answer for row in examples))])
            _, codes = np.unique(texts, return_inverse=True)
            gold, answer = _sums(codes)
            return (
                observed,
                lambda counts: (
                    counts.sum(axis=1) ** 2 - (gold(counts) * answer(counts)).sum(axis=1)
                ),
            )
        numbers = read_numbers(examples, self.name, self._unreadable)
        power = 1 if self._weights == "linear" else 2
        observed = np.abs(numbers.gold - numbers.answer) ** power
        grades, codes = np.unique(np.concatenate(numbers), return_inverse=True)
        apart = np.abs(grades[:, np.newaxis] - grades) ** power
        gold, answer = _sums(codes)
        return observed, lambda counts: ((gold(counts) @ apart) * answer(counts)).sum(axis=1)


def _sums(codes: NDArray[np.intp]) -> tuple[Value, Value]:
    """What counts each code among the golds, the first half of ``codes``, and among the answers."""
    half, size = len(codes) // 2, int(codes.max()) + 1
    return summed_by(codes[:half], size), summed_by(codes[half:], size)


def _build(request: Request) -> Kappa:
    return Kappa(one_of("weights", request.text("weights"), _WEIGHTS), unreadable(request))


ENTRIES = (
    Entry(
        Kappa.name,
        "Cohen's kappa of labels, or of grades with weights",
        "nothing",
        _build,
        (
            Option(
                "weights",
                "how far apart two grades are: their difference or its square",
                default="none",
                choices=_WEIGHTS,
            ),
            UNREADABLE,
        ),
    ),
)
