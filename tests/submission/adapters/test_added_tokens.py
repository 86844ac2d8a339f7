"""Adapters with added tokens: merged and applied as peft does it, or refused before loading."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from submission.adapters import Weighted, merge, read_adapter
from submission.adapters.adapter import tensor_shapes
from submission.adapters.attach import attach, fitting
from submission.adapters.load import load_base
from submission.engines.base import Request
from submission.engines.choose import make_engine
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.vllm.support import adapter_refusal
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from tests.models import gpt2, t5
from tests.requests import ask, flat
from tests.submission.engines import tiny

ADDED = ["<질문>", "<답변>"]
TOKENS = 259
"""What the byte-level tokenizer has before any is added."""
TEXTS = ["<질문>벽지가 울어요.<답변>", "곰팡이는 왜 생기나요?<답변>", "Tiles"]
BOTH = ["embed_tokens", "lm_head"]

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:peft"),
    pytest.mark.filterwarnings("ignore:.*save_embedding_layers.*"),
]


class Case(NamedTuple):
    """A kind of adapter: peft's settings, whether embeddings are saved, how many the base gets."""

    settings: dict[str, Any]
    save: bool | str = "auto"
    rows: int = TOKENS + len(ADDED)


KINDS = {
    "whole": Case({"modules_to_save": BOTH}),
    "whole, nothing else": Case({"modules_to_save": BOTH}, save=False),
    "whole input": Case({"modules_to_save": ["embed_tokens"]}),
    "whole, kept tied": Case({"modules_to_save": BOTH, "ensure_weight_tying": True}),
    "resized": Case({}),
    "resized to a multiple": Case({}, rows=320),
    "lora on both": Case({"target_modules": ["q_proj", *BOTH]}),
    "lora on the old embeddings": Case(
        {"target_modules": ["q_proj", *BOTH]}, save=False, rows=TOKENS
    ),
    "tokens": Case({"trainable_token_indices": [TOKENS, TOKENS + 1]}),
    "tokens of both": Case(
        {"trainable_token_indices": {name: [TOKENS, TOKENS + 1] for name in BOTH}}, save=False
    ),
    "old tokens": Case({"trainable_token_indices": [5, 6]}, save=False, rows=TOKENS),
    "other tokens of each": Case(
        {"trainable_token_indices": {"embed_tokens": [5, 6], "lm_head": [7]}},
        save=False,
        rows=TOKENS,
    ),
}
# Over shared embeddings peft merges a change of one into both, which is not what it computes
# before; what it computes is what counts.
UNLIKE_PEFT = {"lora on both", "lora on the old embeddings", "other tokens of each"}


class Made(NamedTuple):
    """An adapter's folder, its logits with peft before and after peft's own merge."""

    folder: Path
    over: torch.Tensor
    merged: torch.Tensor
    tied: bool


def base(folder: Path, *, tied: bool = False, rows: int = TOKENS) -> Path:
    tiny.llama(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.config.tie_word_embeddings = tied
    model.tie_weights()
    model.resize_token_embeddings(rows, mean_resizing=False)
    model.save_pretrained(folder)
    return folder


def make(model: Path, folder: Path, case: Case) -> Made:
    """An adapter that peft made, with a tokenizer of its own where tokens were added."""
    torch.manual_seed(3)
    plain = AutoModelForCausalLM.from_pretrained(model)
    plain.resize_token_embeddings(case.rows)
    tokenizer = AutoTokenizer.from_pretrained(model)
    if case.rows > TOKENS:
        tokenizer.add_special_tokens({"additional_special_tokens": ADDED})
    settings = {"target_modules": ["q_proj"], "init_lora_weights": False, **case.settings}
    over = get_peft_model(plain, LoraConfig(r=4, task_type="CAUSAL_LM", **settings)).eval()
    with torch.no_grad():
        for parameter in over.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.05)
        # Plainly larger than those that come by chance, so that none is taken for another.
        over.save_pretrained(folder, save_embedding_layers=case.save)
        before = logits(over, tokenizer)
        merged = over.merge_and_unload()
    tokenizer.save_pretrained(folder)
    shared = merged.get_input_embeddings().weight is merged.get_output_embeddings().weight
    return Made(folder, before, logits(merged, tokenizer), shared)


def logits(model: Any, tokenizer: Any) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat(
            [model(**tokenizer(text, return_tensors="pt")).logits[0] for text in TEXTS]
        )


def run_merge(model: Path, adapter: Path, out: Path) -> list[str]:
    said: list[str] = []
    files = [ModelFiles(str(each), each) for each in (model, adapter)]
    report = merge(files[0], [Weighted(files[1])], out, TEXTS, say=said.append)
    assert not list(report.failures())
    return said


