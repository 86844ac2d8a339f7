"""The step ``clean``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from baselines.corpus.batch import MOST_SAMPLES, Batch
from baselines.corpus.clean.boilerplate import SHIPPED, phrases
from baselines.corpus.clean.filters import Rules
from baselines.corpus.clean.texts import LINES, MARKUP, MENDED, Texts
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
    max_question: int = Field(
        default=10_000,
        ge=1,
        description="Most characters of a question.",
    )
    min_summary: int = Field(
        default=2,
        ge=0,
        description="Fewest characters of a summary.",
    )
    max_summary: int = Field(
        default=20_000,
        ge=1,
        description="Most characters of a summary.",
    )
    min_answer: int = Field(
        default=1,
        ge=0,
        description="Fewest characters of an answer or an option.",
    )
    max_answer: int = Field(
        default=20_000,
        ge=1,
        description="Most characters of an answer or an option.",
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
        description="Largest share of pieces of 8 characters that were there before.",
    )
    max_boilerplate: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Largest share of the documents that is boilerplate.",
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
        shown = phrases(settings.phrases or SHIPPED) if settings.boilerplate else None
        self._texts = Texts(settings.html, shown)
        self._rules = Rules(settings)

    def identity(self) -> dict[str, Any]:
        """The settings, and the file of phrases by its content."""
        told = super().identity()
        told["phrases"] = sha256_file(self.settings.phrases or SHIPPED)
        return told

    def apply(self, records: Sequence[Record], first: int) -> Batch:  # noqa: ARG002
        """Clean each record, and keep it if it is good."""
        batch = Batch()
        wanted = _Wanted()
        for record in records:
            with_markup = batch.counts[MARKUP]
            cleaned, boilerplate = self._texts.clean(record, batch.counts)
            if cleaned is not record:
                batch.counts["changed"] += 1
                kind = LINES if boilerplate else MENDED
                if not boilerplate and batch.counts[MARKUP] > with_markup:
                    kind = MARKUP
                if wanted.more(kind):
                    _show(batch, kind, record, cleaned)
            reason = self._reason(record, cleaned, boilerplate)
            if reason is None:
                batch.kept.append(cleaned)
                continue
            batch.drop(record, *reason)
            if wanted.more(reason[0]):
                _show_dropped(batch, record, *reason)
        return batch

    def _reason(
        self, record: Record, cleaned: Record, boilerplate: float
    ) -> tuple[str, str] | None:
        if boilerplate > self.settings.max_boilerplate:
            most = self.settings.max_boilerplate
            return "boilerplate", f"{boilerplate:.2f} of the documents, at most {most}"
        return self._rules.broken_by(cleaned, record)


class _Wanted:
    """Counts samples, so that none is made that is not kept."""

    def __init__(self) -> None:
        self._shown: Counter[str] = Counter()

    def more(self, kind: str) -> bool:
        self._shown[kind] += 1
        return self._shown[kind] <= MOST_SAMPLES


def _show(batch: Batch, kind: str, old: Record, new: Record) -> None:
    """One text of a record before and after, where the two part."""
    for (name, before), (_, after) in zip(old.texts(), new.texts(), strict=False):
        if before != after:
            pairs = enumerate(zip(before, after, strict=False))
            shorter = min(len(before), len(after))
            same = next((n for n, (a, b) in pairs if a != b), shorter)
            start = max(same - 40, 0)
            stop = start + LONGEST_SAMPLE
            batch.sample(kind, old.id, name, before[start:stop], after[start:stop])
            return


def _show_dropped(batch: Batch, record: Record, reason: str, detail: str) -> None:
    """The text that a rule named, or the first."""
    texts = dict(record.texts())
    named = detail.partition(":")[0]
    name = named if named in texts else next(iter(texts), "")
    batch.sample(reason, record.id, name, texts.get(name, "")[:LONGEST_SAMPLE], "")
