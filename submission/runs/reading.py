"""Reading what a ledger's runs asked and got."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

from submission.engines.base import Completion, Finish, Setting
from submission.errors import InputError, nearest
from submission.runs.database import Database
from submission.runs.rows import ExampleUse, FinishedPart, Progress, RowCounts, Run

AT_ONCE = 1000
"""Row keys that are looked for with one statement."""

FINISH = {str(finish): finish for finish in Finish}
_RUN = (
    "name, fingerprint, competition, recipe, test_file, engine, command, created, finished,"
    " seconds, generated"
)


_COMPLETION = (
    "completion.row_key, text, finish, prompt_tokens, completion_tokens, thinking, likelihoods"
)
_WITH_EXTRA = "LEFT JOIN completion_extra ON completion_extra.completion = completion.id"


class RunReader(Database):
    """Runs, their parts and completions, as they stand."""

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
        known = f"it has {nearest(names, name)}" if names else "it is empty"
        raise InputError(f"No run '{name}' in {self.path}: {known}.")

    def special_tokens(self, run: str) -> list[str]:
        """The special tokens of the model that answered ``run``, but for the known families'."""
        found = self._db.execute(
            "SELECT token FROM special_token WHERE run = ? ORDER BY token", (run,)
        )
        return [token for (token,) in found]

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

    def tokens(self, run: str) -> tuple[int, int, int]:
        """How many prompts of ``run`` are answered, and the tokens of these and of the answers."""
        prompts, read, written = self._db.execute(
            "SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0)"
            " FROM part JOIN completion ON completion.id = part.completion WHERE run = ?",
            (run,),
        ).fetchone()
        return int(prompts), int(read), int(written)

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

    def parts(self, run: str, sample: int | None = None) -> Iterator[FinishedPart]:
        """What ``run`` asked and got, in the order of the test file; of one sample, or of all."""
        one = "" if sample is None else " AND sample = ?"
        rows = self._db.execute(
            "SELECT position, part, sample, row_id, question, part.row_key, degenerate,"  # noqa: S608
            f" completion.id, {_COMPLETION} FROM part"
            f" LEFT JOIN completion ON completion.id = part.completion {_WITH_EXTRA}"
            f" WHERE run = ?{one} ORDER BY position, sample, part",
            (run,) if sample is None else (run, sample),
        )
        for position, part, drawn, row_id, question, key, degenerate, number, *given in rows:
            completion = None if number is None else _completion(*given)
            yield FinishedPart(
                position, part, drawn, row_id, question, key, completion, degenerate, number
            )

    def texts(
        self, run: str, sample: int
    ) -> Iterator[tuple[int, str, str, str | None, str | None, int, str | None]]:
        """A sample's parts in their order, as far as an answer is made of them.

        Each is its position, row id, question, completion's text, what that is degenerate by,
        whether it stands in place of the first one, and its choices' log-likelihoods (JSON).
        """
        return self._db.execute(
            "SELECT position, row_id, question, text, degenerate,"  # noqa: S608
            " completion.row_key IS NOT part.row_key, likelihoods"
            f" FROM part LEFT JOIN completion ON completion.id = part.completion {_WITH_EXTRA}"
            " WHERE run = ? AND sample = ? ORDER BY position, part",
            (run, sample),
        )

    def thinking(self, run: str, sample: int) -> dict[str, str]:
        """What was thought before the answers of a sample, of its parts together, by row id."""
        rows = self._db.execute(
            "SELECT row_id, group_concat(thinking, char(10)) FROM"
            " (SELECT position, row_id, thinking FROM part"
            "  JOIN completion_extra USING (completion)"
            "  WHERE run = ? AND sample = ? ORDER BY position, part)"
            " WHERE thinking <> '' GROUP BY position",
            (run, sample),
        )
        return dict(rows.fetchall())

    def has_likelihoods(self, run: str) -> bool:
        """Whether any answer of ``run`` was chosen by log-likelihood."""
        found = self._db.execute(
            "SELECT 1 FROM part JOIN completion_extra USING (completion)"
            " WHERE run = ? AND likelihoods != '{}' LIMIT 1",
            (run,),
        )
        return found.fetchone() is not None

    def snapshot(self) -> AbstractContextManager[None]:
        """Read several times from one state of the file, whoever writes meanwhile."""
        return self._transaction("BEGIN DEFERRED")

    def answered_parts(
        self, run: str, sample: int
    ) -> Iterator[tuple[int, int, str, str, str, bool, str | None]]:
        """A sample's parts that have an answer, as far as the rules for degenerate ones ask.

        Each is its row in the file, completion's id, question, completion's text, why that ended,
        whether it has likelihoods, and what it is known to be degenerate by.
        """
        return self._db.execute(
            "SELECT part.rowid, completion.id, question, text, finish,"  # noqa: S608
            " ifnull(likelihoods, '{}') != '{}', degenerate"
            f" FROM part JOIN completion ON completion.id = part.completion {_WITH_EXTRA}"
            " WHERE run = ? AND sample = ? ORDER BY position, part",
            (run, sample),
        )

    def degenerate(self, run: str, sample: int) -> list[tuple[str, int]]:
        """What the answered rows of a sample are degenerate by, and how many rows each is."""
        rows = self._db.execute(
            "SELECT kinds, count(*) FROM (SELECT group_concat(degenerate, ' ') AS kinds FROM part"
            " WHERE run = ? AND sample = ? GROUP BY position HAVING count(*) = count(completion))"
            " GROUP BY kinds",
            (run, sample),
        )
        return [(kinds or "", count) for kinds, count in rows]

    def rows(self, run: str, sample: int) -> RowCounts:
        """How far a sample of ``run`` is."""
        counts = self._db.execute(
            "SELECT count(*), coalesce(sum(lacking), 0), coalesce(sum(unmarked), 0),"
            " coalesce(max(parts), 0) FROM"
            " (SELECT max(completion IS NULL) AS lacking,"
            "  max(completion IS NOT NULL AND degenerate IS NULL) AS unmarked, count(*) AS parts"
            " FROM part WHERE run = ? AND sample = ? GROUP BY position)",
            (run, sample),
        ).fetchone()
        return RowCounts(*counts)

    def samples(self, run: str) -> list[int]:
        """The numbers of the samples that ``run`` has."""
        rows = self._db.execute(
            "SELECT DISTINCT sample FROM part WHERE run = ? ORDER BY sample", (run,)
        )
        return [sample for (sample,) in rows]

    def rules(self, run: str) -> str | None:
        """The digest of the rules by which the parts of ``run`` were told degenerate, if any."""
        row = self._db.execute("SELECT rules FROM run WHERE name = ?", (run,)).fetchone()
        return None if row is None else row[0]

    def answered(self, keys: Iterable[str]) -> set[str]:
        """Those of the row keys that some run has an answer to."""
        return {
            key
            for some in _batches(keys)
            for (key,) in self._db.execute(
                "SELECT value FROM json_each(?) WHERE EXISTS"
                " (SELECT 1 FROM completion WHERE row_key = value)",
                (some,),
            )
        }

    def completions(self, keys: Iterable[str]) -> dict[str, Completion]:
        """What is known of these row keys, from whichever run; the newest of each."""
        return {
            given[0]: _completion(*given)
            for some in _batches(keys)
            for given in self._db.execute(
                f"SELECT {_COMPLETION} FROM completion {_WITH_EXTRA}"  # noqa: S608
                " WHERE id IN (SELECT (SELECT max(id) FROM completion WHERE row_key = value)"
                " FROM json_each(?))",
                (some,),
            )
        }

    def example_use(self, run: str) -> ExampleUse | None:
        """What the examples in the prompts of ``run`` are of; None where there are none."""
        row = self._db.execute(
            "SELECT file, left_out FROM example_use WHERE run = ?", (run,)
        ).fetchone()
        if row is None:
            return None
        left_out = {int(count): prompts for count, prompts in json.loads(row[1]).items()}
        return ExampleUse(row[0], left_out)

    def evidence(self, run: str, position: int, part: int) -> dict[str, Any] | None:
        """What the prompt of a part of ``run`` shows of documents; None for runs without."""
        row = self._db.execute(
            "SELECT found FROM evidence WHERE run = ? AND position = ? AND part = ?",
            (run, position, part),
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def failures(self, run: str) -> dict[str, str]:
        """Why each row key of ``run`` that failed when it was last asked did."""
        rows = self._db.execute(
            "SELECT row_key, reason FROM failure WHERE run = ? ORDER BY created, rowid", (run,)
        )
        return dict(rows.fetchall())

    def settings(self, run: str) -> list[Setting]:
        """What the engine that answered ``run`` last was really running with, by name."""
        rows = self._db.execute(
            "SELECT name, applied, asked, differs FROM engine_setting WHERE run = ? ORDER BY name",
            (run,),
        )
        return [
            Setting(name, applied, asked, bool(differs)) for name, applied, asked, differs in rows
        ]

    def retries(self, run: str) -> list[tuple[dict[str, object], int]]:
        """How the answers that ``run`` adopted were sampled, and how many rows have each."""
        rows = self._db.execute(
            "SELECT sampling, count(DISTINCT position) FROM mend JOIN part"
            " ON part.run = mend.run AND part.row_key = mend.row_key"
            " WHERE mend.run = ? GROUP BY sampling ORDER BY min(mend.created), sampling",
            (run,),
        )
        return [(json.loads(sampling), count) for sampling, count in rows]

    def mends(self, run: str) -> dict[str, str]:
        """How the answer was sampled (JSON) that ``run`` adopted for each of these row keys."""
        rows = self._db.execute("SELECT row_key, sampling FROM mend WHERE run = ?", (run,))
        return dict(rows.fetchall())


def _completion(
    key: str,
    text: str,
    finish: str,
    prompt_tokens: int,
    completion_tokens: int,
    thinking: str | None,
    likelihoods: str | None,
) -> Completion:
    """A completion as :data:`_COMPLETION` selects it."""
    return Completion(
        key,
        text,
        FINISH[finish],
        prompt_tokens,
        completion_tokens,
        thinking or "",
        json.loads(likelihoods) if likelihoods else {},
    )


def _batches(keys: Iterable[str]) -> Iterator[str]:
    """The keys in JSON lists of :data:`AT_ONCE`."""
    rest = iter(keys)
    while some := list(islice(rest, AT_ONCE)):
        yield json.dumps(some)
