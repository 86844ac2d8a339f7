from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluators import EvaluationError, Example, build_metric
from evaluators.metrics.bleurt import Bleurt
from evaluators.neural.bleurt.pieces import Pieces

CONFIG: dict[str, Any] = {
    "architectures": ["BleurtForSequenceClassification"],
    "model_type": "bleurt",
    "embedding_size": 8,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
    "id2label": {"0": "LABEL_0"},
}
TEXTS = ["벽지에 곰팡이가 생겼다", "도배를 다시 했다", "안전 교육", "환기를 자주 한다", "벽지"]

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def pieces() -> bytes:
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(TEXTS * 20), model_writer=written, vocab_size=45,
        pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, pad_piece="[PAD]", unk_piece="[UNK]",
        control_symbols=["[CLS]", "[SEP]", "[MASK]"], hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    return written.getvalue()


def random_weights(config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The names and shapes that bleurt-pytorch writes."""
    torch.manual_seed(0)
    narrow, wide, between = (
        config[key] for key in ("embedding_size", "hidden_size", "intermediate_size")
    )
    held: dict[str, torch.Tensor] = {}

    def linear(name: str, size: int, out: int) -> None:
        held[f"{name}.weight"] = torch.randn(out, size) * 0.3
        held[f"{name}.bias"] = torch.randn(out) * 0.1

    def norm(name: str, size: int) -> None:
        held[f"{name}.weight"] = 1 + torch.randn(size) * 0.1
        held[f"{name}.bias"] = torch.randn(size) * 0.1

    for name, key in (
        ("word", "vocab_size"),
        ("position", "max_position_embeddings"),
        ("token_type", "type_vocab_size"),
    ):
        held[f"bleurt.embeddings.{name}_embeddings.weight"] = torch.randn(config[key], narrow)
    held["bleurt.embeddings.position_ids"] = torch.arange(config["max_position_embeddings"])[None]
    norm("bleurt.embeddings.LayerNorm", narrow)
    linear("bleurt.encoder.embedding_projection", narrow, wide)
    for number in range(config["num_hidden_layers"]):
        layer = f"bleurt.encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(f"{layer}.attention.{part}", wide, wide)
        norm(f"{layer}.attention.output.LayerNorm", wide)
        linear(f"{layer}.intermediate.dense", wide, between)
        linear(f"{layer}.output.dense", between, wide)
        norm(f"{layer}.output.LayerNorm", wide)
    linear("bleurt.pooler.dense", wide, wide)
    linear("classifier", wide, 1)
    return held


@pytest.fixture
def checkpoint(tmp_path: Path, pieces: bytes) -> Write:
    def write(**changed: Any) -> Path:
        folder = tmp_path / "bleurt"
        folder.mkdir(exist_ok=True)
        (folder / "spm.model").write_bytes(pieces)
        config = {**CONFIG, "vocab_size": Pieces(folder / "spm.model").size + 3}
        torch.save(random_weights(config), folder / "pytorch_model.bin")
        (folder / "config.json").write_text(json.dumps({**config, **changed}))
        return folder

    return write


def plain_score(held: dict[str, torch.Tensor], ids: list[int], sides: list[int]) -> float:
    """BLEURT's forward pass for one pair as Google computes it, from the weights' names alone."""
    from torch.nn.functional import gelu, layer_norm

    def linear(name: str, states: torch.Tensor) -> torch.Tensor:
        return states @ held[f"{name}.weight"].T + held[f"{name}.bias"]

    def norm(name: str, states: torch.Tensor) -> torch.Tensor:
        weight, bias = held[f"{name}.weight"], held[f"{name}.bias"]
        return layer_norm(states, weight.shape, weight, bias, eps=1e-12)

    states = held["bleurt.embeddings.word_embeddings.weight"][ids]
    states = states + held["bleurt.embeddings.position_embeddings.weight"][: len(ids)]
    states = states + held["bleurt.embeddings.token_type_embeddings.weight"][sides]
    states = linear(
        "bleurt.encoder.embedding_projection", norm("bleurt.embeddings.LayerNorm", states)
    )
    for number in range(CONFIG["num_hidden_layers"]):
        layer = f"bleurt.encoder.layer.{number}"
        query, key, value = (
            linear(f"{layer}.attention.self.{part}", states).view(len(ids), 2, 8).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        seen = (query @ key.mT / 8**0.5).softmax(-1) @ value
        seen = linear(f"{layer}.attention.output.dense", seen.transpose(0, 1).flatten(1))
        states = norm(f"{layer}.attention.output.LayerNorm", states + seen)
        between = gelu(linear(f"{layer}.intermediate.dense", states), approximate="tanh")
        states = norm(
            f"{layer}.output.LayerNorm", states + linear(f"{layer}.output.dense", between)
        )
    return float(linear("classifier", linear("bleurt.pooler.dense", states[0]).tanh()))


def test_agrees_with_its_forward_pass_written_out(checkpoint: Write) -> None:
    folder = checkpoint()
    joined = Pieces(folder / "spm.model").join(TEXTS, TEXTS[::-1], 32)
    held = torch.load(folder / "pytorch_model.bin", weights_only=True)
    expected = [
        plain_score(held, ids, [0] * (len(ids) - second) + [1] * second) for ids, second in joined
    ]
    rows = [
        Example(str(n), answer, (reference, "벽지"))
        for n, (reference, answer) in enumerate(zip(TEXTS, TEXTS[::-1], strict=True))
    ]
    metric = build_metric(f"bleurt:model={folder}")
    np.testing.assert_allclose(metric.rows(rows), expected, atol=5e-6)
    assert str(metric.signature).startswith("bleurt|refs:first|model:bleurt@")
    assert dict(metric.signature.options)["act"] == "gelu-tanh"


def test_weights_may_be_safetensors(checkpoint: Write) -> None:
    from safetensors.torch import save_file

    folder = checkpoint()
    rows = [Example("r", "벽지", ("도배",))]
    expected = Bleurt(str(folder)).rows(rows)
    save_file(torch.load(folder / "pytorch_model.bin"), folder / "model.safetensors")
    (folder / "pytorch_model.bin").unlink()
    np.testing.assert_allclose(Bleurt(str(folder)).rows(rows), expected, atol=5e-6)


def test_several_references_and_equal_pairs(checkpoint: Write) -> None:
    folder = str(checkpoint())
    row = Example("r", "벽지", ("도배를 다시 했다", "벽지에"))
    one, two = (
        float(Bleurt(folder).rows([Example("r", "벽지", (gold,))])[0]) for gold in row.references
    )
    for how, expected in (("first", one), ("max", max(one, two)), ("mean", (one + two) / 2)):
        found = build_metric(f"bleurt:model={folder},references={how}").rows([row, row])
        np.testing.assert_allclose(found, expected, atol=5e-6)


def test_the_longer_side_is_cut(checkpoint: Write) -> None:
    pieces = Pieces(checkpoint() / "spm.model")
    short, long = pieces.join(["벽지", "벽지 " * 40], ["벽지 " * 40, "벽지 " * 40], 20)
    whole = pieces.join(["벽지"], [""], 20)[0]
    assert len(short.ids) == len(long.ids) == 20
    assert short.ids[: len(whole.ids) - 1] == whole.ids[:-1]
    assert long.second == 9  # 17 pieces fit: nine of the reference, eight of the answer, and [SEP]


def test_empty_texts_are_scored_by_the_model(checkpoint: Write) -> None:
    rows = [Example("r", "", ("벽지",)), Example("s", "벽지", ("",))]
    assert np.isfinite(Bleurt(str(checkpoint())).rows(rows)).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model_type": "bert"}, "model_type='bert' is not supported, only bleurt"),
        ({"embedding_size": None}, "older BERT-based ones"),
        ({"hidden_act": "silu"}, "hidden_act='silu'"),
        ({"position_embedding_type": "relative_key"}, "only absolute"),
        ({"id2label": {"0": "a", "1": "b"}}, "2 labels"),
        ({"num_hidden_layers": "many"}, "num_hidden_layers='many'"),
        ({"num_hidden_layers": 3}, "not what config.json says (16 weights"),
        ({"num_hidden_layers": 1}, "not what config.json says (16 weights"),
        ({"hidden_size": 32}, "not what config.json says"),
        ({"vocab_size": 5}, "do not fit the 5 embeddings"),
    ],
)
def test_what_is_not_handled_is_refused(
    checkpoint: Write, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        Bleurt(str(checkpoint(**changed)))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_loaded_names_the_option_that_helps(
    checkpoint: Write, tmp_path: Path
) -> None:
    with pytest.raises(EvaluationError, match="use bleurt:model=FOLDER"):
        Bleurt()
    with pytest.raises(EvaluationError, match=r"has no config\.json"):
        Bleurt(str(tmp_path))
    folder = checkpoint()
    (folder / "pytorch_model.bin").write_bytes(b"torn")
    with pytest.raises(EvaluationError, match="cannot be loaded"):
        Bleurt(str(folder))
    (folder / "spm.model").write_bytes(b"torn")
    with pytest.raises(EvaluationError, match="is not a SentencePiece model"):
        Bleurt(str(folder))
