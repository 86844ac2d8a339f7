"""The step ``leak``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from pydantic import Field

from baselines.corpus.batch import Batch
from baselines.corpus.folder import MANIFEST, Corpus, sha256_file
from baselines.corpus.leak.held import held_in
from baselines.corpus.leak.index import Leak, LeakIndex
from baselines.corpus.record import Record
from baselines.corpus.steps import Say, Settings, Step
from submission.errors import few
from submission.files.atomic import write_bytes

LEAKS = "leaks.jsonl"


class LeakSettings(Settings):
    """What records are held against, and how alike is a leak."""

    test: tuple[Path, ...] = Field(
        min_length=1, description="Test file, or a corpus that must not be trained on."
    )
    competition: str | None = Field(
        default=None, description="Competition that the files are of, for their columns."
    )
    column: str | None = Field(
        default=None, description="Column of the questions, where no competition is given."
    )
    references: Path | None = Field(
        default=None, description="References file: also look for its answers."
    )
    question: float = Field(
        default=0.8, gt=0, le=1, description="Similarity from which a question is a leak."
    )
    document: float = Field(default=0.8, gt=0, le=1, description="The same of a document.")
    answer: float = Field(default=0.9, gt=0, le=1, description="The same of an answer.")
    remove: bool = Field(default=False, description="Leave such records out.")


class LeakCheck(Step):
    """Find records that nearly equal a row of a test file, and leave them out on request.

    Similarity is the Jaccard similarity of character 2-grams (texts under 64 characters) or
    5-grams, white space and case aside; every pair at the threshold is found. leaks.jsonl lists
    them with the test row and the similarity.
    """

    name = "leak"
    about = "Find records that nearly equal a row of a test file."
    settings_type = LeakSettings
    settings: LeakSettings

    def __init__(self, settings: LeakSettings) -> None:
        super().__init__(settings)
        self._leaks: dict[int, list[Leak]] = {}
        self._told: list[str] = []

    def identity(self) -> dict[str, Any]:
        """The settings, and the files by their content."""
        told = super().identity()
        told["test"] = [_digest(path) for path in self.settings.test]
        if self.settings.references is not None:
            told["references"] = sha256_file(self.settings.references)
        return told

    def prepare(self, corpus: Corpus, out: Path, say: Say) -> None:
        """Hold every record against the test texts, which are in memory; write what was found."""
        settings = self.settings
        held = held_in(settings.test, settings.references, settings.competition, settings.column)
        index = LeakIndex(
            held,
            {
                "question": settings.question,
                "document": settings.document,
                "answer": settings.answer,
            },
        )
        counts = ", ".join(f"{len(texts):,} {name}s" for name, texts in index.fields.items())
        say(f"leak: held against {counts}.")
        lines = []
        for number, record in enumerate(corpus):
            found = list(index.leaks(record))
            if not found:
                continue
            self._leaks[number] = found
            lines += [
                {"id": record.id, "field": each.field, "test_id": each.test_id,
                 "similarity": each.similarity}
                for each in found
            ]  # fmt: skip
        write_bytes(out / LEAKS, msgspec.json.Encoder().encode_lines(lines))
        fields = Counter(
            each.field.partition("[")[0] for found in self._leaks.values() for each in found
        )
        self._told = [
            f"{len(self._leaks):,} records leak, compared with {counts}: {_listed(fields)}."
            if self._leaks
            else f"No record leaks, compared with {counts}."
        ]

    def apply(self, records: Sequence[Record], first: int) -> Batch:
        """Count the records that leak, and leave them out if that is asked."""
        batch = Batch()
        for number, record in enumerate(records, start=first):
            found = self._leaks.get(number)
            if found is None:
                batch.kept.append(record)
                continue
            closest = max(found, key=lambda each: each.similarity)
            told = f"{closest.field} is like {closest.test_id} ({closest.similarity:.2f})"
            batch.counts["leaks"] += 1
            if self.settings.remove:
                batch.drop(record, "leak", told)
            else:
                batch.kept.append(record)
        return batch

    def notes(self) -> Iterator[str]:
        """What was found."""
        yield from self._told


def _listed(fields: Counter[str]) -> str:
    return few([f"{name} {count:,}" for name, count in sorted(fields.items())])


def _digest(path: Path) -> str:
    return Corpus.open(path).digest if (path / MANIFEST).is_file() else sha256_file(path)
