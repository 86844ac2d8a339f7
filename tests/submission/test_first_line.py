"""Long commands say something before they load what takes long to load."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

LOADED = "torch is loaded"
# Ends where torch would be loaded, and says so on the same stream as the command.
WATCHED = f"""
import sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print({LOADED!r}, file=sys.stderr, flush=True)
            raise SystemExit(9)

sys.meta_path.insert(0, Watch())
from submission.cli import main
main(sys.argv[1:])
"""
DATA = "data_sample/wallpaper"
RECIPE = """
name = "small"
model = { name = "embedded" }
engine = { name = "transformers" }
training = { max_steps = 1 }
preference = {}
[prompt]
template = "{{ question }}"
"""
PAIR = {"id": "1", "prompt": "가", "question": "가", "chosen": "나", "rejected": "다"}
COMMANDS = {
    "train": ["small.toml", "--competition", "sample-wallpaper", "--data", f"{DATA}/train.csv",
              "--out", "made"],
    "tune": ["small.toml", "--pairs", "pairs.jsonl", "--out", "made"],
    "generate": ["small.toml", "--competition", "sample-wallpaper", "--test", f"{DATA}/test.csv",
                 "--run", "first", "--ledger", "runs.db"],
    "merge": ["--base", "embedded", "--adapter", "adapter", "--out", "made"],
    "demo": ["--out", "made"],
}  # fmt: skip


def first_lines(arguments: Sequence[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments], capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_line_comes_before_torch(command: str, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(RECIPE)
    (tmp_path / "pairs.jsonl").write_text(json.dumps(PAIR))
    (tmp_path / "adapter").mkdir()
    save_file({f"base_model.model.model.layers.0.self_attn.q_proj.lora_{side}.weight": weight
               for side, weight in zip("AB", (np.zeros((1, 8)), np.zeros((8, 1))), strict=True)},
              tmp_path / "adapter" / "adapter_model.safetensors")  # fmt: skip
    (tmp_path / "adapter" / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]})
    )
    names = {"small.toml", "pairs.jsonl", "adapter", "made", "runs.db"}
    arguments = [
        str(tmp_path / each) if each in names else each for each in [command, *COMMANDS[command]]
    ]
    _, *others = first_lines(arguments)
    assert LOADED in others
