"""kill -9 in the middle of a training, and what comes of it with --resume: the same bytes."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.training.held_out import HeldOut
from baselines.training.sft import train
from baselines.training.workspace import Workspace, open_workspace
from submission.competitions import find_competition
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe
from submission.records.rows import Reference, TrainingRow
from tests.baselines.training.conftest import with_training

INTERRUPTED = """
import pickle, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from baselines.training.workspace import Workspace, open_workspace
from baselines.training.held_out import HeldOut
from baselines.training.sft import train
from submission.competitions import find_competition
recipe, rows, base, out, references = pickle.loads(Path(sys.argv[1]).read_bytes())
held_out = None
if references:
    held_out = HeldOut(find_competition("sample-wallpaper"), rows, references)
train(recipe, rows, out, base=base, held_out=held_out, checkpoint_seconds=0.0)
"""


def killed(job: tuple[Any, ...], folder: Path) -> None:
    """Train in a process of its own and kill it where it is hardest to go on: within an epoch."""
    path = folder / "job"
    path.write_bytes(pickle.dumps(job))
    work = job[3].with_name(f"{job[3].name}.training")
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(path)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not list(work.glob("checkpoint-*[13579]/whole.json")):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not job[3].exists()


def weights(folder: Path) -> bytes:
    (path,) = folder.glob("*.safetensors")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("method", "architecture", "evaluated"),
    [("lora", "gpt2", False), ("lora", "gemma2", True), ("full", "t5", False)],
)
def test_a_killed_training_goes_on_to_the_same_weights(
    method: str,
    architecture: str,
    evaluated: bool,
    tmp_path: Path,
    small: Callable[[str], ModelFiles],
    rows: list[TrainingRow],
    recipe: Recipe,
) -> None:
    torch.set_num_threads(1)
    base = small(architecture)
    evaluation = {"metric": "loss", "every_steps": 3}
    recipe = with_training(
        recipe, method=method, epochs=30.0, accumulation=2, evaluation=evaluation
    )
    references = [Reference(row.id, row.answers, row.category) for row in rows]
    held_out = None
    if evaluated:
        held_out = HeldOut(find_competition("sample-wallpaper"), rows, references)
    out = tmp_path / "out"
    killed((recipe, rows, base, out, references if evaluated else None), tmp_path)

    if not evaluated:
        with pytest.raises(InputError, match=r"unfinished training\. Continue it with --resume"):
            train(recipe, rows, out, base=base)
        other = with_training(recipe, learning_rate=1e-4)
        with pytest.raises(InputError, match="checkpoints of another training"):
            train(other, rows, out, base=base, resume=True)
    else:
        changed = [Reference(row.id, ("다른 답.",), row.category) for row in rows]
        other_rows = HeldOut(find_competition("sample-wallpaper"), rows, changed)
        with pytest.raises(InputError, match=r"another training .*held-out rows"):
            train(recipe, rows, out, base=base, held_out=other_rows, resume=True)
    resumed = train(recipe, rows, out, base=base, held_out=held_out, resume=True)
    whole = train(recipe, rows, tmp_path / "whole", base=base, held_out=held_out)

    assert 0 < resumed.resumed_at < resumed.steps == whole.steps
    assert weights(out) == weights(tmp_path / "whole")
    assert (out / "loss.csv").read_bytes() == (tmp_path / "whole" / "loss.csv").read_bytes()
    assert (resumed.score_base, resumed.score, resumed.kept_step) == (
        whole.score_base, whole.score, whole.kept_step,
    )  # fmt: skip
    assert not out.with_name("out.training").exists()
    said: list[str] = []
    again = train(recipe, rows, out, base=base, held_out=held_out, resume=True, say=said.append)
    assert again == resumed
    assert "already finished" in said[-1]


def test_a_training_that_ended_early_ends_there_again_after_a_kill(
    tmp_path: Path, small: Callable[[str], ModelFiles], rows: list[TrainingRow], recipe: Recipe
) -> None:
    """Killed in the final save, when every checkpoint that there will be has been written."""
    torch.set_num_threads(1)
    base = small("gpt2")
    evaluation = {"metric": "loss", "every_steps": 2, "patience": 2}
    recipe = with_training(
        recipe, epochs=60.0, learning_rate=0.3, schedule="constant", evaluation=evaluation
    )
    references = [Reference(row.id, row.answers, row.category) for row in rows]
    held_out = HeldOut(find_competition("sample-wallpaper"), rows, references)
    whole = train(recipe, rows, tmp_path / "whole", base=base, held_out=held_out)
    assert whole.stopped_early

    out = tmp_path / "out"
    path = tmp_path / "job"
    path.write_bytes(pickle.dumps((recipe, rows, base, out, references)))
    at_the_end = INTERRUPTED.replace(
        "held_out = None",
        "import os, baselines.training.sft as sft\nsft.save = lambda *_: os.kill(os.getpid(), 9)\n"
        "held_out = None",
        1,
    )
    done = subprocess.run(
        [sys.executable, "-c", at_the_end, str(path)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    resumed = train(recipe, rows, out, base=base, held_out=held_out, resume=True)
    assert 0 < resumed.resumed_at < whole.steps
    assert (resumed.stopped_early, resumed.steps, resumed.kept_step) == (
        True, whole.steps, whole.kept_step,
    )  # fmt: skip
    assert weights(out) == weights(tmp_path / "whole")


def test_checkpoints_that_were_cut_off_cost_none_that_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = Workspace.of(out).folder
    for name in ("checkpoint-3", "checkpoint-9"):
        (folder / name).mkdir(parents=True)
        (folder / name / "adapter_model.safetensors").write_bytes(b"cut off")
    (folder / "checkpoint-3" / "whole.json").write_text('{"seconds": 1.0}')
    (folder / "training.json").write_text('{"fingerprint": "same"}')
    with open_workspace(out, "same", resume=True) as workspace:
        latest = workspace.latest()
        assert latest is not None
        assert latest.step == 3
        assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-3"]


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
"""


@pytest.mark.parametrize(
    ("method", "share"),
    [("lora", 0.5), ("lora", 1.5), ("full", 0.5)],
    ids=["in the adapter", "in the optimizer, which is twice as large", "in the model"],
)
def test_a_disk_that_is_full_ends_a_training_with_a_message(
    method: str,
    share: float,
    tmp_path: Path,
    small: Callable[[str], ModelFiles],
    rows: list[TrainingRow],
    recipe: Recipe,
) -> None:
    base = small("gpt2")
    recipe = with_training(recipe, method=method, max_steps=6)
    train(recipe, rows, tmp_path / "whole", base=base)
    room = int(len(weights(tmp_path / "whole")) * share)
    out, path = tmp_path / "out", tmp_path / "job"
    path.write_bytes(pickle.dumps((recipe, rows, base, out, None)))
    code = INTERRUPTED.replace("import torch\n", f"{FULL}import torch\n", 1)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(room)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"Stopped: .*out: no room left on the disk\. Free some space", done.stderr)
    assert not out.exists()
    resumed = train(recipe, rows, out, base=base, resume=True)
    assert resumed.steps == 6
    assert weights(out) == weights(tmp_path / "whole")
