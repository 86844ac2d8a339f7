"""Rehearsals: of the sample run's bundle, and of scripts that an organizer would not accept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission import cli
from submission.bundle.rehearsal import environment

SUMMARY = Path(__file__).parents[3] / "data_sample" / "summary"
ROWS = "id,answer\nT_0,하나\nT_1,둘\n"
GOOD = f"from pathlib import Path\n\nPath('submission.csv').write_text({ROWS!r})\n"

Rehearse = Callable[..., dict[str, Any]]


@pytest.fixture
def rehearse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Rehearse:
    """Rehearse a bundle of this script, and return what is found."""

    def call(script: str = GOOD, *, code: int = 0, **target: float) -> dict[str, Any]:
        folder = tmp_path / "bundle"
        if not folder.is_dir():
            write_bundle(folder, script, target)
        capsys.readouterr()
        ended = cli.run(["bundle", "--rehearse", str(folder), "--json"])
        out, err = capsys.readouterr()
        assert ended == code, out + err
        assert [each.name for each in tmp_path.iterdir()] == ["bundle"]
        return json.loads(out) if out else {"said": err}

    return call


def write_bundle(folder: Path, script: str, target: dict[str, float]) -> None:
    """A bundle without a model, as quick as its script."""
    (folder / "expected").mkdir(parents=True)
    (folder / "expected" / "submission.csv").write_text(ROWS)
    (folder / "model").mkdir()
    (folder / "model" / "model.safetensors").write_text("weights")
    (folder / "inference.py").write_text(script)
    weights = {"model/model.safetensors": "0" * 64}
    (folder / "provenance.json").write_text(json.dumps({"weights": weights}))
    about = {"script": "inference.py", "submission": "submission.csv", "id": "id", "rows": 2,
             "target": target, "requirements": {}}  # fmt: skip
    (folder / "bundle.json").write_text(json.dumps(about))


def test_the_sample_run_is_bundled_and_rehearsed_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADERKIT_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.chdir(tmp_path)
    steps = [
        ["generate", "embedded", "-c", "sample-summary", "--test", str(SUMMARY / "test.csv"),
         "--run", "sample", "--engine", "transformers", "--set", "sampling.max_tokens=8"],
        ["submit", "-c", "sample-summary", "--run", "sample", "--out", "submission.csv",
         "--template", str(SUMMARY / "sample_submission.csv")],
        ["bundle", "sample", "--out", "bundle"],
    ]  # fmt: skip
    for step in steps:
        # Empty answers, as so few tokens give, do not pass the check of what is written.
        assert cli.run(step) == (1 if step[0] == "submit" else 0), capsys.readouterr().err
    expected = (tmp_path / "bundle" / "expected" / "submission.csv").read_bytes()
    assert expected == (tmp_path / "submission.csv").read_bytes()
    capsys.readouterr()
    assert cli.run(["bundle", "--rehearse", "bundle", "--json"]) == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    assert found["identical"]
    assert found["network"].startswith("blocked")
    assert found["problems"] == found["warnings"] == found["attempts"] == found["different"] == []
    assert 0 < found["peak_bytes"] < 4 * 2**30


def test_a_bundle_that_writes_the_run_s_bytes_passes(rehearse: Rehearse) -> None:
    found = rehearse()
    assert found["identical"]
    assert found["problems"] == []


CONNECTS = """
import socket

socket.create_connection(("192.0.2.1", 80), timeout=1)
"""


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_connection_fails_the_rehearsal(
    namespaces: bool, rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not namespaces:
        monkeypatch.setattr(environment, "_NAMESPACES", ())
    found = rehearse(CONNECTS + GOOD, code=1)
    assert "there is no network in a rehearsal" in found["problems"][0]
    assert found["attempts"] == ["192.0.2.1:80"]
    assert ("Python only" in found["network"]) == (not namespaces) or not can_unshare()


def can_unshare() -> bool:
    return bool(environment.find_isolation().prefix)


@pytest.mark.skipif(not can_unshare(), reason="no network namespace is permitted here")
def test_programs_that_are_not_python_have_no_network_either(rehearse: Rehearse) -> None:
    devices = "assert [each for each in open('/proc/net/dev') if ':' in each][1:] == []\n"
    assert rehearse(devices + GOOD)["identical"]


def test_a_connection_to_this_machine_is_none_to_the_network(rehearse: Rehearse) -> None:
    loopback = """
