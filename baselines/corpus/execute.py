"""Run one step: part by part, in order or on several processors, resumable after any kill.

Every part is written whole and then noted in a journal; the manifest ends the work. What a part
holds depends on its chunk of the input alone, so that two workers write what one would.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from baselines.corpus.batch import Batch
from baselines.corpus.finish import Summary, finish
from baselines.corpus.folder import (
    Chunk,
    Corpus,
    Form,
    Manifest,
    PartFile,
    read_chunk,
    read_manifest,
)
from baselines.corpus.lifetime import end_with
from baselines.corpus.steps import Say, Step
from submission import __version__
from submission.errors import InputError, Stopped
from submission.files.atomic import is_temporary, no_room, sweep, write_bytes
from submission.files.toml import LONGEST_INPUT
from submission.terminal.progress import Pace

if TYPE_CHECKING:
    from baselines.corpus.on_ray import OnRay

JOURNAL = "journal.jsonl"
AHEAD = 2
"""Chunks a worker that may wait, so that none is idle and few are in memory."""


class Work(Protocol):
    """Something that makes parts: a step over a corpus, or a first step over other files."""

    @property
    def name(self) -> str:
        """The step's name."""
        ...

    @property
    def in_process(self) -> bool:
        """Whether the work stays in the command's own process."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """What the output depends on."""
        ...

    def prepare(self, out: Path, say: Say) -> None:
        """What has to be done before the first chunk."""
        ...

    def chunks(self) -> Sequence[Any]:
        """The pieces of the work, one part each; picklable, the same every time."""
        ...

    def do(self, chunk: Any) -> Batch:
        """What one piece comes to."""
        ...

    def notes(self) -> Iterator[str]:
        """What the person is to know once it is done."""
        ...


@dataclass
class Applied:
    """A step over the records of a corpus."""

    step: Step
    corpus: Corpus

    @property
    def name(self) -> str:
        """The step's."""
        return self.step.name

    @property
    def in_process(self) -> bool:
        """The step's."""
        return self.step.in_process

    def identity(self) -> dict[str, Any]:
        """The step's, with the input's digest."""
        return {**self.step.identity(), "input": self.corpus.digest}

    def prepare(self, out: Path, say: Say) -> None:
        """Let the step look at everything."""
        self.step.prepare(self.corpus, out, say)

    def chunks(self) -> Sequence[Chunk]:
        """The corpus's."""
        return self.corpus.chunks

    def do(self, chunk: Chunk) -> Batch:
        """Read and apply."""
        return self.step.apply(read_chunk(chunk), chunk.first)

    def notes(self) -> Iterator[str]:
        """The step's."""
        return self.step.notes()


@dataclass
class Outcome:
    """What a step came to, and how long this process took."""

    out: Path
    manifest: Manifest
    parts_reused: int
    seconds: float
    notes: tuple[str, ...] = field(default=())


def execute(
    work: Work,
    out: Path,
    *,
    workers: int = 1,
    form: Form = "jsonl",
    say: Say,
    ray: OnRay | None = None,
) -> Outcome:
    """Do ``work`` into the folder ``out``, going on where an earlier try of the same work stopped.

    With ``ray`` the pieces are done by the nodes of its cluster; the output is the same.

    Raises:
        InputError: the folder holds something else, or a record cannot be read.
        Stopped: a worker died, or the disk is full; what was finished stays.
    """
    with _room_in(out):
        return _execute(work, out, workers, form, say, ray)


def _execute(
    work: Work, out: Path, workers: int, form: Form, say: Say, ray: OnRay | None
) -> Outcome:
    started = time.monotonic()
    identity = {
        "leaderkit": __version__,
        "form": form,
        **msgspec.to_builtins(work.identity(), str_keys=True),
    }
    done = read_manifest(out) if out.is_dir() else None
    if done is not None:
        _refuse_other(out, done.step, done.identity, work.name, identity)
        say(f"{out}: finished before; nothing to do.")
        return Outcome(out, done, len(done.parts), 0.0)
    journal = _Journal.open(out, work.name, identity)
    with journal:
        if isinstance(work, Applied):
            work.step.workers = workers
            work.step.cluster = ray
        work.prepare(out, say)
        if isinstance(work, Applied):
            work.step.cluster = None  # a connection does not travel
        chunks = work.chunks()
        missing = [number for number in range(len(chunks)) if number not in journal.parts]
        if len(missing) < len(chunks):
            say(f"{out}: {len(chunks) - len(missing)} of {len(chunks)} parts are there already.")
        pace = Pace(len(chunks), "parts", len(chunks) - len(missing))
        if ray is not None and missing and not work.in_process:
            done_parts = ray.summaries(work, chunks, missing, out, form)
        else:
            done_parts = _summaries(work, chunks, missing, out, form, workers)
        for number, summary in done_parts:
            journal.add(number, summary)
            pace.done += 1
            if pace.due:
                say(f"{work.name}: {pace.line()}")
    manifest = finish(
        out,
        work.name,
        identity,
        [journal.parts[number] for number in range(len(chunks))],
        corpus=work.corpus if isinstance(work, Applied) else None,
        journal=JOURNAL,
    )
    (out / JOURNAL).unlink()
    return Outcome(
        out, manifest, len(chunks) - len(missing), time.monotonic() - started, tuple(work.notes())
    )


