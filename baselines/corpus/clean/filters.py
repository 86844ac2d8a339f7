"""What makes a record no good, each rule with its threshold; the first that holds is the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from baselines.corpus.clean.measures import broken_share, repeated_share, symbol_share
from baselines.corpus.record import Record
from evaluators.text.language import language_of

if TYPE_CHECKING:
    from baselines.corpus.clean.step import CleanSettings

LOOKED_AT: Final = 20_000
"""Characters of a text that a rule looks at: a longer one is judged by its beginning."""

_SHORT: Final = ("answers", "options")
"""Fields whose texts may well be a number, a name or a sign."""
_NOT_FROM_DOCUMENTS: Final = ("translation", "preference")
"""Tasks whose answers are not looked for in a document."""


class Texts(NamedTuple):
    """A record's texts by field: as they were read, cleaned, and the prose among the latter."""

    raw: Sequence[tuple[str, str]]
    all: Sequence[tuple[str, str]]
    prose: Sequence[tuple[str, str]]


Rule = Callable[[Record, Texts], str | None]


class Rules:
    """The rules at the thresholds of some settings."""

    def __init__(self, settings: CleanSettings) -> None:
        self._settings = settings
        answer = settings.min_answer, settings.max_answer
        self._limits = {
            "documents": (settings.min_document, settings.max_document),
            "question": (settings.min_question, settings.max_question),
            "options": answer,
            "summary": (settings.min_summary, settings.max_summary),
            "answers": answer,
        }
        rules: dict[str, tuple[Rule, bool]] = {
            "empty": (_empty, True),
            "length": (self._length, True),
            "broken encoding": (self._encoding, settings.max_broken < 1),
            "symbols": (self._symbols, settings.max_symbols < 1),
            "repetition": (self._repetition, settings.max_repetition < 1),
            "language": (self._language, bool(settings.languages)),
            "answer not in document": (self._answer, settings.answer_in_document),
            "answer not supported": (self._support, settings.min_support > 0),
        }
        self._rules = {reason: rule for reason, (rule, used) in rules.items() if used}

    def broken_by(self, record: Record, before: Record) -> tuple[str, str] | None:
        """The rule that ``record`` breaks, with what it found; None for a good one.

        ``before`` is the record as it was read: cleaning takes off what shows a broken encoding.
        """
        every = list(record.texts())
        raw = every if before is record else list(before.texts())
        prose = [(name, text[:LOOKED_AT]) for name, text in every if not name.startswith(_SHORT)]
        texts = Texts(raw, every, prose)
        for reason, rule in self._rules.items():
            found = rule(record, texts)
            if found is not None:
                return reason, found
        return None

    def _length(self, record: Record, texts: Texts) -> str | None:  # noqa: ARG002
        for name, text in texts.all:
            least, most = self._limits[name.partition("[")[0]]
            if not least <= len(text) <= most:
                limit = f"at least {least:,}" if len(text) < least else f"at most {most:,}"
                return f"{name}: {len(text):,} characters, {limit}"
        return None

    def _encoding(self, record: Record, texts: Texts) -> str | None:  # noqa: ARG002
        return _above(self._settings.max_broken, "is broken", broken_share, texts.raw)

    def _symbols(self, record: Record, texts: Texts) -> str | None:  # noqa: ARG002
        return _above(self._settings.max_symbols, "are symbols", symbol_share, texts.prose)

    def _repetition(self, record: Record, texts: Texts) -> str | None:  # noqa: ARG002
        return _above(self._settings.max_repetition, "is repeated", repeated_share, texts.prose)

    def _language(self, record: Record, texts: Texts) -> str | None:
        if record.task == "translation":
            return None
        for name, text in texts.prose:
            found = language_of(text)
            if found is not None and found not in self._settings.languages:
                return f"{name}: in {found}"
        return None

    def _answer(self, record: Record, texts: Texts) -> str | None:  # noqa: ARG002
        if not _from_documents(record):
            return None
        solid = ["".join(document.split()) for document in record.documents]
        for number, answer in enumerate(record.answers):
            if not any("".join(answer.split()) in document for document in solid):
                return f"answers[{number}]"
        return None

    def _support(self, record: Record, texts: Texts) -> str | None:  # noqa: ARG002
        if not _from_documents(record):
            return None
        least = self._settings.min_support
        for number, answer in enumerate(record.answers):
            share = support(answer, record.documents)
            if share < least:
                return f"answers[{number}]: {share:.2f} of its words, at least {least}"
        return None


def _empty(record: Record, texts: Texts) -> str | None:  # noqa: ARG001
    return None if any(text for _, text in texts.all) else "no text is left"


def _above(
    most: float, what: str, share_of: Callable[[str], float], texts: Sequence[tuple[str, str]]
) -> str | None:
    for name, text in texts:
        share = share_of(text[:LOOKED_AT])
        if share > most:
            return f"{name}: {share:.2f} {what}, at most {most}"
    return None


def _from_documents(record: Record) -> bool:
    return bool(record.documents) and record.task not in _NOT_FROM_DOCUMENTS
