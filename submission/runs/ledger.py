"""The journal of runs: what was asked is begun here, and what was answered made durable."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from submission.engines.base import Completion, Failure, Outcome, Setting
from submission.errors import InputError
from submission.runs.attempts import Attempts
from submission.runs.database import now
from submission.runs.kept import Kept
from submission.runs.reading import RunReader
from submission.runs.rows import ExampleUse, PlannedPart, Run

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


class Ledger(RunReader, Kept, Attempts):
    """A ledger's file. Reads may come from anywhere; one process writes one run."""

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

        Returns how many of ``parts`` have an answer now. With ``fresh``, and where nothing was ever
        answered, the run is forgotten first; with ``fresh`` nothing is taken over either. Raises
        what :meth:`require_resumable` raises.
        """
        with self._transaction():
            if fresh or not self.has_answers(run.name):
                self._db.execute("DELETE FROM run WHERE name = ?", (run.name,))
            if fresh:
                self._db.execute("UPDATE attempt SET run = NULL WHERE run = ?", (run.name,))
                self._db.execute("UPDATE batch SET run = NULL WHERE run = ?", (run.name,))
            if not self.has_run(run.name):
                self._db.execute(
                    "INSERT INTO run (name, fingerprint, competition, recipe, test_file, engine,"
                    " command, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        run.name, run.fingerprint, run.competition, run.recipe,
                        run.test_file, run.engine, run.command, now(),
                    ),
                )  # fmt: skip
            else:
                self.require_resumable(run, parts)
                # Equal fingerprints may differ in what counts as degenerate.
                self._db.execute("UPDATE run SET recipe = ? WHERE name = ?", (run.recipe, run.name))
            self._db.executemany(
                "INSERT OR IGNORE INTO special_token (run, token) VALUES (?, ?)",
                ((run.name, token) for token in run.special_tokens),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO part (run, position, part, sample, row_id, question,"
                " row_key) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (run.name, p.position, p.part, p.sample, p.row_id, p.question, p.key)
                    for p in parts
                ),
            )
            if not fresh:
                self._db.execute(
                    "UPDATE part SET completion = (SELECT max(id) FROM completion"
                    " WHERE completion.row_key = part.row_key)"
                    " WHERE run = ? AND completion IS NULL AND EXISTS"
                    " (SELECT 1 FROM completion WHERE completion.row_key = part.row_key)",
                    (run.name,),
                )
            self._db.execute(
                "UPDATE run SET finished = NULL WHERE name = ? AND EXISTS"
                " (SELECT 1 FROM part WHERE run = name AND completion IS NULL)",
                (run.name,),
            )
            answered = self._db.execute(
                "SELECT position, count(completion) FROM part WHERE run = ? GROUP BY position",
                (run.name,),
            ).fetchall()
        # The run may have more rows than are asked for now; of those asked for, the same parts.
        positions = {part.position for part in parts}
        return sum(count for position, count in answered if position in positions)

    def require_resumable(self, run: Run, parts: Sequence[PlannedPart]) -> None:
        """Make sure that ``run``, if it has answers, asked for the same in the same way.

        Raises:
            InputError: it has another fingerprint, or other prompts at the same places.
        """
        known = self._db.execute(
            "SELECT fingerprint FROM run WHERE name = ?", (run.name,)
        ).fetchone()
        if known is None or not self.has_answers(run.name):
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
                f"Run '{run.name}' was made with another recipe, model or test file, or with "
                "another definition of the competition. Use another --run name (finished rows "
                "that fit are reused), or --fresh to start this one over."
            )

    def record(self, run: str, outcomes: Sequence[Outcome]) -> None:
        """Make what finished durable, all at once, for every part of ``run`` that asked.

        This is where a row becomes durable: when it returns, neither a kill nor a power cut loses
        what was given. Half a surrogate pair, which UTF-8 cannot hold, is kept as U+FFFD. Failures
        are kept with the run, whose parts still lack an answer.
        """
        completions = [each for each in outcomes if isinstance(each, Completion)]
        failures = [each for each in outcomes if isinstance(each, Failure)]
        with self._transaction():
            (last,) = self._db.execute("SELECT coalesce(max(id), 0) FROM completion").fetchone()
            created = now()
            numbered = list(enumerate(completions, last + 1))
            self._db.executemany(
                "INSERT INTO completion (id, row_key, text, finish, prompt_tokens,"
                " completion_tokens, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        number, each.key, _HALF_A_PAIR.sub("\ufffd", each.text), each.finish.value,
                        each.prompt_tokens, each.completion_tokens, created,
                    )
                    for number, each in numbered
                ],
            )  # fmt: skip
            self._db.executemany(
                "UPDATE part SET completion = ? WHERE run = ? AND row_key = ?"
                " AND completion IS NULL",
                [(number, run, each.key) for number, each in numbered],
            )
            self._db.executemany(
                "INSERT INTO completion_extra (completion, thinking, likelihoods) VALUES (?, ?, ?)",
                [
                    (
                        number,
                        _HALF_A_PAIR.sub("\ufffd", each.thinking),
                        json.dumps(dict(each.likelihoods), ensure_ascii=False),
                    )
                    for number, each in numbered
                    if each.thinking or each.likelihoods
                ],
            )
            self._db.executemany(
                "DELETE FROM failure WHERE run = ? AND row_key = ?",
                [(run, each.key) for each in completions],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO failure (run, row_key, reason, created)"
                " VALUES (?, ?, ?, ?)",
                [(run, each.key, each.reason, created) for each in failures],
            )
            self._end(each.attempt for each in outcomes if each.attempt is not None)

    def use_examples(self, run: str, use: ExampleUse) -> None:
        """Keep what the examples in the prompts of ``run`` are of."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO example_use (run, file, left_out) VALUES (?, ?, ?)",
                (run, use.file, json.dumps(use.left_out)),
            )

    def keep_evidence(self, run: str, found: Mapping[tuple[int, int], object]) -> None:
        """Keep what the prompts of ``run`` show of documents, by a row's position and its part."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO evidence (run, position, part, found) VALUES (?, ?, ?, ?)",
                [
                    (run, *where, json.dumps(each, ensure_ascii=False))
                    for where, each in found.items()
                ],
            )

    def keep_settings(self, run: str, settings: Sequence[Setting]) -> None:
        """What the engine that answers ``run`` from now on really runs with, for what it did."""
        with self._transaction():
            self._db.execute("DELETE FROM engine_setting WHERE run = ?", (run,))
            self._db.executemany(
                "INSERT INTO engine_setting (run, name, applied, asked, differs)"
                " VALUES (?, ?, ?, ?, ?)",
                [(run, *each) for each in settings],
            )

    def spent(self, run: str, seconds: float, tokens: int, *, finished: bool) -> None:
        """Add generation time and tokens to ``run``, and note whether it is complete."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET seconds = seconds + ?, generated = generated + ?, finished = ?"
                " WHERE name = ?",
                (seconds, tokens, now() if finished else None, run),
            )

    def adopt(self, run: str, instead: Mapping[str, str], sampling: str) -> None:
        """Let ``run`` answer the row keys on the left by the completions of those on the right.

        All or none, with how they were sampled (JSON). What stood there stays in the file; scores
        of the answers that the run no longer has are forgotten.
        """
        with self._transaction():
            self._db.executemany(
                "UPDATE part SET degenerate = NULL, completion = (SELECT max(id) FROM completion"
                " WHERE completion.row_key = ?) WHERE run = ? AND row_key = ?",
                [(new, run, old) for old, new in instead.items()],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO mend (run, row_key, adopted, sampling, created)"
                " VALUES (?, ?, ?, ?, ?)",
                [(run, old, new, sampling, now()) for old, new in instead.items()],
            )
            self._db.execute("DELETE FROM score WHERE subject = ?", (run,))

    def mark(self, run: str, rules: str, found: Iterable[tuple[str, str, int, int]]) -> None:
        """Keep what answers are degenerate by under ``rules``: kinds, run, part's row, completion.

        A part whose completion is another one by now is left alone. What other rules have found of
        the run is forgotten.
        """
        with self._transaction():
            if self.rules(run) != rules:
                self._db.execute(
                    "UPDATE part SET degenerate = NULL WHERE run = ? AND degenerate IS NOT NULL",
                    (run,),
                )
                self._db.execute("UPDATE run SET rules = ? WHERE name = ?", (rules, run))
            self._db.executemany(
                "UPDATE part SET degenerate = ? WHERE run = ? AND rowid = ? AND completion = ?",
                found,
            )
