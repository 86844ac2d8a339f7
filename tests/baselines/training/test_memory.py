"""Memory that runs out: smaller micro-batches in the same step, or an end that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import GPT2LMHeadModel

from baselines.training.sft import train
from submission.errors import Stopped
from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe
from submission.records.rows import TrainingRow
from tests.baselines.training.conftest import with_training
from tests.models import gpt2


@contextmanager
def room_for(rows: int, *, backward: bool = False) -> Iterator[None]:
    """A GPU's allocator that has memory for so many rows, in the forward or the backward pass."""

    def raise_(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    def before(_module: Any, arguments: Any, keywords: dict[str, Any]) -> None:
        if len(keywords["input_ids"]) > rows and not backward:
            raise_()

    def after(module: Any, _arguments: Any, keywords: dict[str, Any], output: Any) -> None:
        if len(keywords["input_ids"]) > rows and backward:
            output.logits.register_hook(raise_)

    original: Callable[..., Any] = GPT2LMHeadModel.__init__

    def init(self: Any, *arguments: Any, **keywords: Any) -> None:
        original(self, *arguments, **keywords)
        self.register_forward_pre_hook(before, with_kwargs=True)
        self.register_forward_hook(after, with_kwargs=True)

    GPT2LMHeadModel.__init__ = init
    try:
        yield
    finally:
        GPT2LMHeadModel.__init__ = original


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_a_smaller_micro_batch_learns_the_same(
    backward: bool,
    small: Callable[[str], ModelFiles],
    rows: list[TrainingRow],
    recipe: Recipe,
    tmp_path: Path,
) -> None:
    # Without dropout, which draws differently for rows that are computed apart.
    base = small("gpt2")
    lora = {"rank": 4, "alpha": 8, "dropout": 0.0}
    chosen = with_training(recipe, batch_size=5, accumulation=2, epochs=4.0, lora=lora)
    whole = train(chosen, rows, tmp_path / "whole", base=base)
    said: list[str] = []
    with room_for(2, backward=backward):
        parts = train(chosen, rows, tmp_path / "parts", base=base, say=said.append)
    assert (whole.micro_batch, parts.micro_batch) == (5, 2)
    assert whole.steps == parts.steps
    assert parts.loss_last == pytest.approx(whole.loss_last, abs=2e-3)
    assert "Out of memory at 5 sequences: 3 at a time" in "\n".join(said)
    assert "Out of memory at 3 sequences: 2 at a time" in "\n".join(said)
    name = "adapter_model.safetensors"
    one, other = load_file(tmp_path / "whole" / name), load_file(tmp_path / "parts" / name)
    for key, tensor in one.items():
        torch.testing.assert_close(tensor, other[key], atol=1e-3, rtol=1e-3)


def test_a_single_sequence_that_does_not_fit_ends_the_training_with_advice(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    with room_for(0), pytest.raises(Stopped, match=r"single sequence of .*gradient_checkpointing"):
        train(recipe, rows, tmp_path / "out", base=base)
    assert not (tmp_path / "out").exists()


def test_another_error_is_no_lack_of_memory(
    base: ModelFiles,
    rows: list[TrainingRow],
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(GPT2LMHeadModel, "forward", wrong)
    with pytest.raises(RuntimeError, match="mat1"):
        train(recipe, rows, tmp_path / "out", base=base)


LITTLE = """
import resource, sys
from pathlib import Path
import bitsandbytes, peft, scipy, sklearn, torch, transformers, trl
from transformers import GPT2LMHeadModel
import baselines.training.sft, submission.adapters.load
from submission.cli import run
had = int(next(line.split()[1] for line in open("/proc/self/status") if "VmSize" in line))
resource.setrlimit(resource.RLIMIT_AS, (had * 1024 + int(sys.argv[1]) * 2**20, -1))
sys.exit(run(sys.argv[2:]))
"""


def test_a_model_that_does_not_fit_into_memory_is_told_apart_from_one_that_is_none(
    tmp_path: Path,
) -> None:
    from transformers import GPT2Config

    base = gpt2(tmp_path / "base")
    config = GPT2Config.from_pretrained(base)
    config.n_layer, config.n_embd, config.n_head = 4, 1024, 16
    GPT2LMHeadModel(config).save_pretrained(base)  # 50 M weights, 200 MiB
    data = tmp_path / "train.csv"
    data.write_text(
        "id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5\n"
        "T_0,벽지는?,왜?,벽지,습기.,,,,\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-c", LITTLE, "150", "train", "embedded", "-c", "sample-wallpaper",
         "--data", str(data), "--model", str(base), "--out", str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "base: this model does not fit into memory. Use a smaller one" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("out*"))