def close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_merged_and_what_is_applied_is_what_peft_says(
    kind: str, tied: bool, tmp_path: Path
) -> None:
    case = KINDS[kind]
    model = base(tmp_path / "base", tied=tied)
    made = make(model, tmp_path / "adapter", case)
    said = run_merge(model, made.folder, tmp_path / "out")
    resized = [text for text in said if "was trained with" in text]
    assert bool(resized) is (case.rows != TOKENS)
    assert said.index(resized[0]) < said.index(f"Loading {model}.") if resized else True

    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert merged.config.vocab_size == merged.get_input_embeddings().weight.shape[0] == case.rows
    assert len(tokenizer) == TOKENS + len(ADDED) * (case.rows > TOKENS)
    assert close(logits(merged, tokenizer), made.over)
    if not (tied and kind in UNLIKE_PEFT):
        assert close(logits(merged, tokenizer), made.merged)
        assert merged.config.tie_word_embeddings is made.tied
    ids = tokenizer(TEXTS[0], return_tensors="pt")
    assert merged.generate(**ids, max_new_tokens=4).shape[1] > ids["input_ids"].shape[1]

    part = fitting(model, read_adapter(made.folder))
    over = attach(load_base(model, torch.float32), [part], upcast=True)
    assert close(logits(over, tokenizer), made.over)


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
def test_over_a_padded_base_there_are_as_many_embeddings_as_in_training(
    tied: bool, tmp_path: Path
) -> None:
    """The base has more rows than its tokenizer, the adapter was cut to the tokenizer's."""
    model = base(tmp_path / "base", tied=tied, rows=320)
    made = make(model, tmp_path / "adapter", KINDS["resized"])
    said = run_merge(model, made.folder, tmp_path / "out")
    assert "with 261 tokens: the base's 320 embeddings become as many" in said[1]
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert merged.config.vocab_size == len(tokenizer) == 261
    assert close(logits(merged, tokenizer), made.merged)


def test_an_adapter_that_keeps_a_padded_base_keeps_its_rows(tmp_path: Path) -> None:
    model = base(tmp_path / "base", rows=320)
    made = make(model, tmp_path / "adapter", Case({}, rows=320))
    run_merge(model, made.folder, tmp_path / "out")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert merged.config.vocab_size == 320
    assert len(AutoTokenizer.from_pretrained(tmp_path / "out")) == 261


def test_gpt2_and_its_shared_embeddings(tmp_path: Path) -> None:
    model = gpt2(tmp_path / "base")
    case = Case({"target_modules": ["c_attn"], "modules_to_save": ["wte"]})
    made = make(model, tmp_path / "adapter", case)
    run_merge(model, made.folder, tmp_path / "out")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert close(logits(merged, AutoTokenizer.from_pretrained(tmp_path / "out")), made.over)


def test_an_encoder_decoder_gets_its_tokens_too(tmp_path: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM

    model = t5(tmp_path / "base")
    plain = AutoModelForSeq2SeqLM.from_pretrained(model)
    plain.resize_token_embeddings(261)
    config = LoraConfig(
        r=4, target_modules=["q"], init_lora_weights=False, task_type="SEQ_2_SEQ_LM"
    )
    over = get_peft_model(plain, config).eval()
    over.save_pretrained(tmp_path / "adapter", save_embedding_layers=True)
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_tokens(ADDED)
    tokenizer.save_pretrained(tmp_path / "adapter")
    run_merge(model, tmp_path / "adapter", tmp_path / "out")
    merged = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "out")
    ids = torch.tensor([[260, 259, 70, 1]])
    with torch.no_grad():
        found, wanted = (
            each(input_ids=ids, decoder_input_ids=ids).logits for each in (merged, over)
        )
    assert close(found, wanted)
    assert merged.config.vocab_size == 261


