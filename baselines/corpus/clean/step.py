"""The step ``clean``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from baselines.corpus.batch import Batch
from baselines.corpus.clean.boilerplate import SHIPPED, Phrases, phrases
from baselines.corpus.clean.filters import why_not
from baselines.corpus.clean.markup import plain
from baselines.corpus.clean.spacing import tidy
from baselines.corpus.folder import sha256_file
from baselines.corpus.record import Record
from baselines.corpus.steps import Settings, Step

LONGEST_SAMPLE = 300


class CleanSettings(Settings):
    """What goes from texts, and which records go."""

    html: bool = Field(
        default=True,
        description="Take HTML, styles, scripts and entities off.",
    )
    boilerplate: bool = Field(
        default=True,
        description="Take off lines such as copyright notices.",
    )
    phrases: Path | None = Field(
        default=None,
        description="TOML file of such lines instead of the shipped one.",
    )
    min_document: int = Field(
        default=20,
        ge=0,
        description="Fewest characters of a document.",
    )
    max_document: int = Field(
        default=200_000,
        ge=1,
        description="Most characters of a document.",
    )
    min_question: int = Field(
        default=2,
        ge=0,
        description="Fewest characters of a question.",
    )
    min_summary: int = Field(
        default=2,
        ge=0,
        description="Fewest characters of a summary.",
    )
    min_answer: int = Field(
        default=1,
        ge=0,
        description="Fewest characters of an answer.",
    )
    max_symbols: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="Largest share of symbols.",
    )
    max_repetition: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Largest share of word 4-grams that were there before.",
    )
    max_broken: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Largest share of broken characters.",
    )
    languages: tuple[str, ...] = Field(
        default=(),
        description="Languages that stay (ko, en, zh, ja); all where none is given.",
    )
    answer_in_document: bool = Field(
        default=False,
        description="Answers have to be in a document, white space aside.",
    )
    min_support: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Smallest share of an answer's words that a document has.",
    )


class Clean(Step):
    """Clean texts, and leave out records that are no good.

    Markup, unseen characters and boilerplate go, Hangul is composed (NFC), white space is made
    single. Then each record is held against the thresholds; those that fail are kept in
    dropped-*.jsonl with the rule and what it found.
    """

    name = "clean"
    about = "Clean texts, and leave out records that are no good."
    settings_type = CleanSettings
    settings: CleanSettings

    def __init__(self, settings: CleanSettings) -> None:
        super().__init__(settings)
        self._phrases: Phrases = phrases(settings.phrases or SHIPPED)

    def identity(self) -> dict[str, Any]:
        """The settings, and the file of phrases by its content."""
        told = super().identity()
        told["phrases"] = sha256_file(self.settings.phrases or SHIPPED)
        return told

    def apply(self, records: Sequence[Record], first: int) -> Batch:  # noqa: ARG002
        """Clean each record, and keep it if it is good."""
        batch = Batch()
        for record in records:
            cleaned = record.with_texts(lambda _, text: self._text(text, batch))
            if cleaned is not record:
                batch.counts["changed"] += 1
                self._show(batch, record, cleaned)
            reason = why_not(cleaned, self.settings)
            if reason is None:
                batch.kept.append(cleaned)
                continue
            batch.drop(record, *reason)
            name, text = next(iter(cleaned.texts()), ("", ""))
            batch.sample(reason[0], record.id, name, text[:LONGEST_SAMPLE], "")
        return batch

    def _text(self, text: str, batch: Batch) -> str:
        stripped = plain(text) if self.settings.html else text
        tidied = tidy(stripped)
        if not self.settings.boilerplate:
            kept, gone = tidied, list[str]()
        else:
            kept, gone = self._phrases.off(tidied)
        batch.counts["markup removed"] += stripped != text
        batch.counts["characters or spacing mended"] += tidied != stripped
        batch.counts["lines of boilerplate removed"] += len(gone)
        return tidy(kept) if gone else kept

    def _show(self, batch: Batch, old: Record, new: Record) -> None:
        """One text of a record before and after, where the two part."""
        for (name, before), (_, after) in zip(old.texts(), new.texts(), strict=False):
            if before != after:
                same = next(
                    (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
                    min(len(before), len(after)),
                )
                start = max(same - 40, 0)
                stop = start + LONGEST_SAMPLE
                batch.sample("changed", old.id, name, before[start:stop], after[start:stop])
                return
