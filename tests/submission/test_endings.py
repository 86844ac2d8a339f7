"""How the command line ends: signals, closed pipes, full devices, errors that nobody foresaw."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from submission.terminal.unforeseen import EXIT_CODE

ENDING = [sys.executable, "-m", "tests.submission.endings", "ending"]


def run(what: str, redirected: str = "") -> subprocess.CompletedProcess[str]:
    command = " ".join([*ENDING, what, redirected])
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "code", "word"),
    [
        (signal.SIGINT, 130, "Interrupted"),
        (signal.SIGTERM, 143, "Terminated"),
        (signal.SIGHUP, 129, "Hung up"),
    ],
)
def test_a_signal_ends_a_command_with_its_code_and_says_how_to_go_on(
    sent: signal.Signals, code: int, word: str
) -> None:
    with subprocess.Popen(
        [*ENDING, "wait"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(sent)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == code
    assert said.lstrip() == f"{word}. What was finished is kept. The same command resumes.\n"


def test_a_hangup_that_the_shell_wants_ignored_is_ignored() -> None:
    with subprocess.Popen(
        ["bash", "-c", f"trap '' HUP; exec {' '.join(ENDING)} wait"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        process.kill()


def test_a_pipe_that_is_closed_is_no_failed_check() -> None:
    done = run("talk", "| head -1")
    assert done.stdout == "line 0\n"
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        (">/dev/full", 3, "Error: no room left on the disk. What was finished is kept.\n"),
        (">&-", 2, "Error: standard output is closed; redirect it to a file or to /dev/null.\n"),
    ],
)
def test_output_that_goes_nowhere_is_told(redirected: str, code: int, said: str) -> None:
    done = run("talk", redirected)
    assert (done.returncode, done.stderr) == (code, said)


def test_closed_standard_error_hides_the_message_and_not_the_code() -> None:
    assert run("system", "2>&-").returncode == 2


@pytest.mark.parametrize(
    ("what", "code", "said"),
    [
        ("system", 2, "Error: aaaaaaaaaa: File name too long.\n"),
        ("deep", 2, "Error: something in the input is nested too deeply to be read.\n"),
        ("memory", 3, "Error: memory is used up. What was finished is kept.\n"),
    ],
)
def test_what_the_system_refuses_is_a_message(what: str, code: int, said: str) -> None:
    done = run(what)
    assert (done.returncode, done.stderr) == (code, said)


def test_an_error_that_nobody_foresaw_is_called_a_bug_and_its_traceback_is_in_a_file() -> None:
    done = run("unforeseen")
    assert done.returncode == EXIT_CODE
    assert "Traceback" not in done.stderr
    assert "KeyError: 'unforeseen': this is a bug in leaderkit" in done.stderr
    found = re.search(r"traceback in (\S+\.txt)", done.stderr)
    assert found is not None
    file = Path(found[1])
    assert file.stat().st_mode & 0o077 == 0
    assert "raise KeyError(what)" in file.read_text("utf-8")
    file.unlink()
