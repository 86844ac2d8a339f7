"""Folders that hold something else than is asked for are named as what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertLMHeadModel,
    BertModel,
)

from submission.adapters.load import load_base, load_tokenizer
from submission.adapters.merge import merge
from submission.engines.checkpoint import Checkpoint
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from tests.models import t5, tokenizer_with
from tests.submission.engines import tiny


def bert(kind: Any, folder: Path, **settings: Any) -> Path:
    config = BertConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, **settings,
    )  # fmt: skip
    kind(config).save_pretrained(folder)
    tokenizer_with().save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", [BertModel, BertForMaskedLM, BertForSequenceClassification])
def test_a_text_encoder_is_no_model_to_generate_with(kind: Any, tmp_path: Path) -> None:
    folder = bert(kind, tmp_path / "bert")
    for opened in (
        lambda: load_base(folder, torch.float32),
        lambda: Checkpoint(tiny.context(folder)),
    ):
        with pytest.raises(InputError, match=rf"text encoder or a classifier \({kind.__name__}\)"):
            opened()


def test_a_classifier_made_of_a_language_model_writes_no_text(tmp_path: Path) -> None:
    folder = tiny.llama(tmp_path / "llama")
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "architectures": ["LlamaForSequenceClassification"]}))
    with pytest.raises(InputError, match="LlamaForSequenceClassification"):
        load_base(folder, torch.float32)


@pytest.mark.parametrize(
    ("kind", "name", "settings"),
    [
        ("t5", "T5EncoderModel", {}),
        ("llama", "LlamaModel", {"tie_word_embeddings": False}),
        ("clip", "CLIPModel", {}),
        ("vit", "ViTModel", {}),
    ],
)
def test_what_has_no_output_layer_for_text_is_named(
    kind: str, name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    config = {"model_type": kind, "architectures": [name], **settings}
    (tmp_path / "config.json").write_text(json.dumps(config))
    for opened in (
        lambda: load_base(tmp_path, torch.float32),
        lambda: Checkpoint(tiny.context(tmp_path)),
        lambda: merge(ModelFiles("base", tmp_path), [], tmp_path / "out", []),
    ):
        with pytest.raises(InputError, match=rf"without an output layer for text \({name}\)"):
            opened()


@pytest.mark.parametrize("named", [[1], "LlamaForCausalLM", {"a": 1}])
def test_architectures_that_are_no_names_are_refused(named: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "llama", "architectures": named})
    )
    with pytest.raises(
        InputError, match=r"config\.json: architectures is .* no list of class names"
    ):
        load_base(tmp_path, torch.float32)


def test_a_body_with_shared_embeddings_is_opened(tmp_path: Path) -> None:
    """Its output layer is the input's, whatever its class is called."""
    folder = tiny.llama(tmp_path / "llama")
    config = json.loads((folder / "config.json").read_text())
    changed = {**config, "architectures": ["LlamaModel"], "tie_word_embeddings": True}
    (folder / "config.json").write_text(json.dumps(changed))
    load_base(folder, torch.float32)


def test_what_writes_text_is_opened(tmp_path: Path) -> None:
    load_base(bert(BertLMHeadModel, tmp_path / "bert", is_decoder=True), torch.float32)
    load_base(t5(tmp_path / "t5"), torch.float32, seq2seq=True)


def with_class(folder: Path, name: str, *, alone: bool = False) -> Path:
    tokenizer_with().save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "tokenizer_class": name}))
    if alone:
        (folder / "tokenizer.json").unlink()
    return folder


@pytest.mark.parametrize(
    "name", ["BertTokenizer", "GemmaTokenizer", "LlamaTokenizer", "T5Tokenizer"]
)
def test_a_tokenizer_class_that_does_not_fit_its_file_is_named(name: str, tmp_path: Path) -> None:
    folder = with_class(tmp_path, name)
    with pytest.raises(InputError, match=rf"\({name}\) does not fit its tokenizer\.json") as found:
        load_tokenizer(folder)
    assert "PreTrainedTokenizerFast" in str(found.value)
    with_class(folder, "PreTrainedTokenizerFast")
    assert load_tokenizer(folder).decode(load_tokenizer(folder)("벽지")["input_ids"]) == "벽지"


def test_a_tokenizer_class_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"class \(Nothing\) is not one of transformers"):
        load_tokenizer(with_class(tmp_path, "Nothing", alone=True))


def test_damaged_tokenizer_files_are_not_called_absent(tmp_path: Path) -> None:
    with_class(tmp_path, "PreTrainedTokenizerFast")
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match=r"no tokenizer that can be loaded: .*model\.tokenizer"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    "kind",
    ["gemma", "gemma2", "gpt2", "llama", "mistral", "qwen2", "t5"],
)
def test_a_tokenizer_that_transformers_makes_up_is_refused(kind: str, tmp_path: Path) -> None:
    """Of some it makes one that knows no text, others it does not load."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    with pytest.raises(InputError, match=r"has no vocabulary of a tokenizer .*model\.tokenizer"):
        load_tokenizer(tmp_path)


def test_code_that_comes_with_a_tokenizer_is_named(tmp_path: Path) -> None:
    with_class(tmp_path, "Nothing")
    path = tmp_path / "tokenizer_config.json"
    own = {"auto_map": {"AutoTokenizer": ["tokenization_x.Nothing", None]}}
    path.write_text(json.dumps({**json.loads(path.read_text()), **own}))
    (tmp_path / "tokenization_x.py").write_text("class Nothing: pass\n")
    with pytest.raises(InputError, match=r"code of its own.* model\.trust_remote_code=true"):
        load_tokenizer(tmp_path)
    with pytest.raises(InputError) as found:
        load_tokenizer(tmp_path, trust_remote_code=True)
    assert "does not fit" not in str(found.value)


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("tokenizer_config.json", "{", r"tokenizer_config\.json: not valid JSON"),
        ("tokenizer_config.json", "[]", r"tokenizer_config\.json: is not a JSON object"),
        ("tokenizer_config.json", '{"chat_template": ["x"]}', r"chat_template is \['x'\]"),
        ("config.json", "{", r"config\.json"),
        ("chat_template.jinja", "\udcff", r"chat_template\.jinja: is not UTF-8"),
    ],
)
def test_a_broken_file_beside_a_whole_tokenizer_is_named(
    file: str, content: str, named: str, tmp_path: Path
) -> None:
    tokenizer_with().save_pretrained(tmp_path)
    if file == "config.json":
        (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / file).write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=named) as found:
        load_tokenizer(tmp_path)
    assert "does not fit" not in str(found.value)
    assert ". ." not in str(found.value)
    assert ".." not in str(found.value).replace(str(tmp_path), "")
