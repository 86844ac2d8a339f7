"""The card's text: made of the manifest alone, so that it can be made again and compared."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import PurePath
from typing import Any, Final

import msgspec

from baselines.corpus.card.licences import licence_keys, of_all, redistribution
from baselines.corpus.card.markdown import code, fenced, plain, quoted, table
from baselines.corpus.folder import CARD, Manifest, manifest_bytes
from baselines.corpus.history import Past

MOST_SAMPLES: Final = 3
"""Samples of one kind that are shown."""

MOST_KINDS: Final = 12
MOST_FILES: Final = 200
MOST_ORIGINS: Final = 50
MOST_REASONS: Final = 40

MASKING: Final = frozenset({"mask"})
"""Steps of whose samples only what became of the text is shown, never what it was."""

_TASKS: Final = {
    "qa": "question-answering",
    "choice": "multiple-choice",
    "summary": "summarization",
    "dialogue-summary": "summarization",
    "interview-summary": "summarization",
    "translation": "translation",
    "document": "text-generation",
    "preference": "text-generation",
    "structured": "question-answering",
}
_SIZES: Final = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")


def card_text(manifest: Manifest) -> str:
    """The card of the folder that ``manifest`` describes."""
    bare = without_card(manifest)
    parts = [
        _front_matter(bare),
        f"# {plain(_title(bare))}",
        *([plain(bare.titles.description, 4000)] if bare.titles.description else []),
        *_contents(bare),
        *_sources(bare),
        *_steps(bare),
        *_samples(bare),
        *_files(bare),
    ]
    return "\n\n".join(parts) + "\n"


def without_card(manifest: Manifest) -> Manifest:
    """The manifest before the card was written."""
    others = tuple(file for file in manifest.others if file.name != CARD)
    return msgspec.structs.replace(manifest, others=others)


def manifest_digest(manifest: Manifest) -> str:
    """What the card says of the manifest, which names the card in its turn."""
    return hashlib.sha256(manifest_bytes(without_card(manifest))).hexdigest()


def _title(manifest: Manifest) -> str:
    return manifest.titles.title or f"Records of leaderkit corpus {manifest.step}"


def _front_matter(manifest: Manifest) -> str:
    lines = ["---", f"pretty_name: {quoted(_title(manifest))}"]
    languages = {
        code
        for each in manifest.origins
        for code in each.language.split("-")
        if re.fullmatch("[a-z]{2,3}", code)
    }
    tasks = {_TASKS[each.task] for each in manifest.origins if each.task in _TASKS}
    for name, values in (("language", languages), ("task_categories", tasks)):
        if values:
            lines += [f"{name}:", *(f"- {quoted(value)}" for value in sorted(values))]
    keys = licence_keys(manifest.titles.licence, manifest.origins)
    lines += [f"{name}: {quoted(value)}" for name, value in keys.items()]
    lines += ["size_categories:", f"- {quoted(size_category(manifest.rows))}"]
    lines += ["tags:", '- "leaderkit"', f"redistribution: {quoted(_may_pass_on(manifest))}"]
    if manifest.parts:
        form = manifest.parts[0].name.rpartition(".")[2]
        lines += ["configs:", "- config_name: default", "  data_files:"]
        lines += ["  - split: train", f'    path: "part-*.{form}"']
    return "\n".join([*lines, "---"])


def size_category(rows: int) -> str:
    """The hub's name for about so many rows."""
    low = "n"
    for place, name in enumerate(_SIZES, start=1):
        if rows < 10 ** (place + 2):
            return f"n<{name}" if low == "n" else f"{low}<n<{name}"
        low = name
    return f"n>{low}"


def _may_pass_on(manifest: Manifest) -> str:
    return manifest.titles.redistribution or of_all(manifest.origins)


def _contents(manifest: Manifest) -> Iterator[str]:
    yield "## Contents"
    size = sum(part.bytes for part in manifest.parts)
    yield table(
        ("", ""),
        [
            ("Records", f"{manifest.rows:,}"),
            ("Part files", f"{len(manifest.parts):,}, {size:,} bytes"),
            ("Digest of the records", code(manifest.digest)),
            ("Digest of the manifest", code(manifest_digest(manifest))),
            ("Made with", f"leaderkit {_name(str(manifest.identity.get('leaderkit', '')))}"),
        ],
    )
    yield "Check the folder against this card: `leaderkit corpus verify FOLDER`."


