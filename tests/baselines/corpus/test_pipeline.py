"""A pipeline: what is wrong in its file, and how it ends when it cannot go on."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from baselines.corpus.execute import JOURNAL
from baselines.corpus.folder import Corpus, read_manifest
from baselines.corpus.pipeline import Plan, run
from submission.errors import InputError
from tests.baselines.corpus.commanded import (
    PIPELINE,
    contents,
    corpus_of_parts,
    noted,
    said,
    start,
    wait_for,
    without_workers,
    workers_of,
)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipeline")
    corpus_of_parts(folder / "in", parts=15, rows=40)
    path = folder / "pipeline.toml"
    path.write_text(PIPELINE, "utf-8")
    return path


@pytest.fixture(scope="module")
def whole(pipeline: Path) -> dict[str, bytes]:
    """What the pipeline writes where nothing comes between."""
    return done(pipeline, pipeline.parent / "whole")


def done(pipeline: Path, out: Path, workers: int = 1) -> dict[str, bytes]:
    for _ in run(Plan.read(pipeline), out, workers=workers, form="jsonl", say=lambda _: None):
        pass
    return contents(out)


def test_two_workers_write_what_one_writes(
    pipeline: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    assert done(pipeline, tmp_path / "two", workers=2) == whole
    manifests = [read_manifest(tmp_path / "two" / name) for name in ("01-clean", "02-strict")]
    counts = [(each.rows, each.dropped) for each in manifests if each is not None]
    # 17 divides 36 of the numbers below 600, and 30 of those from 100: only a question with a
    # number of three digits has 31 characters.
    assert counts == [(564, {"length": 36}), (470, {"length": 94})]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.toml"
    path.write_text(
        'input = "nowhere"\nouput = "x"\n[[steps]]\nstep = "cleaning"\n[[steps]]\nstep = "clean"\n'
        'min_documnt = 3\nmax_symbols = "much"\n[[steps]]\nstep = "clean"\nname = "../up"\n'
        'phrases = "none.toml"\n',
        "utf-8",
    )
    code, told = said("run", path, "--out", tmp_path / "out")
    assert code == 2
    assert told.startswith(f"Error: {path}: 7 problems:\n")
    for problem in (
        "unknown key 'ouput'; there are input, steps.",
        "step 1 (cleaning): There is no step 'cleaning'; there are clean, ",
        "step 2 (clean): unknown key 'min_documnt'; there are min_document, ",
        "step 2 (clean): 'max_symbols': input should be a valid number (got 'much').",
        "step 3 (clean): 'name': is part of a folder's name, so it has no '/'.",
        f"step 3 (clean): {tmp_path / 'none.toml'}: there is no such file.",
        f"input: {tmp_path / 'nowhere'}: there is no such file or folder.",
    ):
        assert f"\n  - {problem}" in told, told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[steps]]\nstep = "clean"', "'input' names the records"),
        ('input = "in"\n', "'steps' is missing"),
        ('input = "in"\nsteps = []', "'steps': there are none"),
        ('input = "in"\n[[steps]]\nname = "x"', r"'steps\.0\.step' is missing"),
        ('input = "in"\n[[steps]]\nstep = "clean"\nname = "a/b"', ".*has no '/'"),
        ('input = "in"\n[[steps]]\nstep = 3', r"'steps\.0\.step'.*\(got 3\)"),
        ('input = "in"\n[[steps]\n', "not valid TOML"),
    ],
)
def test_a_file_that_is_no_pipeline_is_refused(text: str, problem: str, pipeline: Path) -> None:
    path = pipeline.with_name("refused.toml")
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=rf"refused\.toml: {problem}"):
        Plan.read(path)


def started(pipeline: Path, out: Path, **more: object) -> subprocess.Popen[str]:
    """The command, once its workers have finished a part."""
    process = start("run", pipeline, "--out", out, "--workers", "2", **more)
    wait_for(out, 0, process)
    wait_for(out, noted(out), process)
    assert process.poll() is None
    return process


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_ends_it_soon_with_its_workers(
    sent: signal.Signals, code: int, pipeline: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = started(pipeline, out)
    since = time.monotonic()
    # Ctrl-C reaches every process of the terminal, kill one.
    (os.killpg if sent == signal.SIGINT else os.kill)(process.pid, sent)
    told = process.communicate(timeout=30)[0]
    assert time.monotonic() - since < 2
    assert process.returncode == code
    assert "What was finished is kept. The same command resumes." in told
    assert "Traceback" not in told
    assert not list(out.rglob(".*"))
    assert without_workers(process)
    assert read_manifest(out / "01-clean") is None or read_manifest(out / "02-strict") is None
    assert done(pipeline, out, workers=2) == whole


def test_a_worker_that_dies_is_told_and_finished_parts_are_kept(
    pipeline: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = started(pipeline, out)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    told = process.communicate(timeout=30)[0]
    assert process.returncode == 3
    assert "a worker ended before its part did" in told
    assert "perhaps with --workers 1" in told
    assert without_workers(process)
    assert done(pipeline, out) == whole


def room_for(size: int) -> Callable[[], None]:
    """A file system on which no file is longer, for a process that is about to begin."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return limit


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_told_and_going_on_with_room_works(
    workers: str, pipeline: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    lengths = [len(whole[f"01-clean/part-{n:05}.jsonl"]) for n in range(15)]
    # There is room for all parts but the longest.
    code, told = said(
        "run", pipeline, "--out", out, "--workers", workers, preexec_fn=room_for(max(lengths) - 1)
    )
    assert code == 3
    assert told.endswith(
        f"Error: {out / '01-clean'}: no room left on the disk. Finished parts are kept: make room, "
        "then run the same command again.\n"
    )
    assert (out / "01-clean" / JOURNAL).is_file()
    assert not list(out.rglob(".*"))
    assert done(pipeline, out) == whole


@pytest.mark.parametrize("size", [0, 100])
def test_a_disk_without_room_for_a_journal_leaves_a_folder_that_can_be_used(
    size: int, pipeline: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # A pipe is no file of the limited kind.
    code, told = said("run", pipeline, "--out", out, preexec_fn=room_for(size))
    assert (code, "no room left on the disk" in told) == (3, True)
    assert done(pipeline, out) == whole


def test_what_a_kill_leaves_in_a_new_folder_is_no_obstacle(
    pipeline: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = tmp_path / "out" / "01-clean" / f".leaderkit-{gone.pid}-0123456789ab.tmp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a journal")
    assert done(pipeline, tmp_path / "out") == whole


def test_a_note_that_was_cut_costs_its_part_alone(
    pipeline: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = started(pipeline, out)
    process.kill()
    process.communicate()
    journal = next(out.glob(f"*/{JOURNAL}"))
    for cut in (1, 20):
        os.truncate(journal, journal.stat().st_size - cut)
    assert done(pipeline, out) == whole
    assert len(Corpus.open(out / "01-clean")) == 564
