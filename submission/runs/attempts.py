"""What runs asked of servers that charge, and what that cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from submission.engines.account import Account, Attempt, Batch, Doubt, Ending, Open, Sent
from submission.runs.database import Database, now


class Attempts(Database):
    """The attempts at the requests of every run; a journal of one is :class:`RunJournal`."""

    def open_attempts(self, run: str) -> dict[str, Open]:
        """The attempts of ``run`` that got no reply, by row key."""
        rows = self._db.execute(
            "SELECT row_key, id, ending IS NULL FROM attempt"
            " WHERE run = ? AND (ending IS NULL OR ending = ?) ORDER BY sent",
            (run, Ending.LOST),
        )
        return {key: Open(name, bool(in_flight)) for key, name, in_flight in rows}

    def sent(self, run: str, attempts: Sequence[Sent]) -> None:
        """Make durable that these are about to be sent, some of them once more."""
        with self._transaction():
            self._send(run, attempts)

    def batches(self, run: str) -> list[Batch]:
        """The batches of ``run``, also those that are over."""
        rows = self._db.execute(
            "SELECT id, run, file, name FROM batch WHERE run = ? ORDER BY created, rowid", (run,)
        )
        return [Batch(*row) for row in rows]

    def begin_batch(self, batch: Batch, bounds: Mapping[str, float | None]) -> None:
        """Make durable that the requests with these row keys are about to be sent as one file."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO batch (id, run, created) VALUES (?, ?, ?)",
                (batch.id, batch.run, now()),
            )
            sent = [Sent(batch.attempt(key), key, bound) for key, bound in bounds.items()]
            self._send(batch.run, sent)

    def keep_batch(self, batch: Batch) -> None:
        """Make durable by which ids the server knows ``batch``."""
        with self._transaction():
            self._db.execute(
                "UPDATE batch SET file = ?, name = ? WHERE id = ?",
                (batch.file, batch.name, batch.id),
            )

    def _send(self, run: str, attempts: Sequence[Sent]) -> None:
        moment = now()
        self._db.executemany(
            "INSERT INTO attempt (id, run, row_key, sent) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET times = times + 1, ended = NULL, ending = NULL",
            [(each.id, run, each.key, moment) for each in attempts],
        )
        self._db.executemany(
            "INSERT INTO attempt_bound (id, money) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET money = max(money, excluded.money)",
            [(each.id, each.bound) for each in attempts if each.bound is not None],
        )

    def ended(self, attempts: Iterable[Attempt]) -> None:
        """How attempts ended that brought their row no outcome."""
        with self._transaction():
            self._end(attempts)

    def account(self, run: str) -> Account:
        """What the attempts of ``run`` cost."""
        counts: Any = self._db.execute(
            "SELECT count(*), coalesce(sum(ending = ?1), 0),"
            " coalesce(sum(prompt_tokens), 0), coalesce(sum(cached_tokens), 0),"
            " coalesce(sum(completion_tokens), 0), coalesce(sum(reasoning_tokens), 0),"
            " coalesce(sum(ending = ?1 AND prompt_tokens IS NULL), 0),"
            " coalesce(sum(ending = ?1 AND money IS NULL), 0),"
            " coalesce(sum(times - (ending IS NOT NULL AND ending <> ?2)), 0)"
            " FROM attempt WHERE run = ?3",
            (Ending.REPLIED, Ending.LOST, run),
        ).fetchone()
        money = self._db.execute(
            "SELECT currency, sum(money) FROM attempt WHERE run = ? AND money IS NOT NULL"
            " GROUP BY currency",
            (run,),
        )
        return replace(Account(*counts), money=dict(money.fetchall()))

    def doubt(self, run: str) -> Doubt:
        """What the attempts of ``run`` may have cost beyond its account's money."""
        found: Any = self._db.execute(
            "SELECT coalesce(sum(often * bound), 0.0), coalesce(sum(bound IS NULL), 0) FROM"
            " (SELECT times - (ending IS NOT NULL AND ending <> ?1)"
            " + (ending IS ?2 AND attempt.money IS NULL) AS often, attempt_bound.money AS bound"
            " FROM attempt LEFT JOIN attempt_bound USING (id) WHERE run = ?3) WHERE often > 0",
            (Ending.LOST, Ending.REPLIED, run),
        ).fetchone()
        return Doubt(*found)

    def lost(self, run: str) -> dict[str, int]:
        """How often each row key of ``run`` was sent, or may have been, without a reply."""
        rows = self._db.execute(
            "SELECT row_key, sum(times - (ending IS NOT NULL AND ending <> ?)) AS often"
            " FROM attempt WHERE run = ? GROUP BY row_key HAVING often > 0",
            (Ending.LOST, run),
        )
        return dict(rows.fetchall())

    def has_answers(self, run: str) -> bool:
        """Whether any row of ``run`` has an answer."""
        found = self._db.execute(
            "SELECT 1 FROM part WHERE run = ? AND completion IS NOT NULL LIMIT 1", (run,)
        )
        return found.fetchone() is not None

    def tried(self, run: str) -> frozenset[str]:
        """The row keys of ``run`` of which an attempt has ended."""
        rows = self._db.execute(
            "SELECT row_key FROM attempt WHERE run = ? AND ending IS NOT NULL", (run,)
        )
        return frozenset(key for (key,) in rows)

    def _end(self, attempts: Iterable[Attempt]) -> None:
        moment = now()
        self._db.executemany(
            "UPDATE attempt SET ended = ?, ending = ?, prompt_tokens = ?, cached_tokens = ?,"
            " completion_tokens = ?, reasoning_tokens = ?, money = ?, currency = ? WHERE id = ?",
            [
                (
                    moment, each.ending, *(each.usage or (None,) * 4), each.money,
                    each.currency or None, each.id,
                )
                for each in attempts
            ],
        )  # fmt: skip


class RunJournal:
    """The attempts of one run, as an engine keeps them."""

    def __init__(self, attempts: Attempts, run: str) -> None:
        self._attempts, self._run = attempts, run

    def open(self) -> Mapping[str, Open]:
        """The attempts without a reply, by row key."""
        return self._attempts.open_attempts(self._run)

    def sent(self, attempts: Sequence[Sent]) -> None:
        """Make durable that these are about to be sent."""
        self._attempts.sent(self._run, attempts)

    def ended(self, attempts: Sequence[Attempt]) -> None:
        """How attempts ended that brought their row no outcome."""
        self._attempts.ended(attempts)

    def batches(self) -> Sequence[Batch]:
        """The run's batches, also those that are over."""
        return self._attempts.batches(self._run)

    def begin_batch(self, identifier: str, bounds: Mapping[str, float | None]) -> Batch:
        """Make durable that the requests with these row keys are about to be sent as one file."""
        batch = Batch(identifier, self._run)
        self._attempts.begin_batch(batch, bounds)
        return batch

    def keep_batch(self, batch: Batch) -> None:
        """Make durable by which ids the server knows ``batch``."""
        self._attempts.keep_batch(batch)

    def account(self) -> Account:
        """What the run has cost so far."""
        return self._attempts.account(self._run)

    def doubt(self) -> Doubt:
        """What the run may have cost beyond that."""
        return self._attempts.doubt(self._run)

    def answered(self) -> bool:
        """Whether the run has any answer."""
        return self._attempts.has_answers(self._run)

    def tried(self) -> frozenset[str]:
        """The row keys of which an attempt has ended."""
        return self._attempts.tried(self._run)
