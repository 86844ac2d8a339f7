"""The journal of runs. The only module that speaks SQL."""

from __future__ import annotations

import fcntl
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self

from submission.engines.base import Completion, Finish
from submission.errors import InputError, Stopped
from submission.files.digest import sha256_file
from submission.runs.rows import FinishedPart, OrganizerScore, PlannedPart, Progress, Run

VERSION = 2
"""Schemas only ever gain tables and columns: an older ledger gets what it lacks when opened."""
WRITERS_WAIT_SECONDS = 30.0


class _Connection(sqlite3.Connection):
    """Says in words what is wrong with the file, whenever it shows."""

    path: Path

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        with _explained(self.path):
            return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        with _explained(self.path):
            return super().executemany(sql, parameters)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise
    except (sqlite3.Error, OSError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise Stopped(f"{path}: the disk is full. Make room; what it holds is kept.") from None
        raise InputError(
            f"{path}: cannot be used as a ledger: {error}. Give another file with --ledger."
        ) from None


class Ledger:
    """A SQLite file (WAL). Reads may come from anywhere; one process writes one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, isolation_level=None, timeout=WRITERS_WAIT_SECONDS, factory=_Connection
            )
        self._db.path = path
        self._db.execute("PRAGMA journal_mode=WAL")
        # A row that was reported as done survives a power cut, not only a killed process.
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._create()

    def _create(self) -> None:
        with self._transaction():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == VERSION:
                return
            if version > VERSION:
                raise InputError(
                    f"{self.path}: written by a newer version of leaderkit (schema {version}, "
                    f"this one reads {VERSION}). Give another file with --ledger."
                )
            schema = resources.files("submission.runs").joinpath("schema.sql").read_text("utf-8")
            statement = ""
            for line in schema.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    self._db.execute(statement)
                    statement = ""
            columns = {row[1] for row in self._db.execute("PRAGMA table_info(run)")}
            if "generated" not in columns:
                self._db.execute("ALTER TABLE run ADD COLUMN generated INTEGER NOT NULL DEFAULT 0")
            self._db.execute(f"PRAGMA user_version={VERSION}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. The ledger cannot be used after."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # An error of the disk's has rolled back already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def writing(self, run: str) -> Iterator[None]:
        """Be the one writer of ``run``. Raises :class:`InputError` while another process is.

        The lock goes with the process, however it ends.
        """
        folder = self.path.with_name(self.path.name + ".locks")
        folder.mkdir(exist_ok=True)
        name = hashlib.sha256(run.encode()).hexdigest()[:16]
        with (folder / name).open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"Run '{run}' is being written by another process. "
                    "Wait for it, end it, or use another --run name."
                ) from None
            yield

    def begin(self, run: Run, parts: Sequence[PlannedPart], *, fresh: bool) -> int:
        """Start or resume ``run``; answers already known by row key are taken over.

        Returns how many parts have an answer now. With ``fresh``, and where nothing was ever
        answered, the run is forgotten first; with ``fresh`` nothing is taken over either. Raises
        what :meth:`require_resumable` raises.
        """
        with self._transaction():
            if fresh or not self._has_answers(run.name):
                self._db.execute("DELETE FROM run WHERE name = ?", (run.name,))
            if not self.has_run(run.name):
                self._db.execute(
                    "INSERT INTO run (name, fingerprint, competition, recipe, test_file, engine,"
                    " command, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        run.name, run.fingerprint, run.competition, run.recipe,
                        run.test_file, run.engine, run.command, _now(),
                    ),
                )  # fmt: skip
            else:
                self.require_resumable(run, parts)
                # Equal fingerprints may differ in what counts as degenerate.
                self._db.execute("UPDATE run SET recipe = ? WHERE name = ?", (run.recipe, run.name))
            self._db.executemany(
                "INSERT OR IGNORE INTO part (run, position, part, sample, row_id, question,"
                " row_key) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (run.name, p.position, p.part, p.sample, p.row_id, p.question, p.key)
                    for p in parts
                ],
            )
            if not fresh:
                self._db.execute(
                    "UPDATE part SET completion = (SELECT max(id) FROM completion"
                    " WHERE completion.row_key = part.row_key)"
                    " WHERE run = ? AND completion IS NULL",
                    (run.name,),
                )
            self._db.execute(
                "UPDATE run SET finished = NULL WHERE name = ? AND EXISTS"
                " (SELECT 1 FROM part WHERE run = name AND completion IS NULL)",
                (run.name,),
            )
            (answered,) = self._db.execute(
                "SELECT count(completion) FROM part WHERE run = ?", (run.name,)
            ).fetchone()
        return int(answered)

    def require_resumable(self, run: Run, parts: Sequence[PlannedPart]) -> None:
        """Make sure that ``run``, if it has answers, asked for the same in the same way.

        Raises:
            InputError: it has another fingerprint, or other prompts at the same places.
        """
        known = self._db.execute(
            "SELECT fingerprint FROM run WHERE name = ?", (run.name,)
        ).fetchone()
        if known is None or not self._has_answers(run.name):
            return
        planned = {(p.position, p.part, p.sample): p.key for p in parts}
        positions = {part.position for part in parts}
        asked = self._db.execute(
            "SELECT position, part, sample, row_key FROM part WHERE run = ?", (run.name,)
        )
        if known[0] != run.fingerprint or any(
            planned.get((position, part, sample)) != key
            for position, part, sample, key in asked
            if position in positions
        ):
            raise InputError(
                f"Run '{run.name}' was made with another recipe, model or test file, or the "
                "competition read it otherwise. Use another --run name (finished rows that fit "
                "are reused), or --fresh to start this one over."
            )

    def _has_answers(self, run: str) -> bool:
        found = self._db.execute(
            "SELECT 1 FROM part WHERE run = ? AND completion IS NOT NULL LIMIT 1", (run,)
        )
        return found.fetchone() is not None

    def answered(self, keys: Iterable[str]) -> set[str]:
        """Those of the row keys that some run has an answer to."""
        return {
            key
            for key in keys
            if self._db.execute(
                "SELECT 1 FROM completion WHERE row_key = ? LIMIT 1", (key,)
            ).fetchone()
        }

    def record(self, run: str, completion: Completion) -> int:
        """Keep a finished completion for every part of ``run`` that asked for it, durably.

        Returns how many parts that was.
        """
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO completion (row_key, text, finish, prompt_tokens,"
                " completion_tokens, created) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    completion.key, completion.text, str(completion.finish),
                    completion.prompt_tokens, completion.completion_tokens, _now(),
                ),
            )  # fmt: skip
            updated = self._db.execute(
                "UPDATE part SET completion = ? WHERE run = ? AND row_key = ?"
                " AND completion IS NULL",
                (cursor.lastrowid, run, completion.key),
            )
        return updated.rowcount

    def spent(self, run: str, seconds: float, tokens: int, *, finished: bool) -> None:
        """Add generation time and what came of it to ``run``, and note whether it is complete."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET seconds = seconds + ?, generated = generated + ?, finished = ?"
                " WHERE name = ?",
                (seconds, tokens, _now() if finished else None, run),
            )

    def runs(self) -> list[Run]:
        """Every run, oldest first."""
        rows = self._db.execute(f"SELECT {_RUN} FROM run ORDER BY created, rowid")  # noqa: S608
        return [Run(*row) for row in rows]

    def run(self, name: str) -> Run:
        """The run called ``name``. Raises :class:`InputError` that names those there are."""
        row = self._db.execute(f"SELECT {_RUN} FROM run WHERE name = ?", (name,)).fetchone()  # noqa: S608
        if row is not None:
            return Run(*row)
        names = [run.name for run in self.runs()]
        known = f"it has {', '.join(names[-8:])}" if names else "it is empty"
        raise InputError(f"No run '{name}' in {self.path}: {known}.")

    def has_run(self, name: str) -> bool:
        """Whether there is a run called ``name``."""
        return self._db.execute("SELECT 1 FROM run WHERE name = ?", (name,)).fetchone() is not None

    def progress(self, run: str) -> Progress:
        """How far ``run`` is."""
        rows, done, tokens = self._db.execute(
            "SELECT count(*), coalesce(sum(parts = answered), 0), coalesce(sum(tokens), 0) FROM ("
            " SELECT count(*) AS parts, count(completion) AS answered,"
            "  sum(completion_tokens) AS tokens"
            " FROM part LEFT JOIN completion ON completion.id = part.completion"
            " WHERE run = ? GROUP BY position)",
            (run,),
        ).fetchone()
        return Progress(int(rows), int(done), int(tokens))

    def taken_over(self, run: str) -> int:
        """How many prompts of ``run`` had an answer before the run was made: it took no time."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM part JOIN run ON run.name = part.run"
            " JOIN completion ON completion.id = part.completion"
            " WHERE run.name = ? AND completion.created < run.created",
            (run,),
        ).fetchone()
        return int(count)

    def pending(self, run: str) -> set[str]:
        """The row keys that ``run`` has no completion for."""
        rows = self._db.execute(
            "SELECT DISTINCT row_key FROM part WHERE run = ? AND completion IS NULL", (run,)
        )
        return {key for (key,) in rows}

    def parts(self, run: str) -> list[FinishedPart]:
        """What ``run`` asked and got, in the order of the test file."""
        rows = self._db.execute(
            "SELECT position, part, sample, row_id, question, part.row_key, completion.row_key,"
            " text, finish, prompt_tokens, completion_tokens"
            " FROM part LEFT JOIN completion ON completion.id = part.completion"
            " WHERE run = ? ORDER BY position, sample, part",
            (run,),
        )
        return [
            FinishedPart(
                position, part, sample, row_id, question, key,
                None if text is None
                else Completion(given, text, Finish(finish), prompt_tokens, completion_tokens),
            )
            for position, part, sample, row_id, question, key, given, text, finish, prompt_tokens,
            completion_tokens in rows
        ]  # fmt: skip

    def completions(self, keys: Iterable[str]) -> dict[str, Completion]:
        """What is known of these row keys, from whichever run; the newest of each."""
        found = {}
        for key in keys:
            row = self._db.execute(
                "SELECT text, finish, prompt_tokens, completion_tokens FROM completion"
                " WHERE row_key = ? ORDER BY id DESC LIMIT 1",
                (key,),
            ).fetchone()
            if row is not None:
                text, finish, prompt_tokens, completion_tokens = row
                found[key] = Completion(key, text, Finish(finish), prompt_tokens, completion_tokens)
        return found

    def adopt(self, run: str, instead: Mapping[str, str], sampling: str) -> None:
        """Let ``run`` answer the row keys on the left by the completions of those on the right.

        All or none, with how they were sampled (JSON). What stood there stays in the file; scores
        of the answers that the run no longer has are forgotten.
        """
        with self._transaction():
            self._db.executemany(
                "UPDATE part SET completion = (SELECT max(id) FROM completion"
                " WHERE completion.row_key = ?) WHERE run = ? AND row_key = ?",
                [(new, run, old) for old, new in instead.items()],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO mend (run, row_key, adopted, sampling, created)"
                " VALUES (?, ?, ?, ?, ?)",
                [(run, old, new, sampling, _now()) for old, new in instead.items()],
            )
            self._db.execute("DELETE FROM score WHERE subject = ?", (run,))

    def mends(self, run: str) -> dict[str, str]:
        """How the completions that ``run`` adopted were sampled (JSON), by what was asked."""
        rows = self._db.execute("SELECT row_key, sampling FROM mend WHERE run = ?", (run,))
        return dict(rows.fetchall())

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
                    json.dumps(rows, ensure_ascii=False), _now(),
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
                    _now(),
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
        """Remember that a submission file was written."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO submission (path, sha256, run, manifest, created)"
                " VALUES (?, ?, ?, ?, ?)",
                (str(path), sha256, run, json.dumps(manifest, ensure_ascii=False), _now()),
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

    def hash_file(self, path: Path) -> str:
        """SHA-256 of a file, remembered as long as its size and modification time stay."""
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


_RUN = (
    "name, fingerprint, competition, recipe, test_file, engine, command, created, finished,"
    " seconds, generated"
)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
