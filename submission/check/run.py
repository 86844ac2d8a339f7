"""All checks of one submission, in the order a reader would make them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluators.encoders.base import Encoder
from submission.check.file import check_columns, check_copied, check_encoding, check_file
from submission.check.findings import Finding, error, warning
from submission.check.kinds import check_kinds
from submission.check.pandas_reading import check_pandas_reading
from submission.check.rows import check_ids
from submission.check.scorer import check_scorer
from submission.check.structure import check_structure, fitting
from submission.check.text import check_lengths, check_text
from submission.check.vectors import check_vectors
from submission.competitions.format import SubmissionFormat
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.records.read import row_ids
from submission.records.sheet import Sheet, read_sheet
from submission.submit.manifest import manifest_path, special_tokens_of
from submission.tables import read_table


def check_submission(
    profile: Profile,
    submission: Path,
    template: Path,
    *,
    encoder: Encoder | None = None,
    final: bool = False,
    test: Path | None = None,
) -> list[Finding]:
    """Everything that is wrong with ``submission``; empty where nothing is.

    With ``encoder``, vectors of competitions that also submit the text are compared with the
    text's own. With ``test``, answers that must be as long as their question are measured.
    ``final`` also asks whether the manifest allows the upload. Raises :class:`InputError` where
    the submission does not exist or the template cannot be used.
    """
    if not submission.is_file():
        raise InputError(f"{submission}: there is no such file to check.")
    wanted = profile.submission
    reference = read_sheet(wanted, template)
    if wanted.format == "csv":
        reference.table.require(wanted.header)
    ids = reference.table.ids(wanted.id)
    asked = _asked(profile, test) if test is not None else {}
    findings = list(check_file(wanted, submission))
    try:
        sheet = read_sheet(wanted, submission, allow_empty=True)
    except InputError as problem:
        findings.append(error("unreadable", str(problem)))
    else:
        findings.extend(check_encoding(sheet.table))
        findings.extend(_form(wanted, sheet, reference))
        findings.extend(check_ids(wanted.id, sheet.table, ids))
        table = sheet.table if wanted.format == "csv" else fitting(wanted, sheet)
        findings.extend(check_text(wanted, table, special_tokens_of(submission)))
        findings.extend(check_kinds(wanted, table))
        findings.extend(check_pandas_reading(wanted, table))
        findings.extend(check_lengths(wanted, table, wanted.id, asked))
        findings.extend(check_vectors(wanted, table, encoder))
    findings.extend(check_scorer(profile, findings))
    findings.extend(_manifest(submission, profile.name, final=final))
    return findings


def _form(wanted: SubmissionFormat, sheet: Sheet, template: Sheet) -> Iterator[Finding]:
    """Findings on everything in the file that is not an answer."""
    if wanted.format != "csv":
        yield from check_structure(wanted, sheet, template)
        return
    yield from check_columns(wanted, sheet.table)
    yield from check_copied(wanted, sheet.table, template.table)


def _asked(profile: Profile, test: Path) -> dict[str, str]:
    """What an answer's length is compared with, by id; empty where the contest asks for none."""
    column = profile.submission.same_length_as
    if column is None:
        return {}
    table = read_table(test, unnamed_index=profile.test.unnamed_index)
    return dict(zip(row_ids(profile, table), table.column(column), strict=True))


def _manifest(submission: Path, competition: str, *, final: bool) -> Iterator[Finding]:
    path = manifest_path(submission)
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
        uploadable, digest = manifest["uploadable"] is True, str(manifest["sha256"])
        made_for = str(manifest.get("competition"))
        reason = manifest.get("not_for_upload_because")
    except FileNotFoundError:
        if final:
            yield error("manifest", f"No manifest {path.name} says that this file may be uploaded.")
        return
    except (OSError, ValueError, KeyError, TypeError):
        yield error("manifest", f"The manifest {path.name} cannot be read.")
        return
    found = error if final else warning
    if hashlib.sha256(submission.read_bytes()).hexdigest() != digest:
        yield found("manifest", f"The file is not the one that {path.name} was written for.")
    elif made_for != competition:
        yield found("manifest", f"The file was written for '{made_for}', not for '{competition}'.")
    elif not uploadable:
        yield found("not-for-upload", f"NOT FOR UPLOAD: {reason}.")
