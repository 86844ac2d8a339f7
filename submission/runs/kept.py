"""What a ledger keeps beside its runs: scores, submissions, public scores, hashes of files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from submission.files.digest import sha256_file
from submission.runs.database import Database, now
from submission.runs.rows import OrganizerScore


class Kept(Database):
    """The tables that no row of a run stands in."""

    def save_score(
        self, subject: str, reference: str, summary: Mapping[str, Any], rows: Mapping[str, float]
    ) -> None:
        """Keep a score and its value per row id; the same score computed again replaces it."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO score (subject, metric, signature, reference, summary,"
                " rows, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    subject, summary["metric"], summary["signature"], reference,
                    json.dumps(summary, ensure_ascii=False),
                    json.dumps(rows, ensure_ascii=False), now(),
                ),
            )  # fmt: skip

    def scores(self, subject: str) -> list[dict[str, Any]]:
        """The summaries of every score kept for a run or file, oldest first."""
        rows = self._db.execute(
            "SELECT summary FROM score WHERE subject = ? ORDER BY created, rowid", (subject,)
        )
        return [json.loads(summary) for (summary,) in rows]

    def kept_score(self, run: str, signature: str, reference: str) -> float | None:
        """The value of a score kept for ``run``; None for none, or one older than its answers."""
        row = self._db.execute(
            "SELECT summary FROM score JOIN run ON run.name = score.subject WHERE subject = ?"
            " AND signature = ? AND reference = ? AND score.created >= run.finished AND NOT EXISTS"
            " (SELECT 1 FROM mend WHERE mend.run = run.name AND mend.created > score.created)",
            (run, signature, reference),
        ).fetchone()
        return None if row is None else float(json.loads(row[0])["value"])

    def save_organizer_score(self, score: OrganizerScore) -> None:
        """Keep what the organizer's leaderboard said of a run, in place of what it said before."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO organizer_score (run, competition, public, private,"
                " answers, recorded) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    score.run, score.competition, score.public, score.private, score.answers,
                    now(),
                ),
            )  # fmt: skip

    def organizer_scores(self) -> list[OrganizerScore]:
        """Everything that was recorded of the organizers' leaderboards, oldest first."""
        rows = self._db.execute(
            "SELECT run, competition, public, private, answers, recorded FROM organizer_score"
            " ORDER BY recorded, rowid"
        )
        return [OrganizerScore(*row) for row in rows]

    def save_submission(
        self, path: Path, sha256: str, run: str | None, manifest: Mapping[str, Any]
    ) -> None:
        """Record that a submission file was written."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO submission (path, sha256, run, manifest, created)"
                " VALUES (?, ?, ?, ?, ?)",
                (str(path), sha256, run, json.dumps(manifest, ensure_ascii=False), now()),
            )

    def submissions(self, run: str) -> list[dict[str, Any]]:
        """Every submission file written from ``run``, oldest first."""
        rows = self._db.execute(
            "SELECT path, sha256, created, manifest FROM submission WHERE run = ?"
            " ORDER BY created, rowid",
            (run,),
        )
        return [
            {
                "path": path,
                "sha256": sha256,
                "created": created,
                "uploadable": json.loads(manifest)["uploadable"],
            }
            for path, sha256, created, manifest in rows
        ]

    def last_template(self, run: str) -> Path | None:
        """The template of the last submission written from ``run``; None where there is none."""
        row = self._db.execute(
            "SELECT manifest FROM submission WHERE run = ?"
            " ORDER BY created DESC, rowid DESC LIMIT 1",
            (run,),
        ).fetchone()
        return None if row is None else Path(json.loads(row[0])["template"]["file"])

    def hash_file(self, path: Path) -> str:
        """SHA-256 of a file, cached as long as its size and modification time stay."""
        status = path.stat()
        known = self._db.execute(
            "SELECT sha256 FROM file_hash WHERE path = ? AND size = ? AND mtime_ns = ?",
            (str(path.resolve()), status.st_size, status.st_mtime_ns),
        ).fetchone()
        if known is not None:
            return str(known[0])
        digest = sha256_file(path)
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO file_hash (path, size, mtime_ns, sha256)"
                " VALUES (?, ?, ?, ?)",
                (str(path.resolve()), status.st_size, status.st_mtime_ns, digest),
            )
        return digest
