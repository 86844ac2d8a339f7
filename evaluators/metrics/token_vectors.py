"""Token vectors of any transformers model, cut off at a layer, as BERTScore takes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evaluators.encoders.hub import hub_unreachable
from evaluators.encoders.torch_support import (
    display_name,
    quiet_transformers,
    reason,
    weights_digest,
)
from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

# Byte-level tokenizers of these classes give a word another token at the start of a text than
# after a space; the published BERTScore numbers put a space there.
_SPACED_TOKENIZERS: Final = ("GPT2Tokenizer", "RobertaTokenizer")


@dataclass(frozen=True)
class TokenVectors:
    """One text's unit token vectors, ``(tokens, width)``, and the tokens that count, ``(tokens,)``.

    CLS and SEP do not count, yet another text's tokens may be matched with them.
    """

    vectors: torch.Tensor
    counts: torch.Tensor


class TokenEncoder:
    """A model with the layers above ``layer`` left out, in float32; inputs are cut to its length.

    ``layer`` None takes the layer that bert-score's table recommends, else the last one. Raises
    EvaluationError if the model cannot be loaded or has no such layer.
    """

    def __init__(
        self,
        name_or_path: str,
        layer: int | None = None,
        batch_size: int = 32,
        device: str | None = None,
    ) -> None:
        self.name: Final = display_name(name_or_path)
        self._batch_size = batch_size
        path = Path(name_or_path).expanduser()
        source = str(path) if path.exists() else name_or_path
        local = path.exists() or hub_unreachable()
        try:
            with quiet_transformers():
                self._config, self._tokenizer = _describe(source, local)
        except Exception as error:
            raise _unloadable(name_or_path, error) from error
        self.layer: Final = self._choose(name_or_path, layer)
        try:
            with quiet_transformers():
                self._model = _load(source, self._config, self.layer, device, local)
        except Exception as error:
            raise _unloadable(name_or_path, error) from error
        self._ignored = {self._tokenizer.cls_token_id, self._tokenizer.sep_token_id}

    @cached_property
    def digest(self) -> str:
        """Digest of the layers in use and the vocabulary."""
        return weights_digest(self._model.state_dict(), self._tokenizer.get_vocab(), ())

    def encode(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        """Return the token vectors of each distinct text."""
        ids = {text: self._ids(text) for text in dict.fromkeys(texts)}
        order = sorted((text for text in ids if ids[text]), key=lambda text: -len(ids[text]))
        found = {text: _nothing() for text in ids if not ids[text]}
        for start in range(0, len(order), self._batch_size):
            batch = order[start : start + self._batch_size]
            found.update(zip(batch, self._batch([ids[text] for text in batch]), strict=True))
        return found

    def _choose(self, name_or_path: str, layer: int | None) -> int:
        last = int(self._config.get_text_config().num_hidden_layers)
        if layer is None:
            return min(_recommended(name_or_path) or last, last)
        if not 0 <= layer <= last:
            raise EvaluationError(
                f"model {name_or_path!r} has layers 0 to {last}, not {layer}: use layer={last}"
            )
        return layer

    def _ids(self, text: str) -> list[int]:
        text = text.strip()
        spaced = type(self._tokenizer).__name__.removesuffix("Fast") in _SPACED_TOKENIZERS
        if spaced and not getattr(self._tokenizer, "add_prefix_space", False):
            text = f" {text}"
        ids: list[int] = self._tokenizer.encode(
            text, add_special_tokens=True, truncation=True, max_length=self._longest
        )
        return ids

    @cached_property
    def _longest(self) -> int:
        limit = int(self._tokenizer.model_max_length)
        config = self._config.get_text_config()
        positions = getattr(config, "max_position_embeddings", None)
        if not positions:
            # Relative positions know no limit; the tokenizer's "none given" overflows, though.
            return min(limit, 1 << 20)
        # RoBERTa-like models number their positions from the padding token's id + 1.
        offset = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
        return min(limit, int(positions) - offset)

    def _batch(self, batch: Sequence[list[int]]) -> list[TokenVectors]:
        import torch

        longest = max(len(ids) for ids in batch)
        # What fills a row does not matter: it is masked.
        padded = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros(len(batch), longest, dtype=torch.long)
        for row, ids in enumerate(batch):
            padded[row, : len(ids)] = torch.tensor(ids)
            mask[row, : len(ids)] = 1
        device = next(self._model.parameters()).device
        with torch.inference_mode():
            states = self._model(
                input_ids=padded.to(device), attention_mask=mask.to(device)
            ).last_hidden_state.float()
            units = torch.nn.functional.normalize(states, dim=-1).cpu()
        return [
            TokenVectors(
                units[row, : len(ids)].clone(),
                torch.tensor([token not in self._ignored for token in ids]),
            )
            for row, ids in enumerate(batch)
        ]


def _describe(source: str, local: bool) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoTokenizer

    config = AutoConfig.from_pretrained(source, local_files_only=local)
    return config, AutoTokenizer.from_pretrained(source, local_files_only=local)


def _load(source: str, config: Any, layer: int, device: str | None, local: bool) -> Any:
    import torch
    from transformers import AutoModel

    text = config.get_text_config()
    for name in ("layer_types", "mlp_layer_types"):
        kinds = getattr(text, name, None)
        if isinstance(kinds, list):
            setattr(text, name, kinds[:layer])
    text.num_hidden_layers = layer
    model = AutoModel.from_pretrained(
        source, config=config, dtype=torch.float32, local_files_only=local
    )
    if config.is_encoder_decoder:
        model = model.get_encoder()
    return model.to(device or ("cuda" if torch.cuda.is_available() else "cpu")).eval()


def _recommended(name: str) -> int | None:
    from bert_score.utils import model2layers

    layer: int | None = model2layers.get(name)
    return layer


def _nothing() -> TokenVectors:
    import torch

    return TokenVectors(torch.zeros(0, 1), torch.zeros(0, dtype=torch.bool))


def _unloadable(name_or_path: str, error: Exception) -> EvaluationError:
    return EvaluationError(
        f"bertscore model {name_or_path!r} cannot be loaded ({reason(error)}): "
        "use bertscore:model=PATH with a local copy"
    )