def _sources(manifest: Manifest) -> Iterator[str]:
    yield "## Sources and licences"
    rows = [
        (
            plain(each.data_set),
            plain(each.licence) or "not stated",
            plain(each.language),
            plain(each.task),
            f"{each.rows:,}",
            redistribution(each),
        )
        for each in manifest.origins[:MOST_ORIGINS]
    ]
    yield table(("Data set", "Licence", "Language", "Task", "Records", "Redistribution"), rows)
    if len(manifest.origins) > MOST_ORIGINS:
        yield f"{len(manifest.origins) - MOST_ORIGINS:,} more are in `manifest.json`."
    told = manifest.titles.redistribution
    by = "as the person who wrote this card states" if told else "by the licences above"
    yield f"Redistribution of the whole: **{_may_pass_on(manifest)}**, {by}." + (
        " Do not pass these files on, nor the samples of this card."
        if _may_pass_on(manifest) == "no"
        else ""
    )


def _steps(manifest: Manifest) -> Iterator[str]:
    yield "## Steps"
    steps = (*manifest.history, manifest.past)
    yield table(
        ("", "Step", "Records in", "Records out", "Dropped", "Unreadable", "Digest of the records"),
        [
            (
                str(number),
                plain(each.step),
                "" if each.rows_in is None else f"{each.rows_in:,}",
                f"{each.rows:,}",
                f"{sum(each.dropped.values()):,}",
                f"{each.problems:,}",
                code(each.digest[:16]),
            )
            for number, each in enumerate(steps, start=1)
        ],
    )
    for number, each in enumerate(steps, start=1):
        yield from _step(number, each)


def _step(number: int, step: Past) -> Iterator[str]:
    yield f"### {number}. {plain(step.step)}"
    settings = _portable(step.identity)
    yield fenced(
        json.dumps(settings, ensure_ascii=False, indent=2, sort_keys=True), "json", longest=20_000
    )
    counted = [
        *((f"dropped: {reason}", rows) for reason, rows in step.dropped.items()),
        *step.counts.items(),
    ]
    if counted:
        shown = [(plain(name), f"{rows:,}") for name, rows in counted[:MOST_REASONS]]
        yield table(("", "Records"), shown)


def _portable(value: Any) -> Any:
    """Settings with the names alone of files that are given by where they lie on one machine."""
    if isinstance(value, dict):
        return {key: _portable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(each) for each in value]
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    return value


def _samples(manifest: Manifest) -> Iterator[str]:
    if not manifest.samples:
        return
    yield "## Samples"
    kinds = groupby(manifest.samples, key=lambda each: each.kind)
    for kind, samples in islice(kinds, MOST_KINDS):
        yield f"### {plain(kind)}"
        for each in islice(samples, MOST_SAMPLES):
            yield f"{plain(each.id)}, {plain(each.field)}"
            before = "" if manifest.step in MASKING else each.before
            if before:
                yield fenced(before)
            if each.after and each.after != before:
                yield "became" if before else "what became of it"
                yield fenced(each.after)


def _files(manifest: Manifest) -> Iterator[str]:
    yield "## Files"
    files = (*manifest.parts, *manifest.others)
    yield table(
        ("File", "Rows", "Bytes", "SHA-256"),
        [
            (_name(each.name), f"{each.rows:,}", f"{each.bytes:,}", code(each.sha256))
            for each in files[:MOST_FILES]
        ],
    )
    if len(files) > MOST_FILES:
        yield f"{len(files) - MOST_FILES:,} more are in `manifest.json`."
    if any(file.name.startswith("dropped-") for file in manifest.others):
        yield (
            "`dropped-*.jsonl` holds the records that were left out, as they were before this "
            "step: leave it behind where you pass the records on."
        )


def _name(text: str) -> str:
    """A file's name or a version: as code where it has only the usual characters."""
    return code(text) if re.fullmatch(r"[\w.+-]+", text) else plain(text)
