"""The small models that stand in for the recipes' own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from baselines.stand_ins.small import ARCHITECTURES, Plan, small_model
from submission.adapters.load import load_base, load_tokenizer
from submission.files.model_files import ModelFiles

BRIEF = Plan(merges=0, width=64, heads=1, layers=1, block=32, batch=2, steps=2)


def test_a_model_is_made_once_outside_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERKIT_CACHE", str(tmp_path / "one"))
    said: list[str] = []
    folder = small_model("gpt2", BRIEF, said.append)
    assert folder.is_relative_to(tmp_path)
    assert said[-1].startswith("gpt2: step 2/2, loss ")
    assert small_model("gpt2", BRIEF, said.append) == folder
    assert len(said) == 2
    monkeypatch.setenv("LEADERKIT_CACHE", str(tmp_path / "other"))
    again = small_model("gpt2", BRIEF)
    name = "model.safetensors"
    assert (folder / name).read_bytes() == (again / name).read_bytes()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_loads_with_its_own_tokens(
    architecture: str, small: Callable[[str], ModelFiles]
) -> None:
    folder = small(architecture).folder
    model = load_base(folder, torch.float32, seq2seq=architecture == "t5")
    tokenizer = load_tokenizer(folder)
    assert model.config.model_type == architecture
    text = "습기 때문입니다. 水 🙂\n"
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text
    if architecture in ("gemma", "gemma2", "llama"):
        turn = [{"role": "user", "content": "왜?"}]
        text = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        expected = {
            "gemma": "<bos><start_of_turn>user\n왜?<end_of_turn>\n<start_of_turn>model\n",
            "llama": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n왜?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
        }
        assert text == expected[architecture.removesuffix("2")]
        ends = json.loads((folder / "generation_config.json").read_text())["eos_token_id"]
        assert len(ends) == 2
