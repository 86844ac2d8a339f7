"""COMET's regression model: three sentence vectors in, one score out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from evaluators.encoders.torch_support import quiet_transformers, weights_digest
from evaluators.errors import EvaluationError
from evaluators.neural.batching import like_lengths, pad, token_budget
from evaluators.neural.comet.checkpoint import CometCheckpoint, read_checkpoint
from evaluators.neural.comet.layer_mix import mix_layers
from evaluators.neural.loading import (
    ModelSource,
    config_and_tokenizer,
    pick_device,
    unloadable,
    weights_below,
)
from evaluators.progress import advance

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from evaluators.neural.comet.hparams import CometHparams

_ENCODER: Final = "encoder.model."
_MIX: Final = "layerwise_attention."
_ESTIMATOR: Final = "estimator.ff."
_ROWS_AT_ONCE: Final = 1024


class CometModel:
    """A published regression metric (Rei et al. 2020; WMT22: Rei et al. 2022, COMET-22).

    The encoder's architecture and tokenizer come from ``encoder``, a folder or hub name, else from
    the model that the checkpoint names; its weights come from the checkpoint. Raises
    EvaluationError where anything is missing, of another kind or does not fit.
    """

    def __init__(
        self, model: str, encoder: str | None = None, *, device: str | None = None
    ) -> None:
        checkpoint = read_checkpoint(model)
        self.name: Final = checkpoint.name
        self._hparams: CometHparams = checkpoint.hparams
        self._device = pick_device(device)
        named = encoder or checkpoint.hparams.pretrained_model
        self._config, self._tokenizer = _describe(named, given=encoder is not None)
        try:
            with quiet_transformers():
                self._encoder = _build_encoder(self._config, checkpoint, named).to(self._device)
            self._shares, self._gamma = _mixture(checkpoint, self._layers, self._device)
            self._estimator = _estimator(checkpoint, 6 * self.width).to(self._device)
        except KeyError as error:
            raise EvaluationError(f"comet: the checkpoint has no weights {error}") from error
        self._weights = checkpoint.weights

    @cached_property
    def digest(self) -> str:
        """Digest of the weights, the vocabulary and the hyperparameters."""
        vocabulary = self._tokenizer.get_vocab()
        return weights_digest(self._weights, vocabulary, [str(self._hparams)])

    @property
    def width(self) -> int:
        """Length of a sentence vector."""
        return int(self._config.hidden_size)

    @property
    def limit(self) -> int:
        """How many tokens a text may have; unbabel-comet leaves four positions unused."""
        return int(self._config.max_position_embeddings) - 4

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text, ``(len(texts), width)``."""
        import torch

        vectors = np.empty((len(texts), self.width), dtype=np.float32)
        encoded: Any = self._tokenizer(list(texts), truncation=True, max_length=self.limit)
        sequences: list[list[int]] = encoded["input_ids"]
        lengths = [len(ids) for ids in sequences]
        for places in like_lengths(lengths, token_budget(self._device)):
            batch = [sequences[place] for place in places]
            ids, mask = pad(batch, self._device, filler=int(self._tokenizer.pad_token_id))
            with torch.inference_mode():
                layers = self._encoder(
                    input_ids=ids, attention_mask=mask, output_hidden_states=True
                ).hidden_states
                vectors[places] = self._pooled(self._tokens(layers, mask), mask).cpu().numpy()
            advance(len(places))
        return vectors

    def scores(
        self,
        sources: NDArray[np.float32],
        answers: NDArray[np.float32],
        references: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """Return the score of each row from its three sentence vectors."""
        import torch

        found = np.empty(len(answers))
        for start in range(0, len(answers), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            source, answer, reference = (
                torch.from_numpy(each[rows]).to(self._device)
                for each in (sources, answers, references)
            )
            with torch.inference_mode():
                features = torch.cat(
                    (
                        answer,
                        reference,
                        answer * reference,
                        (answer - reference).abs(),
                        answer * source,
                        (answer - source).abs(),
                    ),
                    dim=1,
                )
                found[rows] = self._estimator(features)[:, 0].double().cpu().numpy()
        return found

    @property
    def _layers(self) -> int:
        # The embeddings below the first layer are a layer of the mixture.
        return int(self._config.num_hidden_layers) + 1

    def _tokens(self, layers: Sequence[torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
        if self._hparams.layer is not None:
            return layers[self._hparams.layer]
        return mix_layers(
            layers, mask, self._shares, self._gamma, self._hparams.mixture, self._hparams.layer_norm
        )

    def _pooled(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self._hparams.pool == "cls":
            return tokens[:, 0]
        held = mask[:, :, None].bool()
        if self._hparams.pool == "max":
            return tokens.masked_fill(~held, float("-inf")).amax(dim=1)
        return tokens.masked_fill(~held, 0.0).sum(dim=1) / mask.sum(dim=1, keepdim=True)


def _describe(name_or_path: str, *, given: bool) -> tuple[Any, Any]:
    source = ModelSource.of(name_or_path)
    try:
        config, tokenizer = config_and_tokenizer(source)
    except Exception as error:
        hint = "use comet:encoder=FOLDER with a copy of its config.json and tokenizer files"
        raise unloadable("comet", "encoder", name_or_path, error, hint) from error
    if config.model_type != "xlm-roberta":
        named = "encoder" if given else "pretrained_model"
        raise EvaluationError(
            f"comet: {named}={name_or_path} is a {config.model_type} model where an xlm-roberta "
            "one is needed: use comet:encoder= with the model that the checkpoint was trained on"
        )
    return config, tokenizer


def _build_encoder(config: Any, checkpoint: CometCheckpoint, name: str) -> Any:
    import torch
    from transformers import XLMRobertaModel

    weights = weights_below(checkpoint.weights, _ENCODER)
    try:
        model, info = XLMRobertaModel.from_pretrained(
            None, config=config, state_dict=weights, add_pooling_layer=False,
            dtype=torch.float32, output_loading_info=True,
        )  # fmt: skip
    except (RuntimeError, ValueError) as error:
        hint = "use comet:encoder= with the model that the checkpoint was trained on"
        raise unloadable("comet", "encoder", name, error, hint) from error
    unfit = sorted(info["missing_keys"]) + sorted(map(str, info["mismatched_keys"]))
    if unfit:
        raise EvaluationError(
            f"comet: the checkpoint's encoder does not fit {name} ({len(unfit)} weights, such as "
            f"{unfit[0]}): use comet:encoder= with the model that the checkpoint was trained on"
        )
    return model.eval()


def _mixture(
    checkpoint: CometCheckpoint, layers: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    if checkpoint.hparams.layer is not None:
        if checkpoint.hparams.layer >= layers:
            raise EvaluationError(
                f"comet: the checkpoint uses layer {checkpoint.hparams.layer}, but its encoder has "
                f"layers 0 to {layers - 1}"
            )
        return torch.zeros(0), torch.ones(1)
    weights = checkpoint.weights
    scores = [weights[f"{_MIX}scalar_parameters.{layer}"] for layer in range(layers)]
    return torch.cat(scores).float().to(device), weights[f"{_MIX}gamma"].float().to(device)


def _estimator(checkpoint: CometCheckpoint, width: int) -> torch.nn.Sequential:
    from torch import nn

    activations = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "identity": nn.Identity}
    hparams = checkpoint.hparams
    modules: list[nn.Module] = []
    for size in hparams.hidden_sizes:
        # The dropout does nothing when scoring, yet it numbers the weights after it.
        modules += [nn.Linear(width, size), activations[hparams.activation](), nn.Identity()]
        width = size
    modules.append(nn.Linear(width, 1))
    if hparams.final_activation is not None:
        modules.append(activations[hparams.final_activation]())
    estimator = nn.Sequential(*modules)
    weights = weights_below(checkpoint.weights, _ESTIMATOR)
    try:
        estimator.load_state_dict(weights)
    except RuntimeError as error:
        raise EvaluationError(
            f"comet: the checkpoint's estimator is not what its hyperparameters say "
            f"({' '.join(str(error).split())})"
        ) from error
    return estimator.eval()
