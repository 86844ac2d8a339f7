"""The command ``leaderkit corpus`` in a process of its own, and corpora of many parts for it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from baselines.corpus.batch import Batch
from baselines.corpus.execute import JOURNAL
from baselines.corpus.finish import Summary
from baselines.corpus.folder import MANIFEST, SCHEMA, Manifest, write_manifest
from baselines.corpus.record import Record
from tests.baselines.corpus.made import question
from tests.submission.engines.openai.openai_server import Log

PROJECT = Path(__file__).parents[3]

PIPELINE = """
input = "in"

[[steps]]
step = "clean"
max_repetition = 1.0

[[steps]]
step = "clean"
name = "strict"
min_question = 31
max_repetition = 1.0
"""


def corpus_of_parts(folder: Path, parts: int, rows: int) -> None:
    """A finished corpus: every part is a piece of work of its own."""
    folder.mkdir()
    summaries = []
    for part in range(parts):
        batch = Batch()
        for number in range(part * rows, (part + 1) * rows):
            batch.kept.append(_page(number))
        summaries.append(Summary.of(batch, folder, part, "jsonl"))
    files = tuple(file for summary in summaries for file in summary.files)
    write_manifest(folder, Manifest(SCHEMA, "read", {}, parts * rows, {}, {}, 0, files, ()))


def _page(number: int) -> Record:
    made = question(number)
    body = "".join(f"<p>{made.question} {made.answers[0]}&nbsp; {n}번째 줄.</p>" for n in range(9))
    end = "\n저작권자 ⓒ 집신문, 무단 전재 및 재배포 금지"
    document = "짧다" if number % 17 == 0 else f"<div>{body}</div>{end}"
    return msgspec.structs.replace(made, documents=(document,))


def start(*arguments: str | Path, **more: object) -> subprocess.Popen[str]:
    """The command in a session of its own, with what it says in one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "submission.cli", "corpus", *map(str, arguments)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **more,  # type: ignore[call-overload]
    )


def said(*arguments: str | Path, **more: object) -> tuple[int, str]:
    """The exit status of the command, and what it said."""
    process = start(*arguments, **more)
    told = process.communicate(timeout=120)[0]
    return process.returncode, told


def kill_after(works: int, log: Log, *arguments: str | Path) -> None:
    """The command, killed when the server has done so much for it."""
    before = log.charges.works
    process = start(*arguments)
    while process.poll() is None and log.charges.works < before + works:
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL, process.communicate()[0]


def contents(out: Path) -> dict[str, bytes]:
    """Every file of the steps' folders."""
    return {str(path.relative_to(out)): path.read_bytes() for path in _files(out)}


def _files(out: Path) -> Iterator[Path]:
    return (path for path in out.rglob("*") if path.is_file())


def noted(out: Path) -> int:
    """How much is finished: bytes of journals and manifests."""
    return sum(
        path.stat().st_size for name in (JOURNAL, MANIFEST) for path in out.glob(f"*/{name}")
    )


def wait_for(out: Path, more_than: int, process: subprocess.Popen[str]) -> None:
    """Until more is finished, or the process has ended."""
    while process.poll() is None and noted(out) <= more_than:
        time.sleep(0.002)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that the command started and that run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_bytes().rpartition(b") ")[2].split()
        except OSError:
            continue
        of_the_session = int(fields[3]) == process.pid != int(folder.name)
        if of_the_session and fields[0] not in (b"Z", b"X"):
            found.append(int(folder.name))
    return found


def without_workers(process: subprocess.Popen[str]) -> bool:
    """Whether nothing that the command started runs on, soon after its end."""
    deadline = time.monotonic() + 5
    while workers_of(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
