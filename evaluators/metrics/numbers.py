"""What the metrics of numbers share: reading golds and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from evaluators.base import Signature
from evaluators.errors import EvaluationError
from evaluators.metrics.entry import Option
from evaluators.metrics.rowwise import chosen, require_text
from evaluators.metrics.unreadable import require_readable
from evaluators.text.cells import shortened
from evaluators.text.structured import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.entry import Request


class Numbers(NamedTuple):
    """The first reference and the answer of every row, each of shape ``(rows,)``."""

    gold: NDArray[np.float64]
    answer: NDArray[np.float64]


def _problem(value: str) -> str | None:
    return None if number(value) is not None else "is not a number"


UNREADABLE: Final = Option(
    "unreadable", "the number that an answer counts as which is none; default: an error",
    problem=_problem,
)  # fmt: skip


def unreadable(request: Request) -> float | None:
    """Return the number that stands for unreadable answers, or None."""
    given = request.values.get(UNREADABLE.name)
    return None if given is None else number(given)


class OfNumbers:
    """Base of metrics of numbers.

    ``unreadable`` is the number that an answer counts as which is none; by default it is an error.
    """

    name: str

    def __init__(self, unreadable: float | None = None) -> None:
        self._unreadable = unreadable

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return the metric that a spec asks for."""
        return cls(unreadable(request))

    @property
    def signature(self) -> Signature:
        """Names what stands for unreadable answers."""
        return Signature.of(self.name, refs="first", unreadable=self._unreadable)

    def numbers(self, examples: Sequence[Example]) -> Numbers:
        """Return golds and answers; raises EvaluationError as ``read_numbers`` does."""
        return read_numbers(examples, self.name, self._unreadable)


def read_numbers(examples: Sequence[Example], metric: str, instead: float | None) -> Numbers:
    """Return golds and answers as numbers.

    Raises EvaluationError for a gold that is no number, and, where nothing stands ``instead``, for
    such an answer.
    """
    require_text(examples, metric)
    answers = [number(row.answer) for row in examples]
    bad = [row for row, value in zip(examples, answers, strict=True) if value is None]
    shown = None if instead is None else f"{instead:g}"
    require_readable(bad, metric, "a number", "NUMBER", shown)
    filled = [instead if value is None else value for value in answers]
    golds = [_gold(row, metric) for row in examples]
    return Numbers(np.array(golds, dtype=np.float64), np.array(filled, dtype=np.float64))


def _gold(row: Example, metric: str) -> float:
    text = chosen(row, "first")[0]
    value = number(text)
    if value is None:
        raise EvaluationError(
            f"{metric}: the reference {shortened(text, 40)!r} of row {row.id!r} is not a number"
        )
    return value