import socket

with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), timeout=5).close()
"""
    assert rehearse(loopback + GOOD)["attempts"] == []


def test_what_takes_too_long_is_ended_with_all_it_started(rehearse: Rehearse) -> None:
    mark = f"{os.getpid()}7.25"
    script = f"""
import subprocess

subprocess.run(["sleep", "{mark}"], start_new_session=True)
"""
    started = time.monotonic()
    found = rehearse(script, code=1, minutes=0.02)
    assert time.monotonic() - started < 30
    assert found["problems"] == ["it was ended after 0.02 minutes, which is the limit"]
    commands = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    assert not any(mark.encode() in command for command in commands)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_rehearsal_that_is_terminated_leaves_nothing_behind(
    number: signal.Signals, tmp_path: Path
) -> None:
    running = tmp_path / "elsewhere" / "running"
    running.parent.mkdir()
    wait = f"open({str(running)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    write_bundle(tmp_path / "here" / "bundle", f"import os, time\n{wait}", {})
    process = subprocess.Popen(
        [sys.executable, "-m", "submission.cli", "bundle", "--rehearse", "here/bundle"],
        cwd=tmp_path,
    )
    deadline = time.monotonic() + 60
    while not (running.is_file() and running.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    assert [each.name for each in (tmp_path / "here").iterdir()] == ["bundle"]
    assert not Path("/proc", running.read_text()).exists()


def test_what_takes_too_much_memory_is_ended(rehearse: Rehearse) -> None:
    script = "import time\n\nheld = b'x' * (400 * 2**20)\ntime.sleep(60)\n"
    found = rehearse(script, code=1, memory_gib=0.2)
    assert "GiB of memory; the limit is 0.2 GiB" in found["problems"][0]
    assert found["peak_bytes"] > 0.2 * 2**30


def test_memory_is_that_of_all_processes(rehearse: Rehearse) -> None:
    child = "import time; held = b'x' * (150 * 2**20); time.sleep(60)"
    script = f"""
import subprocess
import sys

children = [subprocess.Popen([sys.executable, "-c", {child!r}]) for _ in range(2)]
for each in children:
    each.wait()
"""
    found = rehearse(script, code=1, memory_gib=0.25)
    assert "of memory" in found["problems"][0]


def test_rows_that_differ_are_named_with_their_place(rehearse: Rehearse) -> None:
    found = rehearse(GOOD.replace("둘", "둘셋"), code=1)
    assert found["different"] == [
        {"id": "T_1", "column": "answer", "place": 1, "expected": "둘", "found": "둘셋"}
    ]
    assert found["problems"] == [
        "1 row differs from the run's submission: first T_1, column 'answer', character 1"
    ]


def test_a_row_that_is_missing_is_named(rehearse: Rehearse) -> None:
    found = rehearse(GOOD.replace("T_1,둘\\n", ""), code=1)
    assert [each["id"] for each in found["different"]] == ["T_1"]


def test_other_bytes_of_the_same_rows_do_not_pass(rehearse: Rehearse) -> None:
    found = rehearse(GOOD.replace("\\n", "\\r\\n"), code=1)
    assert "the rows are the same, but not the bytes" in found["problems"][0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import submission.tables", "imports submission.tables, which is part of leaderkit"),
        ("from evaluators import base", "imports evaluators, which is part of leaderkit"),
        ("MODEL = '/data/models/gemma'", "has the absolute path '/data/models/gemma'"),
        ("MODEL = 'C:\\\\models\\\\gemma'", "has the absolute path"),
        ("type Text = str", "line 1"),
    ],
)
def test_code_that_runs_on_one_machine_only_is_found(
    line: str, said: str, rehearse: Rehearse
) -> None:
    found = rehearse(f"{line}\n{GOOD}", code=1)
    assert said in found["problems"][0]


def test_leaderkit_cannot_be_imported_by_another_way(rehearse: Rehearse) -> None:
    script = "import importlib\n\nimportlib.import_module('sub' + 'mission')\n"
    assert "No module named 'submission'" in rehearse(script, code=1)["problems"][0]


def test_a_module_beside_the_script_may_have_any_name(tmp_path: Path, rehearse: Rehearse) -> None:
    write_bundle(tmp_path / "bundle", f"import submission\n\nassert submission.here\n{GOOD}", {})
    (tmp_path / "bundle" / "submission.py").write_text("here = True\n")
    assert rehearse()["identical"]


def test_nothing_of_the_user_reaches_the_script(
    rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "a secret of the user")
    script = """
