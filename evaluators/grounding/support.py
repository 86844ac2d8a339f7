"""Whether passages support what an answer says.

Citation recall and precision are those of ALCE (Gao et al., 2023): a sentence is recalled if all
that it cites supports it together; a citation is precise unless it does not support its sentence
alone and the others do without it. What supports what is asked of a model of entailment, or of
:class:`StringSupport`, which is a proxy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from evaluators.text.answer_string import holding, normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evaluators.grounding.citations import Cited

_NUMBERS: Final = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORDS: Final = re.compile(r"\w+")


class Supports(Protocol):
    """Whether a premise supports a claim."""

    def __call__(self, premise: str, claim: str) -> bool:
        """True where it does."""


@dataclass(frozen=True)
class StringSupport:
    """A proxy of entailment: the premise has every number of the claim, and of the pairs of
    neighbouring letters in its words at least ``share``.

    Both are read in NFKC and without case; 1,926 and 1926 are one number, 1926 and 19 are not.
    Negation and who did what to whom are not seen.
    """

    share: float = 0.6

    @property
    def name(self) -> str:
        """As it stands in reports."""
        return f"string support (proxy), {self.share:g}"

    def __call__(self, premise: str, claim: str) -> bool:
        """Whether it is likely by letters; False for a claim without any."""
        has, wanted = (_THOUSANDS.sub("", normal(text)) for text in (premise, claim))
        if not set(_NUMBERS.findall(wanted)) <= set(_NUMBERS.findall(has)):
            return False
        pairs = _pairs(wanted)
        return bool(pairs) and len(pairs & _pairs(has)) >= self.share * len(pairs)


class Grounding(NamedTuple):
    """How an answer is grounded in the passages that it was given.

    ``recall`` and ``precision`` are of citations and None where there is no sentence, and no
    citation. ``grounded`` is the share of sentences that some passage supports, cited or not.
    ``invalid`` counts citations of passages that there are not; each makes its citation wrong.
    """

    sentences: int
    citations: int
    invalid: int
    recall: float | None
    precision: float | None
    grounded: float | None


def grounding(sentences: Sequence[Cited], passages: Sequence[str], supports: Supports) -> Grounding:
    """Judge the sentences of an answer, as :func:`cited_sentences` gives them."""
    recalled = precise = cited = invalid = grounded = 0
    for sentence in sentences:
        own = [passages[number - 1] for number in sentence.passages]
        whole = bool(own) and supports("\n".join(own), sentence.text)
        recalled += whole
        grounded += whole or any(supports(each, sentence.text) for each in passages)
        cited += len(own) + len(sentence.invalid)
        invalid += len(sentence.invalid)
        if whole:
            for place, each in enumerate(own):
                others = [text for other, text in enumerate(own) if other != place]
                wasted = not supports(each, sentence.text) and supports(
                    "\n".join(others), sentence.text
                )
                precise += not wasted
    count = len(sentences)
    return Grounding(
        count,
        cited,
        invalid,
        recalled / count if count else None,
        precise / cited if cited else None,
        grounded / count if count else None,
    )


def attributed(answers: Iterable[str], sentences: Sequence[Cited], passages: Sequence[str]) -> bool:
    """Whether one of the ``answers`` is held by a passage that some sentence cites.

    What holds an answer is as in :func:`evaluators.retrieval.answer_ranks`.
    """
    cited = {number for sentence in sentences for number in sentence.passages}
    return any(holding((passages[number - 1] for number in sorted(cited)), tuple(answers)))


def _pairs(text: str) -> set[str]:
    return {
        word[at : at + 2] for word in _WORDS.findall(text) for at in range(max(len(word) - 1, 1))
    }
