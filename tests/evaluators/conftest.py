"""Tiny models, built on the spot: they try the way through the libraries, not the numbers."""

from __future__ import annotations

import os
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluators import Example

LETTERS = "가나다라마바사아자차카타파하도배벽지곰팡이결로시공안전교육킬빌하자abcdefgh"
TEXTS = (
    "벽지 가나다 라마",
    "도배 하자 시공",
    "곰팡이 결로",
    "안전 교육",
    "가나",
    "바사아자차카타파하 도배 벽지",
)


@pytest.fixture(scope="session")
def example() -> Callable[..., Example]:
    def make(answer: str, *references: str, row: str = "r") -> Example:
        return Example(row, answer, references)

    return make


def _tokenizer(special: bool, **settings: object) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *dict.fromkeys(LETTERS)]
    tokens += [f"##{letter}" for letter in dict.fromkeys(LETTERS)]
    backend = Tokenizer(
        models.WordPiece({token: place for place, token in enumerate(tokens)}, unk_token="[UNK]")
    )
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    if special:
        backend.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        settings |= {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", **settings)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    torch.manual_seed(0)
    tokenizer = _tokenizer(special=True, model_max_length=32)
    BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
        )
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal model whose tokenizer has no CLS, SEP, padding or maximum length."""
    import torch
    from transformers import GPT2Config, GPT2Model

    folder = tmp_path_factory.mktemp("models") / "tiny-gpt2"
    torch.manual_seed(0)
    tokenizer = _tokenizer(special=False)
    GPT2Model(
        GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=16)
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import T5Config, T5Model

    folder = tmp_path_factory.mktemp("models") / "tiny-t5"
    torch.manual_seed(0)
    tokenizer = _tokenizer(special=False, pad_token="[PAD]")
    T5Model(
        T5Config(vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_sentence_encoder(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Path:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    folder = tmp_path_factory.mktemp("models") / "tiny-encoder"
    words = Transformer(str(tiny_bert))
    SentenceTransformer(modules=[words, Pooling(16, pooling_mode="mean")], device="cpu").save(
        str(folder)
    )
    return folder
