"""All checks of one submission, in the order a reader would make them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evaluators.encoders.base import Encoder
from submission.check.findings import Finding, error, warning
from submission.check.rows import check_ids
from submission.check.text import check_lengths, check_text
from submission.check.vectors import check_vectors
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.submit.manifest import manifest_path
from submission.tables import Table, read_table

UPLOAD_LIMIT = 104_857_601
"""Bytes; DACON's upload interface takes no more."""


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
    reference = read_table(template)
    columns = _expected_columns(profile, reference)
    ids = reference.ids(profile.submission.id)
    findings = list(_file(profile, submission))
    try:
        table = read_table(submission, allow_empty=True)
    except InputError as problem:
        findings.append(error("unreadable", str(problem)))
    else:
        findings.extend(_columns(columns, table, ordered=profile.submission.format == "csv"))
        findings.extend(check_ids(profile.submission.id, table, ids))
        findings.extend(check_text(profile.submission, table))
        if test is not None:
            asked = _asked(profile, test)
            findings.extend(check_lengths(profile.submission, table, profile.submission.id, asked))
        findings.extend(check_vectors(profile.submission, table, encoder))
    findings.extend(_manifest(submission, profile.name, final=final))
    return findings


def _asked(profile: Profile, test: Path) -> dict[str, str]:
    """What an answer's length is compared with, by id; empty where the contest asks for none."""
    column = profile.submission.same_length_as
    if column is None:
        return {}
    table = read_table(test)
    return dict(zip(table.ids(profile.test.id), table.column(column), strict=True))


def _expected_columns(profile: Profile, template: Table) -> Sequence[str]:
    if profile.submission.format == "json":
        template.require([profile.submission.id])
        # What the template leaves out, or open as text, null or {}, the submission fills in.
        answer = profile.submission.answer or ""
        kept = [name for name in template.columns if not f"{answer}.".startswith(f"{name}.")]
        return [*kept, answer]
    template.require(profile.submission.columns)
    return profile.submission.columns


def _file(profile: Profile, path: Path) -> Iterator[Finding]:
    size = path.stat().st_size
    if size > UPLOAD_LIMIT:
        yield error("size", f"{path} has {size:,} bytes; at most {UPLOAD_LIMIT:,} are accepted.")
    if path.suffix.lower() != f".{profile.submission.format}":
        yield error(
            "suffix", f"{path} is not named .{profile.submission.format}, which is what is taken."
        )
    with path.open("rb") as handle:
        bom = handle.read(3) == b"\xef\xbb\xbf"
    if profile.submission.format == "csv" and bom != profile.submission.bom:
        has, wants = ("has", "without one") if bom else ("has no", "with one")
        yield warning(
            "bom", f"{path} {has} byte-order mark; the organizer's own files come {wants}."
        )


def _columns(expected: Sequence[str], table: Table, *, ordered: bool) -> Iterator[Finding]:
    if table.encoding == "cp949":
        yield error("encoding", f"{table.path} is CP949; save it as UTF-8.")
    missing = [name for name in expected if name not in table.columns]
    extra = [name for name in table.columns if name not in expected]
    if missing:
        yield error(
            "columns-missing",
            f"{len(missing)} of {len(expected)} columns are missing: {_few(missing)}.",
            column=missing[0],
            count=len(missing),
        )
    if extra:
        yield error(
            "columns-extra",
            f"{len(extra)} columns are not in the template: {_few(extra)}.",
            column=extra[0],
            count=len(extra),
        )
    if ordered and not missing and not extra and list(table.columns) != list(expected):
        place = next(
            index
            for index, pair in enumerate(zip(table.columns, expected, strict=True))
            if pair[0] != pair[1]
        )
        yield error(
            "columns-order",
            f"Columns stand in another order: column {place + 1} is '{table.columns[place]}' "
            f"where the template has '{expected[place]}'.",
            column=table.columns[place],
        )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


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
