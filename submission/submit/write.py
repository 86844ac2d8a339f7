"""Writes the file that the organizer wants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from submission.competitions import Competition
from submission.errors import InputError, few
from submission.files.atomic import atomic_file, write_bytes
from submission.records.rows import Prediction
from submission.records.sheet import read_sheet
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject
from submission.submit.fill import filled
from submission.submit.manifest import build_manifest, manifest_path
from submission.tables import Table


@dataclass(frozen=True)
class Written:
    """A submission on disk."""

    path: Path
    manifest: Path
    rows: int
    columns: int
    uploadable: bool
    reason: str | None


def submission_bytes(
    competition: Competition,
    scorer: Scorer,
    subject: Subject,
    template: Path,
    out: Path,
    *,
    free_vectors: bool = False,
) -> bytes:
    """What the submission ``out`` holds: the template's rows with the subject's answers.

    Raises what :func:`write_submission` raises.
    """
    profile = competition.profile
    _require_place(out, template, profile.submission.ending)
    if not free_vectors and any(each.vector is not None for each in subject.predictions):
        raise InputError("These predictions hold vectors, not text: they are already a submission.")
    answers = {prediction.id: prediction for prediction in subject.predictions}
    sheet = read_sheet(profile.submission, template)
    if profile.submission.format == "csv":
        _require_columns(sheet.table, profile.submission.header)
    ids = sheet.table.ids(profile.submission.id)
    _require_same_rows(ids, answers, subject.name, template)
    ordered = [answers[row_id] for row_id in ids]
    return b"".join(filled(profile.submission, sheet, ordered, lambda: scorer.encoder, out))


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
    data = submission_bytes(competition, scorer, subject, template, out, free_vectors=free_vectors)
    other = scorer.encoder_reason if profile.submission.vectors else None
    reason = None if other is None else str(other)
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
    return Written(
        out,
        manifest_path(out),
        len(subject.predictions),
        len(profile.submission.header),
        reason is None,
        reason,
    )


def _require_place(out: Path, template: Path, ending: str) -> None:
    if out.suffix.lower() != ending:
        raise InputError(f"{out}: this competition takes {ending} files; give a name that ends so.")
    if out.resolve() == template.resolve():
        raise InputError(f"{out}: is the template itself; give another name with --out.")


def _require_columns(table: Table, columns: Sequence[str]) -> None:
    if list(table.columns) != list(columns):
        table.require(columns)
        place, name = next(
            (place, name)
            for place, name in enumerate(table.columns)
            if list(columns[place : place + 1]) != [name]
        )
        told = (
            f"where '{columns[place]}' is declared" if name in columns else "which is not declared"
        )
        raise InputError(
            f"{table.path}: not this competition's template: column {place + 1} is '{name}', "
            f"{told}."
        )


def _require_same_rows(
    ids: Sequence[str], answers: Mapping[str, Prediction], subject: str, template: Path
) -> None:
    wanted = set(ids)
    missing = [row_id for row_id in ids if row_id not in answers]
    extra = [row_id for row_id in answers if row_id not in wanted]
    sides = (
        (f"has no answer for {len(missing)} of the {len(ids)} rows of {template}", missing),
        (f"answers {len(extra)} rows that {template} does not have", extra),
    )
    if told := "; ".join(f"{what}: {few(rows)}" for what, rows in sides if rows):
        raise InputError(f"{subject} {told}.")
