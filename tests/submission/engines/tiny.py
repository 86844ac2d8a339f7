"""What the engine tests need of the small models: varied, readable answers, and adapters."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from submission.engines.base import EngineContext, Request
from submission.recipes import Recipe
from tests.models import byte_tokenizer
from tests.requests import ask

SCALE = 8.0


def lively(folder: Path, *, alias: Mapping[str, str] | None = None, tied: bool = False) -> Path:
    """Make a model of this folder answer in printable ASCII that changes with the prompt.

    Each such character is one token, so equal texts are equal tokens. ``alias`` has the model
    give the special token on the right wherever it would give the character on the left. Input
    and output get an embedding each, unless they are to stay ``tied``: then nothing but printable
    ASCII is told apart in a prompt, either.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    readable = set(tokenizer(string.ascii_letters + string.digits + " .,")["input_ids"])
    readable.add(tokenizer.eos_token_id)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(SCALE)
        head = model.get_output_embeddings().weight.clone()
        for token in set(range(len(head))) - readable:
            head[token] = 0.0
        for character, special in (alias or {}).items():
            (source,) = tokenizer(character)["input_ids"]
            head[tokenizer.convert_tokens_to_ids(special)] = head[source]
            head[source] = 0.0
        if tied:
            model.get_output_embeddings().weight.copy_(head)
        else:
            model.config.tie_word_embeddings = False
            model.get_output_embeddings().weight = torch.nn.Parameter(head)
    model.save_pretrained(folder)
    return folder


def llama(folder: Path, *, seed: int = 0, context: int = 512) -> Path:
    """A Llama with a byte-level tokenizer; vLLM takes adapters for it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    size = byte_tokenizer(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=size, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=context,
        bos_token_id=None, eos_token_id=1, pad_token_id=0, tie_word_embeddings=False,
        dtype="float32",
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def adapter(model: Path, folder: Path, *, seed: int = 1, merged: Path | None = None) -> Path:
    """A LoRA adapter of random weights for ``model``; with ``merged`` the two as one model, too."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(model)
    shape = LoraConfig(r=4, lora_alpha=16, target_modules="all-linear", init_lora_weights=False)
    tuned = get_peft_model(base, shape)
    tuned.save_pretrained(folder)
    if merged is not None:
        tuned.merge_and_unload().save_pretrained(merged)
        AutoTokenizer.from_pretrained(model).save_pretrained(merged)
    return folder


def context(model: Path, adapter: Path | None = None, **tables: Any) -> EngineContext:
    """What an engine is made from, for a recipe with these tables."""
    files = {"name": str(model), "adapter": str(adapter) if adapter else None}
    data = {"name": "test", "model": files, **tables}
    return EngineContext(Recipe.model_validate(data))


def prompts(texts: Mapping[str, str] | list[str], *, seed: int = 0) -> list[Request]:
    """Requests for ``texts``, in the byte tokenizer's ids; keys are their places or as given."""
    pairs = texts.items() if isinstance(texts, Mapping) else enumerate(texts)
    return [
        ask(str(key), text, tuple(_ids(text)), seed + place)
        for place, (key, text) in enumerate(pairs)
    ]


def _ids(text: str) -> list[int]:
    from tokenizers import pre_tokenizers

    number = {token: place for place, token in enumerate(sorted(_ALPHABET), start=3)}
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return [number[letter] for piece, _ in level.pre_tokenize_str(text) for letter in piece]


def _alphabet() -> list[str]:
    from tokenizers import pre_tokenizers

    return list(pre_tokenizers.ByteLevel.alphabet())


_ALPHABET = _alphabet()


QUESTIONS = [
    "벽지에 곰팡이가 왜 생기나요?",
    "결로를 막는 방법은 무엇인가요? 그리고 환기는 얼마나 자주 하나요?",
    "도배 하자",
    "a",
    "바닥 마루에서 소리가 나면서 솟아오르는 현상은 왜 생기나요?",
    "What is the difference between silk and paper wallpaper?",
    "타일",
    "욕실 벽 타일이 들뜨는 원인은 무엇인가요? 또한, 줄눈은 언제 다시 채우나요?",
]
