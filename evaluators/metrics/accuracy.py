"""Accuracy of labels and of multiple-choice answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from evaluators.base import References, Signature
from evaluators.errors import EvaluationError
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.labels import same_label
from evaluators.metrics.rowwise import (
    RowMetric,
    check_references,
    chosen,
    combine,
    require_text,
    text_rows,
)
from evaluators.text.choices import choice
from evaluators.text.options import split_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example

_LOG: Final = logging.getLogger(__name__)

Extract = Literal["none", "choice"]


class Accuracy(RowMetric):
    """1 where the answer equals the gold label once outer whitespace is off, else 0.

    ``strip=False`` compares the texts as they are, as NIKL's scorers do. With several references
    any of them will do. ``extract="choice"`` compares the options that
    answer and gold choose instead; ``meta["options"]``, where present, holds the question's options
    line by line or with ``|`` between them. An answer that chooses none is wrong; ``unparsed``
    counts these.
    """

    name: Final = "accuracy"
    proxy: Final = None

    def __init__(
        self, references: References = "max", extract: Extract = "none", *, strip: bool = True
    ) -> None:
        self._references = check_references(references)
        self._choices = extract == "choice"
        self._strip = strip
        if self._choices and not strip:
            raise EvaluationError("accuracy: extract=choice reads an option: remove strip=0")

    @property
    def signature(self) -> Signature:
        """Names the references and, where something is read out of answers, what."""
        return Signature.of(
            self.name,
            refs=self._references,
            extract="choice" if self._choices else None,
            strip=None if self._strip else False,
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores.

        Raises EvaluationError where a row has no reference, or one that is no choice.
        """
        if not self._choices:
            compare = same_label if self._strip else _same_text
            return text_rows(examples, self.name, self._references, compare)
        require_text(examples, self.name)
        _warn_of_letters(examples)
        return np.array([self._chosen(row) for row in examples], dtype=np.float64)

    def unparsed(self, examples: Sequence[Example]) -> int:
        """Return how many answers no choice can be read from; 0 where none is looked for."""
        return sum(read_choice(row) is None for row in examples) if self._choices else 0

    def _chosen(self, row: Example) -> float:
        read = read_choice(row)
        golds = [_gold(row, text) for text in chosen(row, self._references)]
        return combine([float(read == gold) for gold in golds], self._references)


def _same_text(answer: str, reference: str) -> float:
    return float(answer == reference)


def read_choice(row: Example, text: str | None = None) -> str | None:
    """Return the option that ``text``, or else the row's answer, chooses; or None."""
    options, labels = (split_options(row.meta.get(n, "")) for n in ("options", "option_labels"))
    return choice(row.answer if text is None else text, options, labels)


def _warn_of_letters(examples: Sequence[Example]) -> None:
    """Tell of answers by letter to golds by number, or the other way round, without options."""
    bare = [row for row in examples if row.references and not row.meta.get("options")]
    pairs = ((read_choice(row), read_choice(row, row.references[0])) for row in bare)
    apart = sum(
        one is not None and two is not None and one.isdecimal() != two.isdecimal()
        for one, two in pairs
    )
    if apart:
        _LOG.warning(
            "accuracy: %d answers give a letter where the gold is a number, or a number for a "
            "letter, and count as wrong: add a column 'options', or the question with its "
            "options, so that they can be matched",
            apart,
        )


def _gold(row: Example, text: str) -> str:
    gold = read_choice(row, text)
    if gold is None:
        raise EvaluationError(
            f"accuracy: the reference {text!r} of row {row.id!r} names no option: remove "
            "extract=choice, or give numbers or letters"
        )
    return gold


def _build(request: Request) -> Accuracy:
    extract: Extract = "choice" if request.text("extract") == "choice" else "none"
    return Accuracy(
        references=request.references("max"), extract=extract, strip=request.flag("strip")
    )


ENTRIES = (
    Entry(
        Accuracy.name,
        "labels or choices that are right",
        "nothing",
        _build,
        (
            REFERENCES_OPTION,
            Option(
                "extract",
                "what is read out of a longer answer",
                default="none",
                choices=("none", "choice"),
            ),
            Option("strip", "ignore whitespace around an answer", default="1", kind="flag"),
        ),
    ),
)
