"""Jobs that are planned, probed, and ended in time, as the command line does it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from submission.cli import run
from submission.engines.base import Completion, Finish, Request
from submission.engines.transformers.engine import TransformersEngine
from submission.errors import InputError
from submission.generation.deadline import Deadline, blocks, cheapest_first
from submission.generation.record import recorded
from submission.records.rows import Question
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run

EMBEDDED = ("generate", "embedded", "-c", "sample-wallpaper", "--engine", "transformers")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_plan_says_what_would_be_done_and_leaves_nothing_behind(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (*EMBEDDED, "--test", str(wallpaper / "test.csv"), "--run", "a")
    found = call(capsys, *arguments, "--plan")
    assert not list(Path.cwd().iterdir())
    assert (found["rows"], found["known"]) == (36, 0)
    # Stored in bfloat16, loaded in float32.
    stored = (wallpaper.parent / "embedded" / "model.safetensors").stat().st_size
    assert found["footprint"]["weights"] == pytest.approx(2 * stored, rel=0.02)
    done = call(capsys, *arguments, "--limit", "5")
    again = call(capsys, *arguments, "--plan")
    assert again["known"] == done["computed"]
    assert again["to_compute"] == found["to_compute"] - done["computed"]
    short = call(capsys, *arguments, "--plan", "--set", "engine.max_model_len=20")
    assert short["too_long"]
    assert short["longest"]["tokens"] >= 20
    assert set(short["too_long"]).isdisjoint(short["shortened"])
    assert run([*arguments, "--plan", "--set", "engine.max_model_len=20"]) == 0
    told = capsys.readouterr()
    assert "longer than the context" in told.err
    assert "KiB a token" in told.out


def test_a_probe_answers_some_prompts_of_the_run_and_forecasts_the_rest(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (*EMBEDDED, "--test", str(wallpaper / "test.csv"), "--run", "a")
    probe = call(capsys, *arguments, "--probe", "6")
    assert (probe["computed"], probe["reused"]) == (6, 0)
    low, middle, high = (probe["expected"][name] for name in ("low", "seconds", "high"))
    assert 0 <= low < middle < high
    rest = call(capsys, *arguments)
    assert (rest["reused"], rest["computed"]) == (6, probe["left"])
    assert rest["left"] == 0


def test_when_time_is_over_a_submission_stands_with_the_fallbacks_answers(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test, template = str(wallpaper / "test.csv"), str(wallpaper / "sample_submission.csv")
    base = ("generate", "constant", "-c", "sample-wallpaper", "--run", "base")
    assert run([*base, "--test", test, "--train", str(wallpaper / "train.csv")]) == 0
    call(capsys, *EMBEDDED, "--test", test, "--run", "a", "--limit", "4")
    timed = (
        *EMBEDDED, "--test", test, "--run", "a", "--time-limit", "0.001s", "--fallback", "base",
        "--template", template, "--submission", "out.csv",
    )  # fmt: skip
    assert call(capsys, *timed, code=3)["left"] > 0
    manifest = json.loads(Path("out.csv.manifest.json").read_text("utf-8"))
    assert manifest["fallback"] == {"run": "base", "rows": 32}
    check = ("check", "-c", "sample-wallpaper", "--template", template, "--submission", "out.csv")
    assert run([*check]) == 0
    assert run(["submit", "-c", "sample-wallpaper", "--run", "base", "--template", template,
                "--out", "base.csv"]) == 0  # fmt: skip
    mixed, other = (pd.read_csv(name) for name in ("out.csv", "base.csv"))
    same = (mixed.iloc[:, 1:] == other.iloc[:, 1:]).all(axis=1)
    assert list(same) == [False] * 4 + [True] * 32
    capsys.readouterr()
    assert run([*EMBEDDED, "--test", test, "--run", "b", "--submission", "out.csv"]) == 2
    assert "--template and --fallback" in capsys.readouterr().err


def test_a_job_without_its_fallback_starts_nothing(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = str(wallpaper / "sample_submission.csv")
    assert run([
        *EMBEDDED, "--test", str(wallpaper / "test.csv"), "--run", "a", "--fallback", "gone",
        "--template", template, "--submission", "out.csv", "--time-limit", "9m",
    ]) == 2  # fmt: skip
    assert "No run 'gone'" in capsys.readouterr().err
    assert not Path("out.csv").exists()


@pytest.fixture
def own(wallpaper: Path, tmp_path: Path) -> list[str]:
    """A finished run 'base' to fall back on, and a file of one's own where a submission goes."""
    base = ("generate", "constant", "-c", "sample-wallpaper", "--run", "base")
    train = str(wallpaper / "train.csv")
    assert run([*base, "--test", str(wallpaper / "test.csv"), "--train", train]) == 0
    (tmp_path / "own.csv").write_text("mine", "utf-8")
    template = str(wallpaper / "sample_submission.csv")
    return [
        *EMBEDDED, "--test", str(wallpaper / "test.csv"), "--fallback", "base",
        "--template", template, "--submission", "own.csv", "--time-limit", "0.001s",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--run", "a", "--engine", "nosuch"], "No engine 'nosuch'"),
        (["--run", "a", "--set", "sampling.max_tokens=9"], "with another recipe"),
        (["--run", "elsewhere"], "with another recipe, model or test file"),
        (["--run", "base"], "is the run itself"),
        (["--run", "base", "--fresh"], "is the run itself"),
    ],
)
def test_what_cannot_be_begun_leaves_the_file_that_is_there(
    options: list[str],
    said: str,
    own: list[str],
    wallpaper: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = str(wallpaper.parent / "summary" / "test.csv")
    other = ("generate", "embedded", "-c", "sample-summary", "--run", "elsewhere")
    if "elsewhere" in options:
        assert run([*other, "--test", summary, "--limit", "2", "--engine", "transformers"]) == 0
    else:
        call(capsys, *own[:8], "--run", "a", "--limit", "2")
    assert run([*own, *options]) == 2
    assert said in capsys.readouterr().err
    assert Path("own.csv").read_text("utf-8") == "mine"
    assert not Path("own.csv.manifest.json").exists()


def test_before_it_starts_a_fresh_run_stands_without_its_answers_of_before(
    own: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call(capsys, *own[:8], "--run", "a", "--limit", "2")

    def start(_: TransformersEngine) -> None:
        raise InputError("no weights")

    monkeypatch.setattr(TransformersEngine, "start", start)
    for more, rows in ([], 34), (["--fresh"], 36):
        assert run([*own, "--run", "a", *more]) == 2
        manifest = json.loads(Path("own.csv.manifest.json").read_text("utf-8"))
        assert manifest["fallback"] == {"run": "base", "rows": rows}


class Slow:
    """An engine whose steps of four rows take a second of the ``clock``."""

    def __init__(self, loading: float = 0.0) -> None:
        self.now = 0.0
        self.loading = loading
        self.takes_all = False
        self.asked: list[list[int]] = []

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Completion]]:
        self.asked.append([len(each.tokens) for each in requests])
        self.now += self.loading
        for place in range(0, len(requests), 4):
            self.now += 1.0
            some = requests[place : place + 4]
            yield [Completion(each.key, "가", Finish.STOP) for each in some]


