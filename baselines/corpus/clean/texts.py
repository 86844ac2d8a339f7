"""What cleaning makes of the texts of a record: stable, and answers stay in their documents."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import msgspec

from baselines.corpus.clean.boilerplate import Phrases
from baselines.corpus.clean.markup import plain
from baselines.corpus.clean.spacing import tidy
from baselines.corpus.record import Record

MENDED = "characters or spacing mended"
MARKUP = "markup removed"
LINES = "lines of boilerplate removed"
MOST_PASSES = 8
"""Times that a text is gone over until nothing changes; one that needs more stays as it is."""


@dataclass(frozen=True)
class Texts:
    """Cleans texts; boilerplate is in documents alone, and None takes none off."""

    html: bool
    phrases: Phrases | None

    def clean(self, record: Record, counts: Counter[str]) -> tuple[Record, float]:
        """The record with clean texts, or itself where all of them were; and the share of its
        documents that was boilerplate.

        An answer that was in a document is in it afterwards. Where boilerplate would take it, all
        of that stays; where an answer ends inside a tag, the documents and answers stay as they
        were.
        """
        stripped = record.with_texts(lambda _, text: self._text(text, counts))
        cleaned = self._without_boilerplate(stripped, counts)
        if cleaned is record:
            return record, 0.0
        if _answers_stay(record, cleaned):
            return cleaned, _share(stripped, cleaned)
        if _answers_stay(record, stripped):
            counts["boilerplate left for an answer"] += 1
            return stripped, 0.0
        counts["left as it was for an answer"] += 1
        left = msgspec.structs.replace(stripped, documents=record.documents, answers=record.answers)
        return (left if left != record else record), 0.0

    def _text(self, text: str, counts: Counter[str]) -> str:
        """``text`` without markup and unseen characters."""
        first = tidy(text)
        if first is not text and first != text:
            counts[MENDED] += 1
        bare = self._bare(first)
        if bare is not first:
            counts[MARKUP] += 1
        return bare

    def _bare(self, first: str) -> str:
        passed = first
        if not self.html:
            return first
        for _pass in range(MOST_PASSES):
            if "<" not in passed and "&" not in passed:
                return passed
            after = tidy(plain(passed))
            if after == passed:
                return passed
            passed = after
        return first

    def _without_boilerplate(self, record: Record, counts: Counter[str]) -> Record:
        if self.phrases is None or not record.documents:
            return record
        documents = tuple(self._document(self.phrases, text, counts) for text in record.documents)
        if documents == record.documents:
            return record
        return msgspec.structs.replace(record, documents=documents)

    def _document(self, phrases: Phrases, text: str, counts: Counter[str]) -> str:
        passed, lines = text, 0
        for _pass in range(MOST_PASSES):
            shorter, gone = phrases.off(passed)
            if not gone:
                if lines:
                    counts[LINES] += lines
                return passed
            lines += gone
            passed = self._bare(tidy(shorter))
        return text


def _share(before: Record, after: Record) -> float:
    whole = sum(map(len, before.documents))
    return 1 - sum(map(len, after.documents)) / whole if before is not after else 0.0


def _answers_stay(before: Record, after: Record) -> bool:
    pairs = list(zip(before.answers, after.answers, strict=True))
    return all(
        new_answer in new
        for old, new in zip(before.documents, after.documents, strict=True)
        for answer, new_answer in pairs
        if answer in old
    )