import os

assert "HF_TOKEN" not in os.environ
assert os.listdir(os.environ["HOME"]) == []
assert os.environ["HF_HUB_OFFLINE"] == "1"
assert not os.path.exists("expected")
"""
    assert rehearse(script + GOOD)["identical"]


def test_a_script_that_changes_the_model_does_not_pass(rehearse: Rehearse, tmp_path: Path) -> None:
    script = "open('model/model.safetensors', 'a').write('more')\n"
    found = rehearse(script + GOOD, code=1)
    assert "model/model.safetensors" in found["problems"][0]


def test_nothing_that_a_script_does_to_its_folder_reaches_the_bundle(
    tmp_path: Path, rehearse: Rehearse
) -> None:
    script = """
from pathlib import Path

for each in [path for path in Path().rglob("*") if path.is_file()]:
    with each.open("r+b") as file:
        file.write(b"!")
Path("cache.bin").write_bytes(b"")
"""
    folder = tmp_path / "bundle"
    write_bundle(folder, script + GOOD, {})
    before = contents(folder)
    found = rehearse(code=1)
    assert contents(folder) == before
    (told,) = found["problems"]
    if os.geteuid() == 0:  # whom permissions do not stop
        for name in ("bundle.json", "inference.py", "model/model.safetensors", "cache.bin"):
            assert name in told


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_script_that_writes_nothing_is_told(rehearse: Rehearse) -> None:
    found = rehearse("print('done')\n", code=1)
    assert found["problems"] == ["the script writes no submission.csv into its folder"]


def test_files_that_were_changed_are_told(tmp_path: Path, rehearse: Rehearse) -> None:
    write_bundle(tmp_path / "bundle", GOOD, {})
    (tmp_path / "bundle" / "SHA256SUMS").write_text(f"{'0' * 64}  inference.py\n")
    assert rehearse()["warnings"] == ["changed since the bundle was written: inference.py"]


def test_a_bundle_without_its_weights_is_refused(tmp_path: Path, rehearse: Rehearse) -> None:
    write_bundle(tmp_path / "bundle", GOOD, {})
    (tmp_path / "bundle" / "model" / "model.safetensors").unlink()
    assert "model/model.safetensors is not there" in rehearse(code=2)["said"]


@pytest.mark.parametrize(
    "given", [("--out", "x"), ("--wheels",), ("--target", "python3.10"), ("--weights", "copy")]
)
def test_options_for_writing_are_refused(
    given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["bundle", "--rehearse", "folder", *given]) == 2
    assert f"{given[0]}: for writing a bundle" in capsys.readouterr().err


def test_a_folder_that_is_no_bundle_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["bundle", "--rehearse", str(tmp_path)]) == 2
    assert "no bundle.json in it" in capsys.readouterr().err
