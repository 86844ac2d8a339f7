"""BLEURT's regression: RemBERT over reference and answer, a number out of the first token."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from evaluators.encoders.torch_support import quiet_transformers, weights_digest
from evaluators.errors import EvaluationError
from evaluators.neural.batching import like_lengths, pad, token_budget
from evaluators.neural.bleurt.config import BleurtConfig, read_config
from evaluators.neural.bleurt.pieces import Pieces
from evaluators.neural.loading import (
    ModelSource,
    load_tensors,
    pick_device,
    snapshot,
    unloadable,
    weights_below,
)
from evaluators.progress import advance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
_PIECES: Final = ("spm.model", "sent_piece.model")
_HINT: Final = (
    "use bleurt:model=FOLDER with a copy of lucadiliello/BLEURT-20: config.json, spm.model and "
    "pytorch_model.bin or model.safetensors"
)
_TANH: Final = "gelu_new"
_ENCODER: Final = "bleurt."
_PROJECTION: Final = ("encoder.embedding_projection.", "encoder.embedding_hidden_mapping_in.")


class BleurtModel:
    """A checkpoint of BLEURT-20's kind (Pu et al. 2021) converted to torch.

    The format is the one of lucadiliello/bleurt-pytorch: Google's TensorFlow variables under the
    names of transformers' BERT, prefixed ``bleurt.``, with ``encoder.embedding_projection`` for
    RemBERT's widening of its embeddings, and ``classifier`` for the regression on the pooled first
    token. What ``config.json`` calls ``gelu`` is the tanh approximation, as in Google's code: over
    BLEURT-20's 32 layers, the exact function can move a score by some thousandths.

    Raises EvaluationError where anything is missing, of another kind or does not fit.
    """

    def __init__(self, model: str, *, device: str | None = None) -> None:
        source = ModelSource.of(model)
        self.name: Final = source.name
        try:
            folder = snapshot(source, ["config.json", *_WEIGHTS, *_PIECES])
        except Exception as error:
            raise unloadable("bleurt", "model", model, error, _HINT) from error
        self._config: Final = read_config(_present(folder, ("config.json",)))
        self._pieces = Pieces(_present(folder, _PIECES))
        if self._pieces.size > self._config.vocab_size:
            raise EvaluationError(
                f"bleurt: {self._pieces.size} pieces do not fit the {self._config.vocab_size} "
                f"embeddings of {self.name}: {_HINT}"
            )
        self._device = pick_device(device)
        self._weights = _read_weights(_present(folder, _WEIGHTS))
        with quiet_transformers():
            self._encoder = _build_encoder(self._config, self._weights).to(self._device)
        self._head = _build_head(self._config, self._weights).to(self._device)

    @property
    def activation(self) -> str:
        """The activation as computed."""
        return "relu" if self._config.hidden_act == "relu" else "gelu-tanh"

    @cached_property
    def digest(self) -> str:
        """Digest of the weights, the vocabulary and the configuration."""
        return weights_digest(self._weights, self._pieces.vocabulary(), [str(self._config)])

    def scores(self, references: Sequence[str], answers: Sequence[str]) -> NDArray[np.float64]:
        """Return the score of each answer against its reference."""
        import torch

        found = np.empty(len(answers))
        pairs = self._pieces.join(references, answers, self._config.max_position_embeddings)
        lengths = [len(pair.ids) for pair in pairs]
        for places in like_lengths(lengths, token_budget(self._device)):
            ids, mask = pad([pairs[place].ids for place in places], self._device)
            sides, _ = pad(
                [_sides(len(pairs[place].ids), pairs[place].second) for place in places],
                self._device,
            )
            with torch.inference_mode():
                pooled = self._encoder(
                    input_ids=ids, attention_mask=mask, token_type_ids=sides
                ).pooler_output
                found[places] = self._head(pooled)[:, 0].double().cpu().numpy()
            advance(len(places))
        return found


def _sides(length: int, second: int) -> list[int]:
    return [0] * (length - second) + [1] * second


def _present(folder: Path, names: Sequence[str]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise EvaluationError(f"bleurt: {folder} has no {' or '.join(names)}: {_HINT}")


def _read_weights(file: Path) -> dict[str, torch.Tensor]:
    held = load_tensors(file, "bleurt", _HINT)
    if not isinstance(held, dict) or not any(key.startswith(_ENCODER) for key in held):
        raise EvaluationError(f"bleurt: {file} holds no BLEURT weights: {_HINT}")
    return weights_below(held, "")


def _build_encoder(config: BleurtConfig, weights: dict[str, torch.Tensor]) -> Any:
    import torch
    from transformers import RemBertConfig, RemBertModel

    sizes = RemBertConfig(
        vocab_size=config.vocab_size,
        input_embedding_size=config.embedding_size,
        hidden_size=config.hidden_size,
        num_hidden_layers=config.num_hidden_layers,
        num_attention_heads=config.num_attention_heads,
        intermediate_size=config.intermediate_size,
        max_position_embeddings=config.max_position_embeddings,
        type_vocab_size=config.type_vocab_size,
        hidden_act=_TANH if config.hidden_act == "gelu" else config.hidden_act,
        layer_norm_eps=config.layer_norm_eps,
        pad_token_id=0,
    )
    renamed = {
        key.replace(*_PROJECTION): tensor
        for key, tensor in weights_below(weights, _ENCODER).items()
    }
    try:
        model, info = RemBertModel.from_pretrained(
            None, config=sizes, state_dict=renamed, dtype=torch.float32, output_loading_info=True
        )
    except (RuntimeError, ValueError) as error:
        raise _unfit(" ".join(str(error).split())) from error
    unfit = sorted(info["missing_keys"]) + sorted(map(str, info["unexpected_keys"]))
    if unfit:
        raise _unfit(f"{len(unfit)} weights, such as {unfit[0]}")
    return model.eval()


def _build_head(config: BleurtConfig, weights: dict[str, torch.Tensor]) -> torch.nn.Linear:
    from torch import nn

    head = nn.Linear(config.hidden_size, 1)
    try:
        head.load_state_dict(weights_below(weights, "classifier."))
    except RuntimeError as error:
        raise _unfit(" ".join(str(error).split())) from error
    return head.eval()


def _unfit(what: str) -> EvaluationError:
    return EvaluationError(f"bleurt: the weights are not what config.json says ({what}): {_HINT}")
