"""Writes the file that the organizer wants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submission.competitions import Competition
from submission.competitions.profile import SubmissionFormat
from submission.errors import InputError
from submission.files.atomic import atomic_file, write_bytes
from submission.records.rows import Prediction
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject
from submission.submit.manifest import build_manifest, manifest_path
from submission.tables import Table, csv_lines, json_lines, read_items, read_table


@dataclass(frozen=True)
class Written:
    """A submission on disk."""

    path: Path
    manifest: Path
    rows: int
    columns: int
    uploadable: bool
    reason: str | None


def write_submission(
    competition: Competition,
    scorer: Scorer,
    subject: Subject,
    template: Path,
    out: Path,
    *,
    command: str,
    ledger: Ledger | None = None,
    free_vectors: bool = False,
) -> Written:
    """Answers in the template's order and columns, with vectors of exactly the written text.

    The manifest is in place first: no submission ever stands without the word on whether it may
    be uploaded. With ``free_vectors`` the subject's own vectors are written, whatever their text.
    Raises :class:`InputError` for a subject of vectors without that, for a template that is not the
    competition's, for answers that lack a row of it or have one too many, and for an ``out`` that
    is the template or has another suffix than the competition's files.
    """
    profile = competition.profile
    _require_place(out, template, profile.submission.format)
    if not free_vectors and any(each.vector is not None for each in subject.predictions):
        raise InputError("These predictions hold vectors, not text: they are already a submission.")
    answers = {prediction.id: prediction for prediction in subject.predictions}
    if profile.submission.format == "json":
        table = read_table(template)
    else:
        table = _csv_template(template, profile.submission.columns)
    ids = table.ids(profile.submission.id)
    _require_same_rows(ids, answers, subject.name, template)
    ordered = [answers[row_id] for row_id in ids]
    other = scorer.encoder_reason if profile.submission.vectors else None
    reason = None if other is None else str(other)
    data = _file(profile.submission, scorer, ordered, template, out)
    manifest = build_manifest(
        competition, scorer, subject, template, out, data, reason, command, ledger
    )
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    with atomic_file(out) as handle:
        handle.write(data)
        write_bytes(manifest_path(out), text.encode())
    if ledger is not None:
        run = subject.name if subject.kind == "run" else None
        ledger.save_submission(out, manifest["sha256"], run, manifest)
    return Written(out, manifest_path(out), len(ids), len(table.columns), reason is None, reason)


def _require_place(out: Path, template: Path, suffix: str) -> None:
    if out.suffix.lower() != f".{suffix}":
        raise InputError(
            f"{out}: this competition takes .{suffix} files; give a name that ends so."
        )
    if out.resolve() == template.resolve():
        raise InputError(f"{out}: is the template itself; give another name with --out.")


def _csv_template(path: Path, columns: Sequence[str]) -> Table:
    table = read_table(path)
    if list(table.columns) != list(columns):
        table.require(columns)
        raise InputError(
            f"{path}: not this competition's template: it has {len(table.columns)} columns, "
            f"{len(columns)} are declared, or they stand in another order."
        )
    return table


def _require_same_rows(
    ids: Sequence[str], answers: Mapping[str, Prediction], subject: str, template: Path
) -> None:
    wanted = set(ids)
    missing = [row_id for row_id in ids if row_id not in answers]
    extra = [row_id for row_id in answers if row_id not in wanted]
    if missing:
        raise InputError(
            f"{subject} has no answer for {len(missing)} of the {len(ids)} rows of {template}: "
            f"{', '.join(missing[:5])}{', …' if len(missing) > 5 else ''}."
        )
    if extra:
        raise InputError(
            f"{subject} answers {len(extra)} rows that {template} does not have: "
            f"{', '.join(extra[:5])}{', …' if len(extra) > 5 else ''}."
        )


def _file(
    submission: SubmissionFormat,
    scorer: Scorer,
    answers: Sequence[Prediction],
    template: Path,
    out: Path,
) -> bytes:
    """The whole submission; its digest is needed before it is written."""
    if submission.format == "json":
        return b"".join(_json(template, answers, out, submission.answer or "output"))
    return b"".join(_csv(submission, scorer, answers, out))


def _csv(
    submission: SubmissionFormat, scorer: Scorer, answers: Sequence[Prediction], out: Path
) -> Iterator[bytes]:
    rows: list[list[Any]] = [[answer.id] for answer in answers]
    if submission.answer is not None:
        for row, answer in zip(rows, answers, strict=True):
            row.append(answer.answer)
    if submission.vectors is not None:
        given = [answer.vector for answer in answers if answer.vector is not None]
        vectors = given or scorer.encoder.encode([answer.answer for answer in answers])
        for row, vector in zip(rows, vectors, strict=True):
            row.extend(vector)
    return csv_lines(out, submission.columns, rows, bom=submission.bom)


def _json(template: Path, answers: Sequence[Prediction], out: Path, field: str) -> Iterator[bytes]:
    """Fill ``field`` (dotted: ``output.answer``) of the template's items, in their order."""
    items = zip(read_items(template), answers, strict=True)
    return json_lines(out, (_filled(item, field, answer.answer) for item, answer in items))


def _filled(item: Mapping[str, Any], field: str, answer: str) -> dict[str, Any]:
    """``item`` with ``answer`` in ``field``, and everything else as it was."""
    outer, _, inner = field.partition(".")
    if not inner:
        return {**item, outer: answer}
    below = item.get(outer)
    return {**item, outer: _filled(below if isinstance(below, dict) else {}, inner, answer)}
