"""Merging into bases that are not plain: 4-bit ones, encoder-decoders, shared embeddings."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, BitsAndBytesConfig

from submission.adapters import Weighted, merge
from submission.errors import InputError
from submission.files.digest import folder_digest, sha256_file
from tests.models import byte_tokenizer, t5
from tests.submission.adapters.test_merge import TEXTS, files, lora, run_merge
from tests.submission.engines import tiny

IDS = torch.arange(3, 40)[None]


def nf4(**settings: Any) -> BitsAndBytesConfig:
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
        **settings,
    )


def logits(model: Any, **more: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model.eval()(input_ids=IDS, **more).logits
    return found


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Wide enough for every 4-bit kernel.
    return tiny.llama(tmp_path_factory.mktemp("full") / "llama")


@pytest.fixture(scope="module")
def four_bit(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, its weights written in 4 bits."""
    folder = tmp_path_factory.mktemp("four-bit") / "llama-nf4"
    model = AutoModelForCausalLM.from_pretrained(
        full, quantization_config=nf4(), dtype=torch.float32
    )
    model.save_pretrained(folder)
    byte_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def qlora(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter trained a few steps over the base in 4 bits, and its record."""
    folder = tmp_path_factory.mktemp("qlora") / "adapter"
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(
        full, quantization_config=nf4(), dtype=torch.float32
    )
    over = get_peft_model(
        model,
        LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"),
    )
    optimizer = torch.optim.AdamW([p for p in over.parameters() if p.requires_grad], lr=0.05)
    losses = []
    for _ in range(8):
        loss = over.train()(input_ids=IDS, labels=IDS).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    over.save_pretrained(folder, save_embedding_layers=False)
    record = {
        "base_sha256": folder_digest(full, sha256_file),
        "base_quantization": "bitsandbytes 4-bit (nf4, double)",
    }
    (folder / "leaderkit.json").write_text(json.dumps(record))
    return folder


def dequantized(base: Path) -> dict[str, torch.Tensor]:
    """The 4-bit base's weights by bitsandbytes' own function, layer by layer."""
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit

    model = AutoModelForCausalLM.from_pretrained(
        base, quantization_config=nf4(), dtype=torch.float32
    )
    return {
        name: dequantize_4bit(module.weight.data, module.weight.quant_state)
        for name, module in model.named_modules()
        if isinstance(module, Linear4bit)
    }


def test_an_adapter_of_a_4bit_training_goes_into_the_full_base_and_the_difference_is_told(
    full: Path, qlora: Path, tmp_path: Path
) -> None:
    report = run_merge(full, qlora, tmp_path / "out")
    assert report.onto == "full"
    assert report.merged.difference < 1e-4
    assert report.as_trained is not None
    assert report.as_trained.difference > 100 * report.merged.difference
    assert any("4-bit" in note for note in report.warnings)
    before, after = (load_file(f / "model.safetensors") for f in (full, tmp_path / "out"))
    untouched = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(before[untouched], after[untouched])


def test_onto_quantized_gives_what_the_training_saw(
    full: Path, qlora: Path, tmp_path: Path
) -> None:
    report = run_merge(full, qlora, tmp_path / "out", onto="quantized")
    assert report.onto == "quantized"
    assert report.as_trained is None
    assert report.merged.difference < 1e-4
    assert not report.warnings
    after = load_file(tmp_path / "out" / "model.safetensors")
    for name, weight in dequantized(full).items():
        if not name.endswith(("q_proj", "v_proj")):
            assert torch.equal(after[f"{name}.weight"], weight)
    assert "quantization_config" not in json.loads((tmp_path / "out" / "config.json").read_text())


def full_precision(base: Path, folder: Path, record: dict[str, Any] | None) -> Path:
    lora(base, folder, ["q_proj"])
    if record is not None:
        (folder / "leaderkit.json").write_text(json.dumps(record))
    return folder


def test_onto_quantized_is_refused_where_the_record_says_full_precision(
    full: Path, tmp_path: Path
) -> None:
    adapter = full_precision(full, tmp_path / "lora", {"base_quantization": None})
    with pytest.raises(InputError, match="on a base that was not in 4 bits, so --onto quantized"):
        run_merge(full, adapter, tmp_path / "out", onto="quantized")
    assert not (tmp_path / "out").exists()


def test_onto_quantized_is_warned_of_where_it_is_not_known_what_was_trained_on(
    full: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    adapter = full_precision(full, tmp_path / "lora", None)
    report = run_merge(full, adapter, tmp_path / "out", onto="quantized", say=said.append)
    (warning,) = report.warnings
    assert warning.startswith(f"it is not known whether {adapter} was trained on a 4-bit base")
    assert f"Warning: {warning}." in said


@pytest.mark.parametrize("other", ["bitsandbytes 4-bit (fp4)", None])
def test_adapters_of_differently_held_bases_are_compared_with_none_of_them(
    other: str | None, full: Path, qlora: Path, tmp_path: Path
) -> None:
    second = full_precision(full, tmp_path / "lora", {"base_quantization": other})
    given = [Weighted(files(qlora), 0.5), Weighted(files(second), 0.5)]
    report = merge(files(full), given, tmp_path / "out", TEXTS)
    assert report.as_trained is None
    assert any("so the result is not compared with such a base" in each for each in report.warnings)
    with pytest.raises(InputError, match=r"differently quantized|not in 4 bits"):
        merge(files(full), given, tmp_path / "other", TEXTS, onto="quantized")


def test_a_base_in_4_bits_is_made_full(four_bit: Path, tmp_path: Path) -> None:
    adapter = lora(four_bit, tmp_path / "lora", ["q_proj", "down_proj", "lm_head"])
    report = run_merge(four_bit, adapter, tmp_path / "out")
    assert report.onto == "quantized"
    assert report.written.difference < 1e-4
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert {parameter.dtype for parameter in merged.parameters()} == {torch.float32}
    over = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(four_bit, dtype=torch.float32), adapter
    )
    # On some processors bitsandbytes' own inference rounds the scales to bfloat16.
    assert float((logits(merged) - logits(over)).abs().max()) < 0.05 * report.logits_high


def seq2seq_adapter(base: Path, folder: Path, **settings: Any) -> Path:
    torch.manual_seed(2)
    over = get_peft_model(
        AutoModelForSeq2SeqLM.from_pretrained(base, dtype=torch.float32),
        LoraConfig(
            r=4, lora_alpha=8, init_lora_weights=False, task_type="SEQ_2_SEQ_LM", **settings
        ),
    )
    over.save_pretrained(folder, save_embedding_layers=False)
    return folder


@pytest.mark.parametrize(
    "targets", [["q", "v"], ["q", "k", "v", "o", "wi", "wo"], ["q", "v", "lm_head"]]
)
def test_t5(targets: list[str], tmp_path: Path) -> None:
    """Its embeddings are shared three ways, and its output is scaled where the fourth shares."""
    base = t5(tmp_path / "t5")
    adapter = seq2seq_adapter(base, tmp_path / "lora", target_modules=targets)
    report = run_merge(base, adapter, tmp_path / "out")
    assert report.written.difference < 1e-4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        over = PeftModel.from_pretrained(AutoModelForSeq2SeqLM.from_pretrained(base), adapter)
    merged = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "out")
    plain = AutoModelForSeq2SeqLM.from_pretrained(base)
    decoder = {"decoder_input_ids": IDS}
    assert torch.allclose(logits(merged, **decoder), logits(over, **decoder), atol=1e-4)
    assert not torch.allclose(logits(merged, **decoder), logits(plain, **decoder), atol=1e-2)


@pytest.mark.parametrize(
    "settings",
    [
        {"use_rslora": True},
        {"use_dora": True},
        {"rank_pattern": {"v_proj": 8}, "alpha_pattern": {"q_proj": 32}},
        {"bias": "lora_only"},
        {"init_lora_weights": "gaussian"},
    ],
)
def test_kinds_of_lora_that_can_be_written_into_weights(
    settings: dict[str, Any], full: Path, tmp_path: Path
) -> None:
    adapter = variant(full, tmp_path / "lora", **settings)
    assert run_merge(full, adapter, tmp_path / "out").written.difference < 1e-4
    over = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(full), adapter)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    plain = AutoModelForCausalLM.from_pretrained(full)
    assert torch.allclose(logits(merged), logits(over), atol=1e-4)
    assert not torch.allclose(logits(merged), logits(plain), atol=1e-3)


def variant(base: Path, folder: Path, **settings: Any) -> Path:
    """An adapter of some kind whose weights are random and none of them zero."""
    torch.manual_seed(4)
    over = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], **settings}),
    )
    with torch.no_grad():
        for name, parameter in over.named_parameters():
            if ".lora_" in name:
                parameter.normal_(std=0.1 if "magnitude" not in name else 0.5)
    over.save_pretrained(folder, save_embedding_layers=False)
    return folder


@pytest.mark.parametrize("settings", [{"init_lora_weights": "pissa"}, {"layer_replication": True}])
def test_what_began_by_changing_the_base_or_is_no_change_of_weights_is_refused(
    settings: dict[str, Any], full: Path, tmp_path: Path
) -> None:
    adapter = lora(full, tmp_path / "lora", ["q_proj"])
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    with pytest.raises(InputError, match="|".join(settings)):
        run_merge(full, adapter, tmp_path / "out")


def test_another_base_is_refused_where_the_adapters_record_proves_it(
    full: Path, qlora: Path, tmp_path: Path
) -> None:
    other = tiny.llama(tmp_path / "other", seed=9)
    with pytest.raises(InputError, match=r"are not those \(their SHA-256 differs\).*--other-base"):
        run_merge(other, qlora, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    report = merge(files(other), [Weighted(files(qlora))], tmp_path / "out", TEXTS, other_base=True)
    assert any("are not those the adapter was trained on" in note for note in report.warnings)
