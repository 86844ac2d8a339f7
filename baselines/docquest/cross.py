"""A cross-encoder as the scorer's only feature."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.docquest.data import Example
from submission.retrieval.rerank import cross_encoder as load_cross_encoder
from submission.retrieval.rerank import logits
from submission.retrieval.useful import shown


def cross_encoder(
    base: str, epochs: int, rate: float, batch: int, seed: int, say: Callable[[str], None]
) -> tuple[Callable[..., list[NDArray[np.float64]]], Callable[[Sequence[Example], Path], None]]:
    """What makes features for :func:`baselines.docquest.train.train` by fine-tuning ``base``, and
    what fine-tunes it on all examples and saves it.
    """

    def features(learned: Sequence[Example], of: Sequence[Example]) -> list[NDArray[np.float64]]:
        say(f"Fine-tuning {base} on {len(learned)} questions.")
        model = _tuned(base, learned, epochs, rate, batch, seed)
        return [_logits(model, each) for each in of]

    def save(examples: Sequence[Example], folder: Path) -> None:
        say(f"Fine-tuning {base} on all {len(examples)} questions.")
        model = _tuned(base, examples, epochs, rate, batch, seed)
        model.save_pretrained(str(folder))

    return features, save


def _tuned(
    base: str, examples: Sequence[Example], epochs: int, rate: float, batch: int, seed: int
) -> Any:
    import torch
    from datasets import Dataset
    from sentence_transformers.cross_encoder import (
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
    )
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

    model = load_cross_encoder(base, num_labels=1)
    if model.tokenizer.pad_token is None:
        model.tokenizer.pad_token = model.tokenizer.eos_token
    rows = Dataset.from_dict(
        {
            "question": [each.question.text for each in examples for _ in each.passages],
            "passage": [shown(passage) for each in examples for passage in each.passages],
            "label": [float(flag) for each in examples for flag in each.useful],
        }
    )
    useful = sum(rows["label"])
    weight = torch.tensor((len(rows) - useful) / max(useful, 1.0))
    with TemporaryDirectory() as place:
        arguments = CrossEncoderTrainingArguments(
            output_dir=os.path.join(place, "run"),  # noqa: PTH118 -- it wants a text
            num_train_epochs=epochs,
            learning_rate=rate,
            per_device_train_batch_size=batch,
            warmup_ratio=0.1,
            seed=seed,
            dataloader_pin_memory=torch.cuda.is_available(),
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            logging_strategy="no",
        )
        loss = BinaryCrossEntropyLoss(model, pos_weight=weight)
        CrossEncoderTrainer(model=model, args=arguments, train_dataset=rows, loss=loss).train()
    return model


def _logits(model: Any, example: Example) -> NDArray[np.float64]:
    found = logits(model, example.question.text, [shown(each) for each in example.passages])
    return np.array(found, dtype=np.float64).reshape(-1, 1)
