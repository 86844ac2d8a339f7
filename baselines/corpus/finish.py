"""What the parts of a step come to; at its end, the manifest with its history, and the card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from baselines.corpus.batch import MOST_SAMPLES, Batch, Sample
from baselines.corpus.card.write import with_card
from baselines.corpus.folder import (
    CARD,
    MANIFEST,
    SCHEMA,
    Corpus,
    Form,
    Manifest,
    PartFile,
    part_of,
    write_dropped,
    write_manifest,
    write_part,
    write_problems,
)
from baselines.corpus.history import Origin, Past, origins, together


class Summary(msgspec.Struct):
    """What a part's batch came to, without its records."""

    rows: int
    dropped: dict[str, int]
    counts: dict[str, int]
    problems: int
    samples: list[Sample]
    files: list[PartFile]
    """The part itself last, where it has rows."""
    origins: list[Origin]

    @classmethod
    def of(cls, batch: Batch, folder: Path, number: int, form: Form) -> Summary:
        """Write the files of ``batch`` into ``folder`` and say what it came to."""
        files = []
        if batch.dropped:
            files.append(write_dropped(folder / f"dropped-{number:05}.jsonl", batch.dropped))
        if batch.problems:
            files.append(write_problems(folder / f"problems-{number:05}.jsonl", batch.problems))
        if batch.kept:
            files.append(write_part(folder / f"part-{number:05}.{form}", batch.kept, form))
        reasons = Counter(each.reason for each in batch.dropped)
        return cls(
            len(batch.kept),
            dict(reasons),
            dict(batch.counts),
            len(batch.problems),
            batch.samples,
            files,
            origins(batch.kept),
        )


def finish(
    out: Path,
    step: str,
    identity: Mapping[str, Any],
    summaries: Sequence[Summary],
    *,
    corpus: Corpus | None,
    journal: str,
) -> Manifest:
    """Write the card and the manifest of a step whose parts are all in ``out``.

    ``corpus`` is what it was done on, where that was records.
    """
    manifest = msgspec.structs.replace(
        _manifest(out, step, identity, summaries, journal),
        rows_in=None if corpus is None else len(corpus),
        history=_history(corpus),
    )
    manifest = with_card(out, manifest)
    write_manifest(out, manifest)
    return manifest


def _history(corpus: Corpus | None) -> tuple[Past, ...]:
    before = None if corpus is None else corpus.manifest
    return () if before is None else (*before.history, before.past)


def _manifest(
    out: Path,
    step: str,
    identity: Mapping[str, Any],
    summaries: Sequence[Summary],
    journal: str,
) -> Manifest:
    dropped: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    samples: dict[str, list[Sample]] = {}
    for summary in summaries:
        dropped.update(summary.dropped)
        counts.update(summary.counts)
        for sample in summary.samples:
            kept = samples.setdefault(sample.kind, [])
            if len(kept) < MOST_SAMPLES:
                kept.append(sample)
    files = [file for summary in summaries for file in summary.files]
    known = {file.name for file in files} | {journal, MANIFEST, CARD}
    strangers = sorted(path for path in out.iterdir() if path.name not in known)
    own = [part_of(path, 0) for path in strangers if not path.name.startswith(".")]
    return Manifest(
        schema=SCHEMA,
        step=step,
        identity=dict(identity),
        rows=sum(summary.rows for summary in summaries),
        dropped=dict(sorted(dropped.items())),
        counts=dict(sorted(counts.items())),
        problems=sum(summary.problems for summary in summaries),
        parts=tuple(file for file in files if file.name.startswith("part-")),
        others=(*(file for file in files if not file.name.startswith("part-")), *own),
        samples=tuple(each for kind in sorted(samples) for each in samples[kind]),
        origins=together(summary.origins for summary in summaries),
    )