@pytest.mark.parametrize(
    ("case", "lacking"),
    [
        (Case({"modules_to_save": ["embed_tokens"]}, save=False), "lm_head"),
        (Case({"target_modules": ["lm_head"]}, save=False), "model.embed_tokens, lm_head"),
        (Case({"trainable_token_indices": [TOKENS + 1]}, save=False), "model.embed_tokens"),
        (Case({"trainable_token_indices": [TOKENS, TOKENS + 1]}, save=False), "lm_head"),
    ],
    ids=["copy of the input", "lora without its base", "one of two tokens", "input alone"],
)
def test_added_tokens_without_embeddings_are_refused_before_anything_is_loaded(
    case: Case, lacking: str, tmp_path: Path
) -> None:
    model = base(tmp_path / "base")
    made = make(model, tmp_path / "adapter", case)
    (model / "model.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="261 tokens where the base has 259") as refused:
        run_merge(model, made.folder, tmp_path / "out")
    assert lacking in str(refused.value)
    engine = TransformersEngine(tiny.context(model, made.folder))
    with pytest.raises(InputError, match="does not hold the embeddings of those added"):
        engine.start()


def test_a_tokenizer_with_more_tokens_than_embeddings_is_refused(tmp_path: Path) -> None:
    model = base(tmp_path / "base")
    made = make(model, tmp_path / "adapter", Case({}, save=False))
    with pytest.raises(
        InputError, match="was trained with 261 tokens, and it and its base have embeddings of 259"
    ):
        run_merge(model, made.folder, tmp_path / "out")
    engine = TransformersEngine(tiny.context(model, made.folder))
    with pytest.raises(InputError, match="trained with 261 tokens, and it and its base have embe"):
        engine.start()


def test_an_adapter_of_a_smaller_vocabulary_is_refused_without_its_tokenizer(
    tmp_path: Path,
) -> None:
    model = base(tmp_path / "base")
    made = make(model, tmp_path / "adapter", Case({"modules_to_save": BOTH}, rows=300))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (made.folder / name).unlink()
    path = made.folder / "adapter_model.safetensors"
    cut = {
        name: tensor[:200].clone() if tensor.shape[0] == 300 else tensor
        for name, tensor in load_file(path).items()
    }
    save_file(cut, path)
    with pytest.raises(InputError, match="was trained with 200 tokens, and the tokenizer has 259"):
        run_merge(model, made.folder, tmp_path / "out")


def test_two_adapters_that_replace_embeddings_are_no_sum(tmp_path: Path) -> None:
    model = base(tmp_path / "base")
    made = [make(model, tmp_path / name, KINDS["resized"]) for name in ("one", "two")]
    files = ModelFiles("base", model)
    pair = [Weighted(ModelFiles(each.folder.name, each.folder), 0.5) for each in made]
    with pytest.raises(InputError, match=r"replaces whole weights .*embed_tokens"):
        merge(files, pair, tmp_path / "out", TEXTS)


@pytest.mark.parametrize("kind", ["whole", "resized", "tokens", "lora on both"])
def test_vllm_leaves_them_to_a_merge(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("vllm")
    model = base(tmp_path / "base")
    made = make(model, tmp_path / "adapter", KINDS[kind])
    said: list[str] = []
    context = tiny.context(model, made.folder, engine={"name": "auto"})
    engine = make_engine(replace(context, say=said.append))
    assert isinstance(engine, TransformersEngine)
    assert "vLLM" in said[0]
    assert "adapter" in said[0]
    if kind != "lora on both":
        assert adapter_refusal(read_adapter(made.folder)) is not None


def test_the_engine_answers_with_what_the_adapter_added(tmp_path: Path) -> None:
    model = base(tmp_path / "base")
    made = make(model, tmp_path / "adapter", KINDS["whole"])
    said: list[str] = []
    context = tiny.context(model, made.folder, sampling={"max_tokens": 8})
    engine = TransformersEngine(replace(context, say=said.append))
    engine.start()
    assert any("was trained with 261 tokens" in text for text in said)
    tokenizer = AutoTokenizer.from_pretrained(made.folder)
    request: Request = ask("0", TEXTS[0], tuple(tokenizer(TEXTS[0])["input_ids"]))
    (done,) = flat(engine.complete([request]))
    assert done.completion_tokens > 0
    assert close(logits(engine._model, tokenizer), made.over)


def older(name: str) -> str:
    return name.replace(".base_layer.", ".")


def dumped(name: str) -> str:
    for part in ("lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B"):
        name = name.replace(f".{part}", f".{part}.default")
    return name


@pytest.mark.parametrize("rename", [older, dumped])
def test_names_of_other_versions_of_peft_are_read(rename: Any, tmp_path: Path) -> None:
    model = base(tmp_path / "base")
    made = make(model, tmp_path / "adapter", KINDS["lora on both"])
    path = made.folder / "adapter_model.safetensors"
    before = load_file(path)
    after = {rename(name): tensor for name, tensor in before.items()}
    assert after.keys() != before.keys()
    save_file(after, path)
    run_merge(model, made.folder, tmp_path / "out")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert close(logits(merged, AutoTokenizer.from_pretrained(made.folder)), made.merged)
    names = tensor_shapes(read_adapter(made.folder))
    assert not any(".default" in name for name in names)


def test_a_token_that_is_no_number_is_named(tmp_path: Path) -> None:
    model = base(tmp_path / "base")
    made = make(model, tmp_path / "adapter", KINDS["old tokens"])
    path = made.folder / "adapter_config.json"
    config = json.loads(path.read_text()) | {"trainable_token_indices": [-1]}
    path.write_text(json.dumps(config))
    with pytest.raises(InputError, match="trainable_token_indices"):
        read_adapter(made.folder)
