"""What makes a record no good, each rule with its threshold; the first that holds is the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from baselines.corpus.record import Record
from evaluators.text.language import language_of

if TYPE_CHECKING:
    from baselines.corpus.clean.step import CleanSettings

LOOKED_AT: Final = 20_000
"""Characters of a text that a rule looks at: a longer one is judged by its beginning."""

_SYMBOL: Final = re.compile(r"[^\w\s]|_")
_WORD: Final = re.compile(r"[0-9A-Za-z가-힣一-鿿]{2,}")
_MOJIBAKE: Final = re.compile(
    "[\u00c0-\u00ff][\u0080-\u00bf]|\N{REPLACEMENT CHARACTER}|占쏙옙|[뷁뵭쎄]{2,}"
)
"""UTF-8 read as Latin-1, what no decoder knew, and UTF-8 read as cp949 twice over."""
_GRAM: Final = 4
_FEWEST_WORDS: Final = 24
_STEM: Final = 2

_LEAST: Final = {
    "documents": "min_document",
    "question": "min_question",
    "summary": "min_summary",
    "answers": "min_answer",
}

Texts = Sequence[tuple[str, str]]
Rule = Callable[[Record, Texts, "CleanSettings"], str | None]


def _empty(record: Record, texts: Texts, settings: CleanSettings) -> str | None:  # noqa: ARG001
    return None if any(text for _, text in texts) else "no text is left"


def _length(record: Record, texts: Texts, settings: CleanSettings) -> str | None:  # noqa: ARG001
    for name, text in texts:
        field = name.partition("[")[0]
        least = getattr(settings, _LEAST.get(field, ""), 0)
        if len(text) < least:
            return f"{name}: {len(text)} characters, at least {least}"
        if field == "documents" and len(text) > settings.max_document:
            return f"{name}: {len(text):,} characters, at most {settings.max_document:,}"
    return None


def _encoding(record: Record, texts: Texts, settings: CleanSettings) -> str | None:  # noqa: ARG001
    for name, text in texts:
        if text.isascii():
            continue
        broken = sum(len(each) for each in _MOJIBAKE.findall(text[:LOOKED_AT]))
        share = broken / len(text[:LOOKED_AT])
        if share > settings.max_broken:
            return f"{name}: {share:.3f} is broken, at most {settings.max_broken}"
    return None


def _symbols(record: Record, texts: Texts, settings: CleanSettings) -> str | None:  # noqa: ARG001
    for name, text in _prose(texts):
        symbols = len(_SYMBOL.findall(text))
        if symbols > settings.max_symbols * len(text) / 2:
            share = symbols / len("".join(text.split()))
            if share > settings.max_symbols:
                return f"{name}: {share:.2f} are symbols, at most {settings.max_symbols}"
    return None


def _repetition(record: Record, texts: Texts, settings: CleanSettings) -> str | None:  # noqa: ARG001
    for name, text in _prose(texts):
        words = text.split()
        count = len(words) - _GRAM + 1
        if len(words) < _FEWEST_WORDS:
            continue
        # Each word begins a new gram where it stands first: often that is enough of them.
        if len(set(words)) - _GRAM + 1 >= (1 - settings.max_repetition) * count:
            continue
        grams = set(zip(*(words[start:] for start in range(_GRAM)), strict=False))
        share = 1 - len(grams) / count
        if share > settings.max_repetition:
            return f"{name}: {share:.2f} is repeated, at most {settings.max_repetition}"
    return None


def _language(record: Record, texts: Texts, settings: CleanSettings) -> str | None:
    if not settings.languages or record.task == "translation":
        return None
    for name, text in _prose(texts):
        found = language_of(text)
        if found is not None and found not in settings.languages:
            return f"{name}: in {found}"
    return None


def _answer(record: Record, texts: Texts, settings: CleanSettings) -> str | None:  # noqa: ARG001
    if not settings.answer_in_document or not record.documents or not record.answers:
        return None
    solid = ["".join(document.split()) for document in record.documents]
    for number, answer in enumerate(record.answers):
        if not any("".join(answer.split()) in document for document in solid):
            return f"answers[{number}]"
    return None


def _support(record: Record, texts: Texts, settings: CleanSettings) -> str | None:  # noqa: ARG001
    if not settings.min_support or not record.documents:
        return None
    known = {stem for document in record.documents for stem in _stems(document)}
    for number, answer in enumerate(record.answers):
        stems = set(_stems(answer))
        share = len(stems & known) / len(stems) if stems else 1.0
        if share < settings.min_support:
            return f"answers[{number}]: {share:.2f} of its words, at least {settings.min_support}"
    return None


RULES: Final[dict[str, Rule]] = {
    "empty": _empty,
    "length": _length,
    "broken encoding": _encoding,
    "symbols": _symbols,
    "repetition": _repetition,
    "language": _language,
    "answer not in document": _answer,
    "answer not supported": _support,
}


def why_not(record: Record, settings: CleanSettings) -> tuple[str, str] | None:
    """The rule that ``record`` breaks, with what it found; None for a good one."""
    texts = list(record.texts())
    for reason, rule in RULES.items():
        found = rule(record, texts, settings)
        if found is not None:
            return reason, found
    return None


def _prose(texts: Texts) -> Iterator[tuple[str, str]]:
    """Documents, summaries and questions: short answers are numbers, names or signs."""
    for name, text in texts:
        if not name.startswith(("answers", "options")):
            yield name, text[:LOOKED_AT]


def _stems(text: str) -> Iterator[str]:
    """The first syllables of words, which particles and endings leave as they are."""
    return (word[:_STEM] for word in _WORD.findall(text))
