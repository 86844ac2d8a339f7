"""Answers that are of no use whatever the question: what is wrong with them, and by which rule."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from evaluators.text.language import language_of
from evaluators.text.looping import is_looping
from evaluators.text.options import listed_options
from submission.engines.base import Finish
from submission.prompts.extract import bare, echoes
from submission.prompts.template import fixed_texts
from submission.recipes import Quarantine, Recipe

FEWEST_QUESTIONS = 5
"""The same answer to fewer different questions is no duplicate: some questions are alike."""

FEWEST_SHARE = 0.02
"""Nor is one to less than this share of all different questions."""

FEWEST_LETTERS = 20
"""Shorter answers may well be the same: numbers, letters of options, names, yes and no."""

FEWEST_INSTRUCTION_LETTERS = 12
"""A shorter line of the prompt's own text may stand in an answer by chance."""

FEWEST_WORDS = 8
"""Fewer words in Latin letters may be a name, whatever the language of the question."""

FEWEST_SIGNS = 20
"""As FEWEST_WORDS, in letters, for an answer without Latin words."""

_LANGUAGES = {
    language: re.compile(rf"(?:{korean})으?로|\b(?:in|into|to) {english}\b", re.IGNORECASE)
    for language, korean, english in (
        ("ko", "한국어|우리말|국문|한글", "Korean"),
        ("en", "영어|영문", "English"),
        ("zh", "중국어|중문", "Chinese"),
        ("ja", "일본어|일문", "Japanese"),
    )
}
_TRANSLATION = re.compile(r"번역|통역|translat", re.IGNORECASE)
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


class Flaw(StrEnum):
    """What is wrong with an answer.

    ``too_long`` is a prompt that did not fit the model's context; everything else is about the
    answer itself.
    """

    EMPTY = "empty"
    CUT_OFF = "cut_off"
    TOO_LONG = "too_long"
    ECHOED = "echoed"
    LOOPING = "looping"
    WRONG_LANGUAGE = "wrong_language"
    DUPLICATED = "duplicated"


@dataclass(frozen=True, slots=True)
class Given:
    """What one prompt was answered: the question asked, the answer as extracted, why it ended."""

    question: str
    text: str
    finish: Finish


def flaws(answers: Sequence[Given], recipe: Recipe) -> list[frozenset[Flaw]]:
    """What is wrong with each of a run's answers, in their order."""
    judge = Judge(recipe)
    copied = judge.duplicates(answers)
    return [
        judge.flaws(each) | ({Flaw.DUPLICATED} if judge.is_copy(each, copied) else frozenset())
        for each in answers
    ]


class Judge:
    """The rules as one recipe has them."""

    def __init__(self, recipe: Recipe) -> None:
        self._rules: Quarantine = recipe.quarantine
        self._ignored = {Flaw(name) for name in recipe.quarantine.ignore}
        fixed = [*fixed_texts(recipe.prompt.template), recipe.prompt.system or ""]
        self._prompt = "\n".join(fixed)
        lines = (bare(line) for text in fixed for line in text.splitlines())
        self._instructions = [line for line in lines if len(line) >= FEWEST_INSTRUCTION_LETTERS]

    def flaws(self, given: Given) -> frozenset[Flaw]:
        """What is wrong with an answer by itself."""
        found = {
            Flaw.EMPTY: not given.text.strip(),
            Flaw.CUT_OFF: given.finish is Finish.LENGTH,
            Flaw.TOO_LONG: given.finish is Finish.PROMPT_TOO_LONG,
            Flaw.ECHOED: self._echoes(given),
            Flaw.LOOPING: is_looping(given.text),
            Flaw.WRONG_LANGUAGE: self._wrong_language(given),
        }
        return frozenset(flaw for flaw, there in found.items() if there) - self._ignored

    def duplicates(self, answers: Sequence[Given]) -> frozenset[str]:
        """The answers, as :func:`_key` has them, that many different questions share.

        An answer that is one of its question's own options is a choice, not a copy.
        """
        if Flaw.DUPLICATED in self._ignored:
            return frozenset()
        asked: defaultdict[str, set[str]] = defaultdict(set)
        for each in answers:
            key = _key(each.text)
            if len(key) >= FEWEST_LETTERS and not _is_option(each):
                asked[key].add(_key(each.question))
        questions = len({_key(each.question) for each in answers})
        many = max(FEWEST_QUESTIONS, FEWEST_SHARE * questions)
        return frozenset(key for key, different in asked.items() if len(different) >= many)

    def is_copy(self, given: Given, copied: frozenset[str]) -> bool:
        """Whether the answer is one of those that :meth:`duplicates` found."""
        return _key(given.text) in copied and not _is_option(given)

    def _echoes(self, given: Given) -> bool:
        answer = bare(given.text)
        return echoes(given.text, given.question) or any(
            line in answer for line in self._instructions
        )

    def _wrong_language(self, given: Given) -> bool:
        wanted = self._language(given.question)
        if wanted is None:
            return False
        words = len(_LATIN_WORD.findall(given.text))
        if words < FEWEST_WORDS and sum(map(str.isalpha, given.text)) < FEWEST_SIGNS:
            return False
        found = language_of(given.text)
        if found == "en" and words < FEWEST_WORDS:
            return False
        return found is not None and found != wanted

    def _language(self, question: str) -> str | None:
        """What the answer should be in; None where that is left open."""
        if self._rules.language == "any":
            return None
        if self._rules.language != "auto":
            return self._rules.language
        text = f"{self._prompt}\n{question}"
        named = [language for language, pattern in _LANGUAGES.items() if pattern.search(text)]
        if named:
            return named[0] if len(named) == 1 else None
        return None if _TRANSLATION.search(text) else language_of(question)


def _key(text: str) -> str:
    return "".join(text.split()).casefold()


def _is_option(given: Given) -> bool:
    answer = bare(given.text)
    return any(
        len(bare(option)) >= FEWEST_LETTERS // 2 and bare(option) in answer
        for option in listed_options(given.question)
    )
