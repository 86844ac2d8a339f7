"""The ledger's file: opened, checked, and made where there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self

from submission.errors import InputError, Stopped

APPLICATION = 0x4C4B4954
"""What SQLite's ``application_id`` says in a ledger: LKIT."""

VERSION = 3
OLDEST = 1
"""What was added since is added to a ledger when it is opened: tables, nothing else."""

WRITERS_WAIT_SECONDS = 30.0
CHECKPOINT_PAGES = 16_384
CACHE_KIB = 64 * 1024
AT_ONCE = 500
"""Rows that are fetched together."""


class _Cursor(sqlite3.Cursor):
    """Says in words what is wrong with the file where it shows only when rows are fetched."""

    connection: _Connection

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        with _explained(self.connection.path):
            while rows := super().fetchmany(AT_ONCE):
                yield from rows

    def fetchone(self) -> Any:
        with _explained(self.connection.path):
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with _explained(self.connection.path):
            return super().fetchall()


class _Connection(sqlite3.Connection):
    """Says in words what is wrong with the file, whenever it shows."""

    path: Path

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        with _explained(self.path):
            return self.cursor(_Cursor).execute(sql, parameters)

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
            raise Stopped(
                f"{path}: the disk is full. Free some space; what was saved is kept."
            ) from None
        raise InputError(
            f"{path}: cannot be used as a ledger: {error}. Give another file with --ledger."
        ) from None


class Database:
    """A SQLite file (WAL) with the ledger's tables.

    Raises :class:`InputError` for a file that is no ledger, or one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, isolation_level=None, timeout=WRITERS_WAIT_SECONDS, factory=_Connection
            )
        self._db.path = path
        self._require_ledger()
        self._db.execute("PRAGMA journal_mode=WAL")
        # A row that was reported as done survives a power cut, not only a killed process.
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")
        # Row keys are hashes: each new one lands anywhere in its index.
        self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        # So a commit touches many pages: they are brought home together, not at every commit.
        self._db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        self._create()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. The ledger cannot be used after."""
        self._db.close()

    def _require_ledger(self) -> None:
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables == 0:
            return
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise InputError(
                f"{self.path}: not a ledger of this version: it was written by a pre-release of "
                "leaderkit, or by another program. Give another file with --ledger and generate "
                "the runs again; the pre-release can still export what it holds."
            )
        if not OLDEST <= version <= VERSION:
            raise InputError(
                f"{self.path}: written by another version of leaderkit (schema {version}, "
                f"this one reads {VERSION}). Give another file with --ledger."
            )

    def _create(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        with self._transaction():
            schema = resources.files("submission.runs").joinpath("schema.sql").read_text("utf-8")
            statement = ""
            for line in schema.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    self._db.execute(statement)
                    statement = ""
            self._db.execute(f"PRAGMA application_id={APPLICATION}")
            self._db.execute(f"PRAGMA user_version={VERSION}")

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
        try:
            self._db.execute(begin)
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # An error of the disk's has rolled back already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def now() -> str:
    """The time in UTC to the millisecond, as every table has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
