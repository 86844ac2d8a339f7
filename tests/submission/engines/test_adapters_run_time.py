"""Adapters over a base at run time: which engine takes them, and what is said of a wrong base."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from submission.adapters.load import load_base
from submission.cli import run
from submission.commands.generate import command
from submission.engines.checkpoint import Checkpoint
from submission.engines.choose import make_engine
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.vllm.engine import VllmEngine
from submission.engines.vllm.support import lora_slot
from submission.errors import InputError
from submission.files.digest import folder_digest, sha256_file
from submission.machine.hardware import vllm_version
from submission.recipes import Recipe
from submission.runs.ledger import Ledger
from tests.submission.adapters.test_bases import logits, variant
from tests.submission.engines import tiny
from tests.submission.engines.conftest import Tuned

needs_vllm = pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed")


@pytest.fixture
def adapter(tuned: Tuned, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tuned.adapter, tmp_path / "adapter"))


def change(adapter: Path, **values: Any) -> None:
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@needs_vllm
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"r": 1024}, "of rank 1024"),
        ({"rank_pattern": {"q_proj": 1024}}, "of rank 1024"),
        ({"use_dora": True}, "with DoRA"),
        ({"modules_to_save": ["lm_head"]}, "that replaces lm_head"),
        ({"bias": "lora_only"}, "with biases of its own"),
    ],
)
def test_adapters_that_vllm_does_not_apply_go_through_transformers(
    settings: dict[str, Any], reason: str, tuned: Tuned, adapter: Path
) -> None:
    change(adapter, **settings)
    said: list[str] = []
    context = replace(tiny.context(tuned.base, adapter), say=said.append)
    assert isinstance(make_engine(context), TransformersEngine)
    assert f"does not apply an adapter {reason} at run time" in said[0]
    with pytest.raises(InputError, match=f"adapter {reason}. Merge it with leaderkit merge"):
        VllmEngine(context)


BOTH = pytest.mark.parametrize(
    "engine", [TransformersEngine, pytest.param(VllmEngine, marks=needs_vllm)]
)


@BOTH
def test_an_adapter_whose_record_proves_another_base_is_refused_unless_it_is_meant(
    engine: Any, tuned: Tuned, adapter: Path
) -> None:
    def said(digest: str, **model: Any) -> list[str]:
        (adapter / "leaderkit.json").write_text(json.dumps({"base_sha256": digest}))
        messages: list[str] = []
        context = tiny.context(tuned.base, adapter)
        files = {"name": str(tuned.base), "adapter": str(adapter), **model}
        recipe = Recipe.model_validate({"name": "test", "model": files})
        engine(replace(context, recipe=recipe, say=messages.append))
        return messages

    assert said(folder_digest(tuned.base, sha256_file)) == []
    with pytest.raises(InputError) as refused:
        said("0" * 64)
    assert f"was trained on '{tuned.base}', and the files of" in str(refused.value)
    assert "(their SHA-256 differs)" in str(refused.value)
    assert "or --set model.other_base=true if this one is meant" in str(refused.value)
    (warning,) = said("0" * 64, other_base=True)
    assert f"are not those the adapter was trained on ('{tuned.base}')" in warning


def test_that_another_base_is_meant_makes_no_other_run(
    tuned: Tuned, adapter: Path, wallpaper: Path, tmp_path: Path
) -> None:
    runner = CliRunner()
    arguments = [
        "tests-none", "-c", "sample-wallpaper", "--test", str(wallpaper / "test.csv"),
        "--run", "one", "--limit", "1", "--engine", "transformers", "--adapter", str(adapter),
        "--ledger", str(tmp_path / "ledger.db"), "--set", "sampling.max_tokens=4",
    ]  # fmt: skip
    recipe = tmp_path / "mine.toml"
    recipe.write_text(f'name = "mine"\n[model]\nname = "{tuned.base}"\n', encoding="utf-8")
    arguments[0] = str(recipe)
    first = runner.invoke(command, arguments)
    assert first.exit_code == 0, first.output
    again = runner.invoke(command, [*arguments, "--set", "model.other_base=true", "--json"])
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["computed"] == 0


def weights(adapter: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def halve(tensors: dict[str, torch.Tensor]) -> None:
    for name in sorted(tensors)[::2]:
        del tensors[name]


def first_layer_only(tensors: dict[str, torch.Tensor]) -> None:
    for name in [name for name in tensors if "layers.1." in name]:
        del tensors[name]


def one_nan(tensors: dict[str, torch.Tensor]) -> None:
    next(iter(tensors.values()))[0, 0] = float("nan")


def rename(tensors: dict[str, torch.Tensor]) -> None:
    for name in list(tensors):
        tensors[name.replace("model.layers", "transformer.blocks")] = tensors.pop(name)


def narrow(tensors: dict[str, torch.Tensor]) -> None:
    for name in list(tensors):
        if "lora_A" in name:
            tensors[name] = tensors[name][:, :8].contiguous()


@BOTH
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (halve, "the adapter has no weights for"),
        (first_layer_only, r"the adapter has no weights for .*layers\.1\."),
        (one_nan, "holds NaN or infinity: that training diverged"),
        (rename, r"the base has no place for .*transformer\.blocks"),
        (narrow, r"lora_A.weight is \(4, 8\) where the base needs"),
    ],
)
def test_a_damaged_adapter_is_refused_before_the_base_is_loaded(
    damage: Callable[[dict[str, torch.Tensor]], object],
    message: str,
    engine: Any,
    tuned: Tuned,
    adapter: Path,
    tmp_path: Path,
) -> None:
    # A base without weights: whoever loads it first says so.
    base = Path(shutil.copytree(tuned.base, tmp_path / "base"))
    (base / "model.safetensors").unlink()
    weights(adapter, damage)
    with pytest.raises(InputError, match=message) as refused:
        engine(tiny.context(base, adapter)).start()
    assert str(adapter) in str(refused.value)


@BOTH
def test_a_file_of_weights_that_is_cut_short_is_refused(
    engine: Any, tuned: Tuned, adapter: Path
) -> None:
    path = adapter / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"adapter_model\.safetensors: cannot be read"):
        engine(tiny.context(tuned.base, adapter)).start()


def test_a_damaged_adapter_leaves_no_run(
    tuned: Tuned, adapter: Path, wallpaper: Path, tmp_path: Path, capfd: Any
) -> None:
    weights(adapter, halve)
    recipe = tmp_path / "mine.toml"
    recipe.write_text(f'name = "mine"\n[model]\nname = "{tuned.base}"\n', encoding="utf-8")
    book = tmp_path / "ledger.db"
    status = run([
        "generate", str(recipe), "-c", "sample-wallpaper", "--test", str(wallpaper / "test.csv"),
        "--run", "one", "--engine", "transformers", "--adapter", str(adapter),
        "--ledger", str(book),
    ])  # fmt: skip
    assert status == 2
    message = capfd.readouterr().err
    assert "the adapter has no weights for" in message
    assert "Traceback" not in message
    with Ledger(book) as ledger:
        assert list(ledger.runs()) == []


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"target_modules": ["q_proj", "lm_head"]},
        {"use_dora": True},
        {"use_rslora": True, "rank_pattern": {"v_proj": 8}, "alpha_pattern": {"q_proj": 32}},
        {"bias": "lora_only"},
        {"modules_to_save": ["lm_head"]},
        {"trainable_token_indices": {"embed_tokens": [5, 6]}},
    ],
    ids=lambda settings: " ".join(settings) or "plain",
)
def test_transformers_computes_what_peft_computes(
    settings: dict[str, Any], dtype: str, tuned: Tuned, tmp_path: Path
) -> None:
    adapter = variant(tuned.base, tmp_path / "lora", **settings)
    engine = TransformersEngine(tiny.context(tuned.base, adapter, engine={"dtype": dtype}))
    engine.start()
    plain = load_base(tuned.base, getattr(torch, dtype))
    before = logits(plain)
    over = PeftModel.from_pretrained(plain, adapter)
    assert torch.equal(logits(engine._model), logits(over))
    assert not torch.equal(logits(engine._model), before)
    kept = {name: each.dtype for name, each in over.named_parameters()}
    assert {name: each.dtype for name, each in engine._model.named_parameters()} == kept
    if not settings:
        assert {kept[name] for name in kept if ".lora_" in name} == {torch.float32}


@needs_vllm
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"trainable_token_indices": {"embed_tokens": [5, 6]}}, "with trainable_token_indices"),
        ({"modules_to_save": ["lm_head"]}, "that replaces lm_head"),
    ],
)
def test_what_is_more_than_lora_goes_through_transformers(
    settings: dict[str, Any], reason: str, tuned: Tuned, tmp_path: Path
) -> None:
    adapter = variant(tuned.base, tmp_path / "lora", **settings)
    said: list[str] = []
    context = replace(tiny.context(tuned.base, adapter), say=said.append)
    assert isinstance(make_engine(context), TransformersEngine)
    assert reason in said[0]


@pytest.mark.parametrize(
    ("settings", "size"),
    [({}, 8), ({"r": 8}, 8), ({"r": 17}, 32), ({"rank_pattern": {"q_proj": 100}}, 128)],
)
def test_vllm_is_given_the_smallest_room_that_the_adapters_largest_rank_needs(
    settings: dict[str, Any], size: int, tuned: Tuned, adapter: Path
) -> None:
    change(adapter, **settings)
    assert lora_slot(Checkpoint(tiny.context(tuned.base, adapter)).adapter) == size
    assert lora_slot(Checkpoint(tiny.context(tuned.base)).adapter) == 16


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Gemma 2, whose input and output share one tensor."""
    from baselines.stand_ins.small import Plan, make

    folder = tmp_path_factory.mktemp("shared") / "gemma2"
    folder.mkdir()
    make("gemma2", folder, Plan(merges=0, width=64, heads=1, steps=0), ["가나다"])
    return folder


