"""What row metrics share: the mean, references made one number, and input checks."""

from __future__ import annotations

import re
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from evaluators.base import Direction, References
from evaluators.errors import EvaluationError, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example, Metric, SummedMetric

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
REFERENCES: Final[tuple[References, ...]] = get_args(References)


class RowMetric:
    """Base of metrics whose score is the mean of their rows; more is better unless they say."""

    direction: Direction = "higher"

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Return the mean; raises EvaluationError where there are no rows."""
        if not len(rows):
            raise EvaluationError("there are no rows to average")
        return float(np.mean(rows))


def checked_rows(metric: Metric, examples: Sequence[Example]) -> NDArray[np.float64]:
    """Return the metric's row scores; raises EvaluationError for anything else it returns.

    A metric may be anyone's code: what is not a number for each row, NaN included, is named with
    the place of that code.
    """
    found = metric.rows(examples)
    return _numbers(metric.rows, found, (len(examples),), "a number for each row")


def checked_statistics(metric: SummedMetric, examples: Sequence[Example]) -> NDArray[np.float64]:
    """Return what each row adds to the metric's sums; raises as ``checked_rows``."""
    found = metric.statistics(examples)
    return _numbers(metric.statistics, found, (len(examples), None), "a line of numbers a row")


def _numbers(
    returned_by: object, found: object, shape: tuple[int | None, ...], wanted: str
) -> NDArray[np.float64]:
    try:
        numbers = np.asarray(found)
        fits = len(numbers.shape) == len(shape) and all(
            size in (None, got) for size, got in zip(shape, numbers.shape, strict=True)
        )
        if fits and numbers.dtype.kind in "fiub" and not np.isinf(numbers).any():
            return np.asarray(numbers, dtype=np.float64)
        what = f"values of shape {numbers.shape}" if numbers.shape else repr(found)
        what = what if not fits else "values that are infinite, or no numbers"
    except ValueError:
        what = "lists of different lengths"
    raise EvaluationError(f"{place_of(returned_by)} returned {what}: it must return {wanted}")


def place_of(method: object) -> str:
    """Return a method's name and where it is written."""
    name = getattr(method, "__qualname__", repr(method))
    code = getattr(method, "__code__", None)
    return f"{code.co_filename}, line {code.co_firstlineno}: {name}" if code else name


def combine(values: Sequence[float] | NDArray[np.float64], how: References) -> float:
    """Make the scores against several references one number."""
    if how == "first" or len(values) == 1:
        return float(values[0])
    return float(np.max(values)) if how == "max" else float(np.mean(values))


def chosen(example: Example, how: References) -> tuple[str, ...]:
    """Return the references that count; raises EvaluationError where there is none."""
    if not example.references:
        raise EvaluationError(f"row {example.id!r} has no reference to be scored against")
    return example.references[:1] if how == "first" else example.references


def check_references(how: str) -> References:
    """Return ``how`` if it names an aggregation; raises EvaluationError otherwise."""
    return one_of("references", how, REFERENCES)


def require_unicode(examples: Sequence[Example]) -> None:
    """Raise EvaluationError for a lone surrogate: no character, and nothing that models take."""
    for row in examples:
        for text in (row.answer, *row.references):
            if not text.isascii() and _SURROGATE.search(text):
                raise EvaluationError(
                    f"row {row.id!r} holds a lone surrogate, which is not a character: read the "
                    "text as "
                    "UTF-8 with errors='replace'"
                )


def require_text(examples: Sequence[Example], metric: str) -> None:
    """Raise EvaluationError where the answers are vectors only: there is no text to compare."""
    if examples and all(row.vector is not None and not row.answer for row in examples):
        raise EvaluationError(
            f"{metric} compares texts, and these answers hold vectors only: "
            "score the file of answers instead"
        )


def text_rows(
    examples: Sequence[Example],
    metric: str,
    how: References,
    compare: Callable[[str, str], float],
) -> NDArray[np.float64]:
    """Compare every answer with its references, ``compare(answer, reference)``."""

    def compare_all(answers: list[str], references: list[str]) -> NDArray[np.float64]:
        scores = map(compare, answers, references)
        return np.fromiter(scores, dtype=np.float64, count=len(answers))

    return paired_rows(examples, metric, how, compare_all)


def paired_rows(
    examples: Sequence[Example],
    metric: str,
    how: References,
    compare: Callable[[list[str], list[str]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Compare all answers with their references at once.

    ``compare`` takes equally many answers and references and returns a score for each pair.
    """
    require_text(examples, metric)
    golds = [chosen(row, how) for row in examples]
    answers = [row.answer for row, own in zip(examples, golds, strict=True) for _ in own]
    scores = compare(answers, list(chain.from_iterable(golds)))
    if len(scores) == len(examples):
        return scores
    ends = accumulate(map(len, golds))
    parts = (scores[end - len(own) : end] for own, end in zip(golds, ends, strict=True))
    return np.array([combine(part, how) for part in parts], dtype=np.float64)
