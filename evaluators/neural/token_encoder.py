"""Token vectors of any transformers model, cut off at a layer, as BERTScore takes them."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from evaluators.encoders.torch_support import quiet_transformers, weights_digest
from evaluators.encoders.whole import require_weights
from evaluators.errors import EvaluationError
from evaluators.neural.batching import like_lengths, pad, token_budget
from evaluators.neural.loading import ModelSource, config_and_tokenizer, pick_device, unloadable
from evaluators.neural.slow_bert import is_plain, slow_bert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch

Precision = Literal["float32", "bfloat16"]

# Byte-level tokenizers of these classes give a word another token at the start of a text than
# after a space; the published BERTScore numbers put a space there.
_SPACED_TOKENIZERS: Final = ("GPT2Tokenizer", "RobertaTokenizer")


class Tokens(NamedTuple):
    """A text's token ids, and whether the text was longer than the model takes."""

    ids: list[int]
    cut: bool


class TokenEncoder:
    """A model with the layers above ``layer`` left out; inputs are cut to its length.

    ``layer`` None takes the layer that bert-score's table recommends, else the last one.
    ``tokenizer`` is ``slow`` where texts are cut up as by BERT's tokenizer in Python, which
    bert-score uses, and None where there is only one tokenizer. Raises EvaluationError if the model
    cannot be loaded or has no such layer.
    """

    def __init__(
        self,
        name_or_path: str,
        layer: int | None = None,
        *,
        device: str | None = None,
        budget: int | None = None,
    ) -> None:
        source = ModelSource.of(name_or_path)
        self.name: Final = source.name
        self.precision: Precision = "float32"
        try:
            self._config, self._tokenizer = config_and_tokenizer(source)
            slow = slow_bert(self._tokenizer)
        except Exception as error:
            raise _unloadable(name_or_path, error) from error
        self._slow = slow
        self.tokenizer: Final = None if slow is None else "slow"
        self.layer: Final = self._choose(name_or_path, layer)
        try:
            with quiet_transformers():
                self._model = _load(source, self._config, self.layer)
        except Exception as error:
            raise _unloadable(name_or_path, error) from error
        self.device: Final = pick_device(device)
        self._model = self._model.to(self.device).eval()
        self._budget = budget or token_budget(self.device)

    @cached_property
    def digest(self) -> str:
        """Digest of the layers in use and the vocabulary."""
        return weights_digest(self._model.state_dict(), self._tokenizer.get_vocab(), ())

    @cached_property
    def fingerprint(self) -> str:
        """What decides a vector beside its text; two encoders with one may share vectors."""
        import torch
        import transformers

        return "|".join(
            (
                self.digest, str(self.layer), self.precision, str(self.limit), str(self._spaced),
                str(self.tokenizer), f"torch {torch.__version__}",
                f"transformers {transformers.__version__}",
            )
        )  # fmt: skip

    @property
    def width(self) -> int:
        """Length of a vector."""
        return int(self._config.get_text_config().hidden_size)

    @property
    def vocabulary_size(self) -> int:
        """One more than the highest token id."""
        return max(len(self._tokenizer), int(self._config.get_text_config().vocab_size))

    @cached_property
    def limit(self) -> int:
        """How many tokens a text may have; the rest is cut off."""
        limit = int(self._tokenizer.model_max_length)
        config = self._config.get_text_config()
        positions = getattr(config, "max_position_embeddings", None)
        if not positions:
            # Relative positions know no limit; the tokenizer's "none given" overflows, though.
            return min(limit, 1 << 20)
        # RoBERTa-like models number their positions from the padding token's id + 1.
        offset = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
        return min(limit, int(positions) - offset)

    @property
    def uncounted(self) -> tuple[int, ...]:
        """The ids of CLS and SEP, which stand in no average."""
        ids = (self._tokenizer.cls_token_id, self._tokenizer.sep_token_id)
        return tuple(sorted({int(each) for each in ids if each is not None}))

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Return each text's token ids with CLS and SEP, as bert-score encodes a text."""
        ready = [f" {text.strip()}" if self._spaced else text.strip() for text in texts]
        return [
            Tokens(ids, len(ids) >= self.limit and self._overflows(text))
            for text, ids in zip(ready, self._ids(ready), strict=True)
        ]

    def embed(self, sequences: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], torch.Tensor]]:
        """Yield the places of some sequences and their unit vectors, end to end, in float32."""
        import torch

        lengths = [len(ids) for ids in sequences]
        for places in like_lengths(lengths, self._budget):
            ids, mask = pad([sequences[place] for place in places], self.device)
            with torch.inference_mode():
                states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
                yield places, torch.nn.functional.normalize(states[mask.bool()].float(), dim=-1)

    def as_bfloat16(self) -> TokenEncoder:
        """Return the same encoder with its weights and sums in bfloat16."""
        import torch

        other = copy.copy(self)
        other.__dict__.pop("fingerprint", None)
        other.precision = "bfloat16"
        other._model = copy.deepcopy(self._model).to(torch.bfloat16)
        return other

    @cached_property
    def _spaced(self) -> bool:
        kind = type(self._tokenizer).__name__.removesuffix("Fast")
        return kind in _SPACED_TOKENIZERS and not getattr(
            self._tokenizer, "add_prefix_space", False
        )

    def _ids(self, texts: list[str]) -> list[list[int]]:
        odd = set() if self._slow is None else {text for text in texts if not is_plain(text)}
        plain = iter(self._encode(self._tokenizer, [text for text in texts if text not in odd]))
        rest = iter(self._encode(self._slow, [text for text in texts if text in odd]))
        return [next(rest if text in odd else plain) for text in texts]

    def _encode(self, tokenizer: Any, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        encoded: Any = tokenizer(
            texts,
            add_special_tokens=True,
            truncation=True,
            max_length=self.limit,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        ids: list[list[int]] = encoded["input_ids"]
        return ids

    def _overflows(self, text: str) -> bool:
        with quiet_transformers():
            tokenizer = self._slow or self._tokenizer
            return len(tokenizer.encode(text, add_special_tokens=True)) > self.limit

    def _choose(self, name_or_path: str, layer: int | None) -> int:
        last = int(self._config.get_text_config().num_hidden_layers)
        if layer is None:
            return min(recommended_layer(name_or_path) or last, last)
        if not 0 <= layer <= last:
            raise EvaluationError(
                f"model {name_or_path!r} has layers 0 to {last}, not {layer}: use layer={last}"
            )
        return layer


def recommended_layer(name: str) -> int | None:
    """Return the layer that bert-score uses for a model of the hub, None for one it lacks."""
    from bert_score.utils import model2layers

    layer: int | None = model2layers.get(name)
    return layer


def _load(source: ModelSource, config: Any, layer: int) -> Any:
    import torch
    from transformers import AutoModel

    text = config.get_text_config()
    for name in ("layer_types", "mlp_layer_types"):
        kinds = getattr(text, name, None)
        if isinstance(kinds, list):
            setattr(text, name, kinds[:layer])
    text.num_hidden_layers = layer
    model, info = AutoModel.from_pretrained(
        source.location,
        config=config,
        dtype=torch.float32,
        local_files_only=source.local_only,
        output_loading_info=True,
    )
    require_weights(source.name, info["missing_keys"])
    return model.get_encoder() if config.is_encoder_decoder else model


def _unloadable(name_or_path: str, error: Exception) -> EvaluationError:
    hint = "use bertscore:model=PATH with a local copy"
    return unloadable("bertscore", "model", name_or_path, error, hint)
