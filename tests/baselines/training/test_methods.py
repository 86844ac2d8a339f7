"""Every architecture by every method: the loss falls, and what comes out can be loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import TrainingArguments

from baselines.training.batches import collate_padded
from baselines.training.lifecycle import on_one_device
from baselines.training.sft import train
from submission.adapters.adapter import read_adapter
from submission.adapters.load import load_base, load_tokenizer
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe
from submission.records.rows import TrainingRow
from tests.baselines.training.conftest import as_chat, with_training

Small = Callable[[str], ModelFiles]
ARCHITECTURES = ["gpt2", "gemma", "gemma2", "llama", "t5"]


def made_for(architecture: str, recipe: Recipe, method: str) -> Recipe:
    if architecture not in ("gpt2", "t5"):
        recipe = as_chat(recipe)
    return with_training(
        recipe,
        method=method,
        epochs=8.0,
        learning_rate=5e-3 if method == "full" else 2e-2,
        quantization={"compute_dtype": "float32"},
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_an_adapter_learns_and_fits_its_base_again(
    method: str,
    architecture: str,
    small: Small,
    rows: list[TrainingRow],
    recipe: Recipe,
    tmp_path: Path,
) -> None:
    base = small(architecture)
    out = tmp_path / "out"
    report = train(made_for(architecture, recipe, method), rows, out, base=base)
    assert report.loss_last < report.loss_first - 0.1
    assert 0 < report.trained_parameters < report.parameters
    assert report.base_quantization == (
        "bitsandbytes 4-bit (nf4, double)" if method == "qlora" else None
    )
    assert (read_adapter(out).quantized is not None) == (method == "qlora")
    model = load_base(base.folder, torch.float32, seq2seq=architecture == "t5")
    over = PeftModel.from_pretrained(model, str(out))
    changed = [
        name for name, tensor in over.named_parameters() if "lora_B" in name and tensor.any()
    ]
    assert changed


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_full_fine_tuning_writes_a_whole_model(
    architecture: str, small: Small, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    base = small(architecture)
    out = tmp_path / "out"
    report = train(made_for(architecture, recipe, "full"), rows, out, base=base)
    assert report.loss_last < report.loss_first - 0.3
    assert report.trained_parameters == report.parameters
    seq2seq = architecture == "t5"
    before = load_base(base.folder, torch.float32, seq2seq=seq2seq)
    after = load_base(out, torch.float32, seq2seq=seq2seq)
    assert any(
        not torch.equal(one, other)
        for one, other in zip(before.parameters(), after.parameters(), strict=True)
    )
    assert after.config.use_cache is not False
    assert after.generation_config.eos_token_id == before.generation_config.eos_token_id
    assert load_tokenizer(out).get_vocab() == load_tokenizer(base.folder).get_vocab()


@pytest.mark.parametrize(
    "optimizer", ["adamw_8bit", "paged_adamw_8bit", "paged_adamw_32bit", "adafactor"]
)
def test_every_optimizer_learns(
    optimizer: str, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    chosen = with_training(recipe, optimizer=optimizer, learning_rate=1e-2)
    report = train(chosen, rows, tmp_path / "out", base=base)
    assert report.loss_last < report.loss_first


@pytest.mark.parametrize(
    "settings",
    [
        {"dtype": "bfloat16"},
        {"gradient_checkpointing": True},
        {"packing": True, "max_length": 256, "batch_size": 1},
        {"loss_on": "all"},
        {"schedule": "constant", "warmup": 3, "weight_decay": 0.1, "clip": 0.5},
        {"lora": {"rank": 4, "alpha": 8, "targets": ["all-linear", "lm_head"]}},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_every_setting_learns(
    settings: dict[str, Any],
    base: ModelFiles,
    rows: list[TrainingRow],
    recipe: Recipe,
    tmp_path: Path,
) -> None:
    report = train(with_training(recipe, **settings), rows, tmp_path / "out", base=base)
    assert report.loss_last < report.loss_first - 0.05
    if settings.get("packing"):
        assert report.sequences < report.samples
    if "lora" in settings:
        config = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
        assert "lm_head" in config["target_modules"]


def test_max_steps_and_rows_bound_the_training(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    report = train(with_training(recipe, max_steps=2, rows=2), rows, tmp_path / "out", base=base)
    assert report.steps == 2
    assert report.samples < 10


def test_generation_stops_at_the_end_that_the_recipe_has_learned(
    small: Small, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    said: list[str] = []
    for model, end in (("gemma", "<end_of_turn>"), ("gpt2", "<pad>")):
        chosen = with_training(recipe, end_token=end, max_steps=1)
        out = tmp_path / model
        train(chosen, rows, out, base=small(model), say=said.append)
        assert json.loads((out / "tokenizer_config.json").read_text())["eos_token"] == end
    assert not any("does not stop" in line for line in said)


def test_a_batch_leaves_out_the_logits_of_the_prompt(
    rows: list[TrainingRow], recipe: Recipe, base: ModelFiles
) -> None:
    from baselines.training.samples import make_samples
    from submission.prompts.encode import PromptEncoder

    encoder = PromptEncoder(load_tokenizer(base.folder), recipe.prompt)
    sample = make_samples(rows, encoder, 512).samples[0]
    batch = collate_padded([(sample,)])
    model = load_base(base.folder, torch.float32)
    places = batch["logits_to_keep"]
    with torch.no_grad():
        whole = model(input_ids=batch["input_ids"]).logits
        kept = model(input_ids=batch["input_ids"], logits_to_keep=places).logits
    assert kept.shape[1] == len(sample.response) < whole.shape[1]
    torch.testing.assert_close(kept, whole[:, places])


def test_a_warm_up_that_takes_the_whole_training_is_refused(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    chosen = with_training(recipe, epochs=1.0, warmup=50)
    with pytest.raises(InputError, match=r"training\.warmup=50: .*takes all of the 3 steps"):
        train(chosen, rows, tmp_path / "out", base=base)
    assert list(tmp_path.iterdir()) == []


def test_a_share_of_warm_up_leaves_a_step_to_learn_in(
    base: ModelFiles, rows: list[TrainingRow], recipe: Recipe, tmp_path: Path
) -> None:
    train(with_training(recipe, max_steps=1, warmup=0.5), rows, tmp_path / "out", base=base)
    learned = load_file(tmp_path / "out" / "adapter_model.safetensors")
    assert any(bool(tensor.any()) for name, tensor in learned.items() if "lora_B" in name)


def test_one_gpu_is_used_however_many_there_are(tmp_path: Path) -> None:
    arguments = TrainingArguments(str(tmp_path), use_cpu=True)
    assert arguments.n_gpu == 0
    assert on_one_device(arguments).n_gpu == 0
    arguments._n_gpu = 4  # what transformers sets where four are visible
    assert on_one_device(arguments).n_gpu == 1
    assert arguments.train_batch_size == arguments.per_device_train_batch_size
