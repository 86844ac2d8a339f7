"""Examples for a scorer: questions with the passages that a search finds for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError
from submission.recipes.retrieval import Retrieval
from submission.retrieval.questions import Known
from submission.retrieval.search import Index, Passage
from submission.retrieval.tokens import normalized


class Example(NamedTuple):
    """A question, the passages found for it, and which of them answer it."""

    question: Known
    passages: Sequence[Passage]
    useful: NDArray[np.bool_]


def examples_of(questions: Sequence[Known], index: Index, options: Retrieval) -> list[Example]:
    """What the search of ``options`` finds for each question.

    A passage is useful if it is of a gold document; where these are not known, if it has an answer
    in it (distant supervision: an answer's text may stand where it answers nothing). All other
    passages that were found are hard negatives. Raises :class:`InputError` where there is nothing
    to learn from.
    """
    texts = [each.text for each in questions]
    found = [
        Example(question, passages, np.array([_answers(question, each) for each in passages]))
        for question, passages in zip(questions, index.search(texts, options), strict=True)
        if passages
    ]
    if not any(each.useful.any() for each in found):
        raise InputError(
            "No passage that was found answers its question, so there is nothing to learn. Look at "
            "the columns gold and answers of the questions, and at the index."
        )
    if all(each.useful.all() for each in found):
        raise InputError("Every passage that was found answers its question: raise --candidates.")
    return found


def _answers(question: Known, passage: Passage) -> bool:
    if not question.answerable:
        return False
    if question.gold is not None:
        return passage.document in question.gold
    text = normalized(passage.text)
    return any(normalized(each) in text for each in question.answers)
