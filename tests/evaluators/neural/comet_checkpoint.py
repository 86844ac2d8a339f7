"""A small COMET checkpoint with random weights, in the published format, and its encoder's folder.

    python tests/evaluators/neural/comet_checkpoint.py FOLDER

writes one. Everything comes from a generator of whole numbers, so that every version of torch gives
the same weights.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

LETTERS = (
    "가나다라마바사아자차카타파하벽지도배곰팡이결로안전교육는을이가 abcdefghijklmnopqrstuvwxyz"
)
WIDTH, LAYERS, POSITIONS = 16, 3, 40
HPARAMS: dict[str, Any] = {
    "activations": "Tanh",
    "batch_size": 4,
    "class_identifier": "regression_metric",
    "dropout": 0.1,
    "encoder_learning_rate": 1.0e-06,
    "encoder_model": "XLM-RoBERTa",
    "final_activation": None,
    "hidden_sizes": [24, 8],
    "keep_embeddings_frozen": True,
    "layer": "mix",
    "layer_norm": False,
    "layer_transformation": "sparsemax",
    "layerwise_decay": 0.95,
    "learning_rate": 1.5e-05,
    "loss": "mse",
    "nr_frozen_epochs": 0.3,
    "optimizer": "AdamW",
    "pool": "avg",
    "pretrained_model": "xlm-roberta-large",
    "train_data": ["data/1720-da.csv"],
    "validation_data": ["data/wmt-ende-newstest2021.csv"],
}


def write_encoder(folder: Path) -> int:
    """Write an XLM-R's config and tokenizer; returns the size of its vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig

    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces = [*specials, "▁", *dict.fromkeys(LETTERS.replace(" ", ""))]
    backend = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=3))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", cls_token="<s>",
        sep_token="</s>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>",
        model_max_length=512,
    ).save_pretrained(folder)  # fmt: skip
    XLMRobertaConfig(
        vocab_size=len(pieces), hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=POSITIONS, type_vocab_size=1,
        layer_norm_eps=1e-5, bos_token_id=0, pad_token_id=1, eos_token_id=2,
    ).save_pretrained(folder)  # fmt: skip
    return len(pieces)


def write_checkpoint(folder: Path, vocabulary: int, **changed: Any) -> Path:
    """Write ``hparams.yaml`` and ``checkpoints/model.ckpt``."""
    import torch
    import yaml

    hparams = {**HPARAMS, **changed}
    random = np.random.default_rng(20)
    weights: dict[str, torch.Tensor] = {}

    def put(name: str, *shape: int, around: float = 0.0, spread: float = 0.3) -> None:
        values = around + spread * (random.integers(-1000, 1001, size=shape) / 1000)
        weights[name] = torch.tensor(values, dtype=torch.float32)

    def linear(name: str, wide: int, out: int) -> None:
        put(f"{name}.weight", out, wide)
        put(f"{name}.bias", out)

    def norm(name: str) -> None:
        put(f"{name}.weight", WIDTH, around=1.0)
        put(f"{name}.bias", WIDTH)

    embeddings = "encoder.model.embeddings"
    weights[f"{embeddings}.position_ids"] = torch.arange(POSITIONS)[None]
    put(f"{embeddings}.word_embeddings.weight", vocabulary, WIDTH, spread=1.0)
    put(f"{embeddings}.position_embeddings.weight", POSITIONS, WIDTH)
    put(f"{embeddings}.token_type_embeddings.weight", 1, WIDTH)
    norm(f"{embeddings}.LayerNorm")
    for number in range(LAYERS):
        layer = f"encoder.model.encoder.layer.{number}"
        for part in ("query", "key", "value"):
            linear(f"{layer}.attention.self.{part}", WIDTH, WIDTH)
        linear(f"{layer}.attention.output.dense", WIDTH, WIDTH)
        norm(f"{layer}.attention.output.LayerNorm")
        linear(f"{layer}.intermediate.dense", WIDTH, 32)
        linear(f"{layer}.output.dense", 32, WIDTH)
        norm(f"{layer}.output.LayerNorm")
    if hparams["layer"] == "mix":
        for number in range(LAYERS + 1):
            put(f"layerwise_attention.scalar_parameters.{number}", 1, spread=0.5)
        put("layerwise_attention.gamma", 1, around=1.0)
        # Buffers of the training's dropout, as published checkpoints have them.
        weights["layerwise_attention.dropout_mask"] = torch.zeros(LAYERS + 1)
        weights["layerwise_attention.dropout_fill"] = torch.full((LAYERS + 1,), -1e20)
    width, place = 6 * WIDTH, 0
    for size in hparams["hidden_sizes"]:
        linear(f"estimator.ff.{place}", width, size)
        width, place = size, place + 3
    linear(f"estimator.ff.{place}", width, 1)

    (folder / "checkpoints").mkdir(parents=True)
    (folder / "hparams.yaml").write_text(yaml.safe_dump(hparams), encoding="utf-8")
    stored = {key: value for key, value in hparams.items() if key != "class_identifier"}
    content = {
        "state_dict": weights,
        "hyper_parameters": stored,
        "pytorch-lightning_version": "1.8.2",
        "epoch": 3,
        "global_step": 7,
    }
    torch.save(content, folder / "checkpoints" / "model.ckpt")
    return folder


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_checkpoint(target / "comet", write_encoder(target / "encoder"))