def _summaries(
    work: Work, chunks: Sequence[Any], missing: Sequence[int], out: Path, form: Form, workers: int
) -> Iterator[tuple[int, Summary]]:
    if workers == 1 or work.in_process or len(missing) < 2:
        for number in missing:
            yield number, Summary.of(work.do(chunks[number]), out, number, form)
        return
    # Forked, so that what prepare() found is there without being copied; a step holds no threads.
    with ProcessPoolExecutor(
        min(workers, len(missing)),
        mp_context=multiprocessing.get_context("fork"),
        initializer=_begin,
        initargs=(work, out, form, os.getpid()),
    ) as pool:
        try:
            yield from _in_order(pool, chunks, missing, workers * AHEAD)
        except BrokenProcessPool:
            raise Stopped(
                f"{work.name}: a worker ended before its part did (out of memory?). Finished "
                f"parts are kept in {out}: run the same command again, perhaps with --workers 1"
            ) from None
        except BaseException:
            _kill(pool)
            raise
        finally:
            sweep(out)  # what workers that died were writing


def _in_order(
    pool: ProcessPoolExecutor, chunks: Sequence[Any], missing: Sequence[int], most: int
) -> Iterator[tuple[int, Summary]]:
    waiting: dict[Future[Summary], int] = {}
    coming = iter(missing)
    while True:
        while len(waiting) < most and (number := next(coming, None)) is not None:
            waiting[pool.submit(_one, number, chunks[number])] = number
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            yield waiting.pop(future), future.result()


def _kill(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):
        process.kill()
        process.join()
    pool.shutdown(wait=False, cancel_futures=True)


_task: tuple[Work, Path, Form] | None = None


def _begin(work: Work, out: Path, form: Form, owner: int) -> None:
    global _task
    _task = work, out, form
    end_with(owner)


def _one(number: int, chunk: Any) -> Summary:
    if _task is None:
        raise AssertionError("a worker that was not begun")
    work, out, form = _task
    with _room_in(out):
        return Summary.of(work.do(chunk), out, number, form)


@contextmanager
def _room_in(out: Path) -> Iterator[None]:
    """Call a full disk what it is, before a process loses the reason of an error."""
    try:
        yield
    except (InputError, OSError) as error:
        reason = error if isinstance(error, OSError) else error.__cause__
        if reason is None or not no_room(reason):
            raise
        raise Stopped(
            f"{out}: no room left on the disk. Finished parts are kept: make room, then run the "
            "same command again"
        ) from reason


class _Entry(msgspec.Struct, frozen=True):
    number: int
    summary: Summary


class _Head(msgspec.Struct, frozen=True):
    step: str
    identity: dict[str, Any]


class _Journal:
    """The parts that are finished; a line each, written behind the part itself."""

    def __init__(self, path: Path, parts: dict[int, Summary]) -> None:
        self.parts = parts
        self._path = path
        self._file = path.open("ab")

    @classmethod
    def open(cls, out: Path, step: str, identity: dict[str, Any]) -> _Journal:
        path = out / JOURNAL
        try:
            if not path.is_file():
                if out.is_dir() and not all(is_temporary(each) for each in out.iterdir()):
                    raise InputError(f"{out}: the folder is not empty; give another name")
                write_bytes(path, msgspec.json.encode(_Head(step, identity)) + b"\n")
                return cls(path, {})
            return cls(path, _reread(path, out, step, identity))
        except OSError as error:
            raise InputError(f"{out}: cannot be written: {error.strerror}") from error

    def add(self, number: int, summary: Summary) -> None:
        """Note a part that is on disk."""
        self._file.write(msgspec.json.encode(_Entry(number, summary)) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.parts[number] = summary

    def __enter__(self) -> _Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _reread(path: Path, out: Path, step: str, identity: dict[str, Any]) -> dict[int, Summary]:
    """The parts of an earlier try that are whole; a line cut by a kill is taken off."""
    lines = path.read_bytes().splitlines(keepends=True)
    try:
        head = msgspec.json.decode(lines[0], type=_Head)
    except (msgspec.DecodeError, IndexError):
        raise InputError(f"{path}: is no journal of a step; give another folder") from None
    _refuse_other(out, head.step, head.identity, step, identity)
    parts: dict[int, Summary] = {}
    whole = len(lines[0])
    for line in lines[1:]:
        try:
            entry = msgspec.json.decode(line, type=_Entry)
        except msgspec.DecodeError:
            break
        if not line.endswith(b"\n"):
            break
        whole += len(line)
        if all(_there(out, file) for file in entry.summary.files):
            parts[entry.number] = entry.summary
    os.truncate(path, whole)
    return parts


def _there(out: Path, file: PartFile) -> bool:
    path = out / file.name
    return path.is_file() and path.stat().st_size == file.bytes


def _refuse_other(
    out: Path, step: str, old: Mapping[str, Any], wanted: str, new: Mapping[str, Any]
) -> None:
    if step == wanted and old == new:
        return
    if step != wanted:
        raise InputError(f"{out}: holds the output of '{step}'; give another folder")
    differ = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = "; ".join(
        f"{name} was {_short(old.get(name))}, is {_short(new.get(name))}" for name in differ
    )
    raise InputError(
        f"{out}: was made with other settings or another input ({told}); give another folder, or "
        "remove this one"
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_INPUT else text[: LONGEST_INPUT - 1] + "…"
