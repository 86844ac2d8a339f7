"""Degenerate answers: which answers are degenerate, and by which rule."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from evaluators.text.language import language_of, language_signature
from evaluators.text.looping import is_looping
from evaluators.text.options import listed_options
from submission.engines.base import Finish
from submission.files.digest import digest
from submission.prompts.extract import bare, echoes, extract, holds_value, is_marked
from submission.prompts.template import fixed_texts
from submission.recipes import Degenerate, Recipe

VERSION = 3
"""To be raised whenever a rule changes: answers in ledgers are then evaluated again."""

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

_NAMES = {
    "ko": ("한국어|우리말|국문|한글", "Korean"),
    "en": ("영어|영문", "English"),
    "zh": ("중국어|중문", "Chinese"),
    "ja": ("일본어|일문", "Japanese"),
}
_LANGUAGES = {
    language: re.compile(rf"(?:{korean})으?로|\b(?:in|into|to) {english}\b", re.IGNORECASE)
    for language, (korean, english) in _NAMES.items()
}
_TRANSLATION = re.compile(r"번역|통역|translat", re.IGNORECASE)
# Few questions name a language. Over casefolded text, without a flag, this finds that fastest.
_HINTS = re.compile(
    "|".join(f"{korean}|{english.casefold()}" for korean, english in _NAMES.values())
    + "|번역|통역|translat"
)
_FIRST = re.compile("[1①]")
_NONE: frozenset[Degenerate] = frozenset()
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


class Given(NamedTuple):
    """What one prompt was answered: the question asked, the answer as extracted, why it ended.

    ``marked`` is whether the mark that the recipe's answers follow was there; ``formed`` is whether
    the completion had its structure, and a value where the answer is looked for in it; ``chosen``
    whether it is one of given options, as far as recipe and completion tell.
    """

    question: str
    text: str
    finish: Finish
    marked: bool = True
    formed: bool = True
    chosen: bool = False

    @classmethod
    def of(
        cls, question: str, completion: str, finish: Finish, recipe: Recipe, *, scored: bool = False
    ) -> Given:
        """What ``recipe`` extracts from a completion, which ``scored`` says has likelihoods."""
        rule, structure = recipe.extraction, recipe.sampling.structure
        return cls(
            question,
            extract(completion, rule),
            finish,
            marked=is_marked(completion, rule),
            formed=(structure is None or structure.accepts(completion))
            and holds_value(completion, rule),
            chosen=scored or (recipe.choice is not None and recipe.choice.closed),
        )


def rules_digest(recipe: Recipe) -> str:
    """A digest of all that what the rules find depends on, beside questions and completions."""
    structure = recipe.sampling.structure
    return digest(
        [
            str(VERSION),
            language_signature(),
            recipe.degenerate.model_dump_json(),
            recipe.extraction.model_dump_json(),
            json.dumps([recipe.prompt.template, recipe.prompt.system]),
            *([] if structure is None else [structure.model_dump_json()]),
            *([] if recipe.choice is None else [recipe.choice.model_dump_json()]),
        ]
    )


class Rules:
    """The rules as one recipe has them."""

    def __init__(self, recipe: Recipe) -> None:
        self._language = recipe.degenerate.language
        self._ignored = frozenset(recipe.degenerate.ignore)
        fixed = [*fixed_texts(recipe.prompt.template), recipe.prompt.system or ""]
        prompt = "\n".join(fixed)
        self._named = _named_languages(prompt)
        self._translates = _TRANSLATION.search(prompt) is not None
        lines = (bare(line) for text in fixed for line in text.splitlines())
        self._checks: list[tuple[Degenerate, Callable[[Given], bool]]] = [
            (Degenerate.EMPTY, lambda given: not given.text.strip()),
            (Degenerate.CUT_OFF, lambda given: given.finish is Finish.LENGTH),
            (Degenerate.TOO_LONG, lambda given: given.finish is Finish.PROMPT_TOO_LONG),
            (Degenerate.UNMARKED, lambda given: not given.marked),
            (Degenerate.MALFORMED, lambda given: not given.formed),
            (Degenerate.ECHOED, self._echoes),
            (Degenerate.LOOPING, lambda given: _loops(given.text)),
            (Degenerate.WRONG_LANGUAGE, self._wrong_language),
        ]
        self._instructions = [line for line in lines if len(line) >= FEWEST_INSTRUCTION_LETTERS]

    def kinds(self, given: Given) -> frozenset[Degenerate]:
        """What an answer is degenerate by, by itself; without an answer there is one reason."""
        if given.finish is Finish.THINKING:
            return frozenset({Degenerate.UNFINISHED_THINKING}) - self._ignored
        found = [kind for kind, holds in self._checks if holds(given)]
        return frozenset(found) - self._ignored if found else _NONE

    def copies(self, keys: Sequence[int], answers: Callable[[], Iterable[Given]]) -> set[int]:
        """The places of answers that many different questions share.

        ``keys`` are the answers' :func:`copy_key`. ``answers`` gives the same answers, and is asked
        only where some may be copies. An answer that was chosen, or is one of the options that its
        question lists, is no copy.
        """
        if Degenerate.DUPLICATED in self._ignored:
            return set()
        often = {key for key, count in Counter(keys).items() if count >= FEWEST_QUESTIONS}
        if not often:
            return set()
        questions: set[int] = set()
        asked: defaultdict[str, set[int]] = defaultdict(set)
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(answers()):
            question = hash(_key(each.question))
            questions.add(question)
            if keys[place] not in often:
                continue
            key = _key(each.text)
            if len(key) >= FEWEST_LETTERS and not (each.chosen or _is_option(each)):
                asked[key].add(question)
                places[key].append(place)
        many = max(FEWEST_QUESTIONS, FEWEST_SHARE * len(questions))
        return {
            place
            for key, different in asked.items()
            if len(different) >= many
            for place in places[key]
        }

    def _echoes(self, given: Given) -> bool:
        if echoes(given.text, given.question):
            return True
        return bool(self._instructions) and _holds(given.text, tuple(self._instructions))

    def _wrong_language(self, given: Given) -> bool:
        if self._language == "any":
            return False
        found = _tellable_language(given.text)
        if found is None or found == self._language:
            return False
        wanted = self._wanted(given.question)
        return wanted is not None and found != wanted

    def _wanted(self, question: str) -> str | None:
        """What the answer should be in; None where that is left open."""
        if self._language != "auto":
            return self._language
        named, translates = self._named, self._translates
        if _HINTS.search(question.casefold()):
            named = named | _named_languages(question)
            translates = translates or _TRANSLATION.search(question) is not None
        if named:
            return next(iter(named)) if len(named) == 1 else None
        return None if translates else language_of(question)


def _named_languages(text: str) -> frozenset[str]:
    """The languages that the text asks for an answer in."""
    return frozenset(name for name, pattern in _LANGUAGES.items() if pattern.search(text))


@lru_cache(maxsize=1024)
def _tellable_language(text: str) -> str | None:
    """The language of an answer; None where it is too short to say that it is a wrong one."""
    found = language_of(text)
    if found is None:
        return None
    words = len(_LATIN_WORD.findall(text))
    if words < FEWEST_WORDS and (found == "en" or sum(map(str.isalpha, text)) < FEWEST_SIGNS):
        return None
    return found


@lru_cache(maxsize=1024)
def _loops(text: str) -> bool:
    return is_looping(text)


@lru_cache(maxsize=1024)
def _holds(text: str, lines: tuple[str, ...]) -> bool:
    answer = bare(text)
    return any(line in answer for line in lines)


@lru_cache(maxsize=1024)
def _key(text: str) -> str:
    return "".join(text.split()).casefold()


def copy_key(text: str) -> int:
    """Equal for answers that differ in white space and case only; seldom equal for others."""
    return hash(_key(text))


def _is_option(given: Given) -> bool:
    if not _FIRST.search(given.question):
        return False
    options = listed_options(given.question)
    answer = bare(given.text) if options else ""
    return any(
        len(bare(option)) >= FEWEST_LETTERS // 2 and bare(option) in answer for option in options
    )
