"""What makes an answer degenerate, and the table of a recipe that says what counts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from submission.recipes.base import Table


class Degenerate(StrEnum):
    """Why an answer is degenerate, whatever the question; ``words`` follow a count of them.

    ``too_long`` is a prompt that did not fit the model's context; everything else is about the
    answer itself. A further kind is a member here; its rule is one of
    :class:`submission.runs.degenerate.Rules`.
    """

    words: str

    def __new__(cls, value: str, words: str) -> Self:
        """The member whose value is ``value``."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member

    EMPTY = "empty", "empty"
    CUT_OFF = "cut_off", "cut off by length"
    TOO_LONG = "too_long", "with a prompt longer than the context"
    UNFINISHED_THINKING = "unfinished_thinking", "with unfinished thinking and no answer"
    UNMARKED = "unmarked", "without the mark that the answer follows"
    MALFORMED = "malformed", "without the structure that was asked for"
    ECHOED = "echoed", "echoing the question"
    LOOPING = "looping", "looping"
    WRONG_LANGUAGE = "wrong_language", "in another language"
    DUPLICATED = "duplicated", "given to many questions"


def _ignorable(kind: Degenerate) -> Degenerate:
    if kind is Degenerate.TOO_LONG:
        raise ValueError("'too_long' cannot be ignored: such a prompt was never answered")
    return kind


class DegenerateRules(Table):
    """Which answers count as degenerate.

    ``language`` is what answers should be in: ``auto`` (the question's, or the one that question
    or prompt ask for), a language, or ``any``. ``ignore`` names the kinds that do not count.
    """

    language: Literal["auto", "any", "ko", "en", "zh", "ja"] = "auto"
    ignore: list[Annotated[Degenerate, AfterValidator(_ignorable)]] = Field(default=[])