def of_sizes(*sizes: int) -> list[Request]:
    return [
        Request(str(n), Question("", "", "", {}), "", (1,) * size) for n, size in enumerate(sizes)
    ]


def answered_by(
    engine: Slow, requests: Sequence[Request], deadline: Deadline | None, folder: Path
) -> list[str]:
    with Ledger(folder / "l.db") as ledger:
        ledger.begin(Run("run", "f", "c", "{}", "t", "e", ""), [], fresh=True)
        steps = recorded(engine, requests, ledger, "run", "run", 8, deadline)  # type: ignore[arg-type]
        return [each.key for step in steps for each in step]


def test_rows_end_before_the_deadline_short_prompts_first(tmp_path: Path) -> None:
    engine = Slow()
    kept: list[float] = []
    requests = of_sizes(*(1 + n * 7 % 500 for n in range(2000)))
    parts = [PlannedPart(n, 0, 0, "", "", str(n)) for n in range(2000)]
    ordered = cheapest_first(parts, {each.key: each for each in requests})
    deadline = Deadline(200.0, lambda: kept.append(engine.now), clock=lambda: engine.now)
    done = answered_by(engine, ordered, deadline, tmp_path)
    assert 185 <= engine.now <= 190
    lengths = [len(requests[int(key)].tokens) for key in done]
    longest = max(lengths)
    unanswered = sorted(len(each.tokens) for each in requests)[len(done) :]
    assert longest <= min(unanswered)
    assert len(kept) >= 5
    assert [size for block in engine.asked for size in block] == sorted(
        size for block in engine.asked for size in block
    )