# peft's own remark on tying a token's weights alone.
@pytest.mark.filterwarnings("ignore:You have requested `ensure_weight_tying`:UserWarning:peft")
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"trainable_token_indices": [5, 6]},
        {"trainable_token_indices": [5, 6], "ensure_weight_tying": True},
        {"target_modules": ["q_proj", "lm_head"]},
        {"target_modules": ["q_proj", "lm_head"], "ensure_weight_tying": True},
    ],
    ids=lambda settings: " ".join(settings) or "plain",
)
def test_an_adapter_over_shared_embeddings_does_what_it_did_when_it_was_saved(
    settings: dict[str, Any], shared: Path, tmp_path: Path
) -> None:
    torch.manual_seed(4)
    config = LoraConfig(**{"r": 4, "target_modules": ["q_proj"], **settings})
    over = get_peft_model(load_base(shared, torch.float32), config)
    with torch.no_grad():
        for name, parameter in over.named_parameters():
            if parameter.requires_grad or ".lora_" in name:
                parameter.normal_(std=0.1)
    over.save_pretrained(tmp_path / "lora", save_embedding_layers=False)
    engine = TransformersEngine(tiny.context(shared, tmp_path / "lora"))
    engine.start()
    wanted = logits(over)
    torch.testing.assert_close(logits(engine._model), wanted, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(logits(load_base(shared, torch.float32)), wanted, atol=1e-3)
