"""What the metrics of probabilities share: reading a number per class from every answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from evaluators.base import Signature
from evaluators.errors import EvaluationError
from evaluators.metrics.entry import Option
from evaluators.metrics.rowwise import chosen, require_text
from evaluators.metrics.unreadable import require_readable
from evaluators.text.structured import number, probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.entry import Request

    Read = float | dict[str, float]

POSITIVE: Final = Option(
    "positive", "the label that an answer which is one number speaks of", default="1"
)
UNREADABLE: Final = Option(
    "unreadable",
    "what an answer without probabilities counts as: an error, or the same for every class",
    default="error",
    choices=("error", "even"),
)


@dataclass(frozen=True)
class ClassScores:
    """What every answer gives each class.

    ``values`` has shape ``(rows, classes)``, or ``(rows, 1)`` where every answer is a ``single``
    number: that of the positive class. ``gold``, of shape ``(rows,)``, is the place of the gold
    label among ``labels``; of the two classes of single numbers, the positive one is place 0.
    """

    labels: tuple[str, ...]
    gold: NDArray[np.intp] = field(repr=False)
    values: NDArray[np.float64] = field(repr=False)
    single: bool


class OfClassScores:
    """Base of metrics of a number per class, or of one, which speaks of the label ``positive``.

    An answer that is neither is an error, or with ``even`` says the same of every class.
    """

    name: str
    clipped: float | None = None
    """How far from 0 and 1 probabilities are kept, where they are."""

    def __init__(self, positive: str = "1", *, even: bool = False) -> None:
        self._positive = positive
        self._even = even

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return the metric that a spec asks for."""
        return cls(request.text("positive"), even=request.text("unreadable") == "even")

    @property
    def signature(self) -> Signature:
        """Names the positive label, the clipping, and what stands for unreadable answers."""
        return Signature.of(
            self.name,
            refs="first",
            positive=self._positive,
            eps=None if self.clipped is None else f"{self.clipped:.2g}",
            unreadable="even" if self._even else None,
        )

    def scores(self, examples: Sequence[Example]) -> ClassScores:
        """Return what the answers give each class; raises EvaluationError as ``read_scores``."""
        return read_scores(examples, self.name, self._positive, even=self._even)


def read_scores(
    examples: Sequence[Example], metric: str, positive: str, *, even: bool
) -> ClassScores:
    """Return what the answers give each class: JSON objects by label, or one number each.

    A label that an object lacks has 0. Raises EvaluationError for answers of both forms, for more
    than two gold labels where answers are single numbers, for a gold label that no answer knows,
    and, unless they count as ``even``, for answers of neither form.
    """
    require_text(examples, metric)
    golds = [chosen(row, "first")[0].strip() for row in examples]
    read = [_read(row.answer) for row in examples]
    bad = [row for row, value in zip(examples, read, strict=True) if value is None]
    if len(bad) == len(read):
        even = False
    require_readable(
        bad, metric, "a number or a number per label", "even", "even" if even else None
    )
    if all(not isinstance(value, dict) for value in read):
        return _of_numbers(
            golds, [0.5 if value is None else value for value in read], metric, positive
        )
    for row, value in zip(examples, read, strict=True):
        if isinstance(value, float):
            raise EvaluationError(
                f"{metric}: the answer of row {row.id!r} is one number and others give a number "
                "per label: use one form"
            )
    return _of_labels(
        examples, golds, [None if isinstance(value, float) else value for value in read], metric
    )


def _read(text: str) -> Read | None:
    single = number(text)
    return probabilities(text) if single is None else single


def _of_numbers(
    golds: Sequence[str], values: Sequence[object], metric: str, positive: str
) -> ClassScores:
    others = sorted(set(golds) - {positive})
    if len(others) > 1:
        raise EvaluationError(
            f"{metric}: every answer is one number, which speaks of the label {positive!r}; the "
            f"references have {len(others)} other labels: give positive=LABEL, or answer with a "
            "number per label"
        )
    gold = np.array([0 if label == positive else 1 for label in golds], dtype=np.intp)
    labels = (positive, others[0] if others else f"not {positive}")
    return ClassScores(labels, gold, np.array(values, dtype=np.float64)[:, np.newaxis], single=True)


def _of_labels(
    examples: Sequence[Example],
    golds: Sequence[str],
    read: Sequence[dict[str, float] | None],
    metric: str,
) -> ClassScores:
    known = {label for each in read if each is not None for label in each}
    for row, gold in zip(examples, golds, strict=True):
        if gold not in known:
            raise EvaluationError(
                f"{metric}: no answer gives a number for {gold!r}, the gold label of row {row.id!r}"
            )
    labels = sorted(known)
    places = {label: place for place, label in enumerate(labels)}
    values = np.zeros((len(read), len(labels)))
    for row_place, each in enumerate(read):
        if each is None:
            values[row_place] = 1 / len(labels)
        else:
            for label, value in each.items():
                values[row_place, places[label]] = value
    gold_places = np.array([places[label] for label in golds], dtype=np.intp)
    return ClassScores(tuple(labels), gold_places, values, single=False)