def test_blocks_hold_every_request_once() -> None:
    found = list(blocks(of_sizes(*range(1000))))
    assert [each.key for block in found for each in block] == [str(n) for n in range(1000)]
    assert len(found) == 16


def test_rows_are_answered_whole_and_first_samples_before_others() -> None:
    # Position, part, sample, and the prompt's number.
    asked = [
        (0, 0, 0, 0), (0, 1, 0, 1), (1, 0, 0, 2), (2, 0, 0, 3), (2, 1, 0, 1), (0, 0, 1, 4),
        (1, 0, 1, 5),
    ]  # fmt: skip
    requests = {each.key: each for each in of_sizes(1, 9, 8, 2, 1, 1)}
    parts = [PlannedPart(row, part, sample, "", "", str(n)) for row, part, sample, n in asked]
    ordered = [each.key for each in cheapest_first(parts, requests)]
    assert ordered == ["2", "0", "1", "3", "4", "5"]
    # What is answered already costs nothing.
    del requests["1"]
    ordered = [each.key for each in cheapest_first(parts, requests)]
    assert ordered == ["0", "3", "2", "4", "5"]


@pytest.mark.parametrize(
    ("seconds", "in_order", "calls"), [(None, False, 1), (200.0, True, 1), (200.0, False, 4)]
)
def test_blocks_are_for_engines_that_reorder_when_time_is_short(
    seconds: float | None, in_order: bool, calls: int, tmp_path: Path
) -> None:
    engine = Slow()
    engine.takes_all = in_order
    deadline = Deadline(seconds, clock=lambda: engine.now)
    answered_by(engine, of_sizes(*range(1, 257)), deadline, tmp_path)
    assert len(engine.asked) == calls


def test_rows_come_longest_first_to_an_engine_that_keeps_their_order(tmp_path: Path) -> None:
    engine = Slow()
    engine.takes_all = True
    answered_by(engine, of_sizes(1, 3, 2), None, tmp_path)
    assert engine.asked == [[3, 2, 1]]


def test_the_time_before_the_first_rows_of_a_stream_is_no_step_of_it(tmp_path: Path) -> None:
    engine = Slow(loading=60.0)
    engine.takes_all = True
    deadline = Deadline(100.0, clock=lambda: engine.now)
    assert len(answered_by(engine, of_sizes(*range(1, 401)), deadline, tmp_path)) > 100


def test_time_runs_from_when_the_job_began() -> None:
    assert Deadline(100.0, clock=lambda: 50.0, began=20.0).seconds_left == 65.0


def test_a_submission_stands_when_the_job_is_killed(wallpaper: Path) -> None:
    test, template = str(wallpaper / "test.csv"), str(wallpaper / "sample_submission.csv")
    base = ("generate", "constant", "-c", "sample-wallpaper", "--run", "base")
    assert run([*base, "--test", test, "--train", str(wallpaper / "train.csv")]) == 0
    command = [
        sys.executable, "-m", "submission.cli", *EMBEDDED, "--test", test, "--run", "a",
        "--time-limit", "10m", "--fallback", "base", "--template", template,
        "--submission", "out.csv",
    ]  # fmt: skip
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL) as process:
        ends = time.monotonic() + 120
        while not Path("out.csv").exists() and time.monotonic() < ends:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    check = ("check", "-c", "sample-wallpaper", "--template", template, "--submission", "out.csv")
    assert run([*check]) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90", 90), ("270m", 16_200), ("4h30m", 16_200), ("1h", 3600), ("1.5h", 5400)],
)
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    from submission.commands.options import Seconds

    assert Seconds().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5m", "0", "5 weeks", "1.2.3s"])
def test_other_texts_are_no_lengths_of_time(
    text: str, wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*EMBEDDED, "--test", str(wallpaper / "test.csv"), "--run", "a"]
    assert run([*arguments, "--time-limit", text]) == 2
    assert "is not a length of time" in capsys.readouterr().err
