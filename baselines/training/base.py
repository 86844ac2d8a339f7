"""The base model of a training: loaded, quantized or not, and made ready to be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from baselines.training.lora import add_adapter
from submission.adapters.load import (
    context_length,
    embedding_rows,
    end_tokens,
    is_seq2seq,
    load_base,
    quantization,
)
from submission.adapters.tokenizer import choose, locate_tokenizer
from submission.errors import InputError, sentence
from submission.files.model_files import ModelFiles, locate_model
from submission.machine.hardware import has_gpu
from submission.recipes.schema import Model, Quantization, Training


@dataclass(frozen=True)
class Base:
    """A model and its tokenizer before training.

    ``ends`` are the ids at which generation stops by itself with what will be trained;
    ``quantized`` says how the weights are held.
    """

    model: Any
    tokenizer: Any
    ends: tuple[int, ...]
    seq2seq: bool
    quantized: str | None

    @property
    def embeddings(self) -> int:
        """How many token ids the model has an embedding for."""
        return embedding_rows(self.model)

    @property
    def context(self) -> int | None:
        """The most tokens the model reads at once; an encoder-decoder's positions are relative."""
        return None if self.seq2seq else context_length(self.model.config)


def load(
    files: ModelFiles,
    table: Model,
    training: Training,
    say: Callable[[str], None] = lambda _: None,
) -> Base:
    """The model in ``files`` with its tokenizer, whose end token is the one to be learned.

    A frozen base is held in the recipe's precision. Weights that are trained are held in float32,
    where small updates are not rounded away; computing in half precision is the loop's.

    Raises :class:`InputError` for a model that cannot be loaded or not be trained this way.
    """
    trust = table.trust_remote_code
    seq2seq = is_seq2seq(files.folder, table.kind)
    _refuse(files, training, seq2seq=seq2seq)
    say(f"Loading {files.name} ({training.method}, {training.dtype}).")
    frozen = training.method != "full"
    model = load_base(
        files.folder,
        getattr(torch, training.dtype) if frozen else torch.float32,
        trust_remote_code=trust,
        seq2seq=seq2seq,
        quantize=_quantize(training.quantization) if training.method == "qlora" else None,
    )
    chosen = choose(
        files.folder,
        locate_model(table.adapter).folder if table.adapter else None,
        declared=locate_tokenizer(table.tokenizer) if table.tokenizer else None,
        trust_remote_code=trust,
    )
    if (warning := chosen.warning()) is not None:
        say(sentence(f"Warning: {warning}"))
    tokenizer = chosen.tokenizer
    set_end(tokenizer, model, training.end_token)
    # What is trained is asked with the tokenizer that is saved beside it.
    ends = end_tokens(model, tokenizer)
    if has_gpu() and training.method != "qlora":
        model = model.to("cuda")
    held = quantization(files.folder)
    if training.method == "qlora":
        double = ", double" if training.quantization.double else ""
        held = f"bitsandbytes 4-bit ({training.quantization.type}{double})"
    return Base(model, tokenizer, tuple(ends), seq2seq, held)


def make_trainable(base: Base, training: Training) -> Any:
    """The model with what is trained in it ready: a new adapter, or every weight.

    An adapter's first weights are drawn from torch's random numbers.
    """
    # Keys and values of earlier tokens are for generation; with them, packed samples would not
    # be told apart.
    base.model.config.use_cache = False
    if training.method == "full":
        return base.model.train().requires_grad_(requires_grad=True)
    return add_adapter(base.model, training.lora, seq2seq=base.seq2seq)


def set_end(tokenizer: Any, model: Any, wanted: str | None) -> None:
    """Make the tokenizer's end-of-sequence token ``wanted``, or else one that the model knows.

    Some published tokenizers name an end token that has no embedding, while the model's
    configuration has the id it was really trained with.
    """
    rows = embedding_rows(model)
    if wanted is not None:
        number = tokenizer.get_vocab().get(wanted)
        if number is None or number >= rows:
            raise InputError(
                f"training.end_token: the model has no token {wanted!r}. Remove it to learn "
                f"{tokenizer.eos_token!r}, or name one of its special tokens."
            )
        tokenizer.eos_token = wanted
        return
    known = tokenizer.eos_token_id
    if known is not None and known < rows:
        return
    declared = model.config.eos_token_id
    ends = declared if isinstance(declared, list) else [declared]
    end = next((number for number in ends if number is not None and number < rows), None)
    token = None if end is None else tokenizer.convert_ids_to_tokens(end)
    if token is None:
        raise InputError(
            "Neither the tokenizer nor the model's config.json has an end-of-sequence token that "
            "the model knows, so the model cannot learn where an answer ends. Set eos_token_id in "
            "config.json."
        )
    tokenizer.eos_token = token


def _refuse(files: ModelFiles, training: Training, *, seq2seq: bool) -> None:
    if training.dtype == "float16" and not has_gpu():
        raise InputError(
            "training.dtype=float16 needs a GPU. Use float32, or bfloat16 where the CPU is fast "
            "with it."
        )
    held = quantization(files.folder)
    if held is not None and training.method != "lora":
        raise InputError(
            f"{files.folder}: its weights are already quantized ({held}), so training.method="
            f"{training.method} cannot train them. Use lora, or the model it was quantized from."
        )
    unfit = [
        text
        for text, wrong in (
            ("training.packing is for causal models", seq2seq and training.packing),
            ("training.loss_on is 'response'", seq2seq and training.loss_on == "all"),
        )
        if wrong
    ]
    if unfit:
        raise InputError(f"{files.folder} is an encoder-decoder: {', and '.join(unfit)}.")
    if not seq2seq and training.seq2seq_lengths:
        raise InputError(
            f"{files.folder} is not an encoder-decoder: set training.max_length instead of "
            "source_length and target_length."
        )


def _quantize(table: Quantization) -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=table.type,
        bnb_4bit_use_double_quant=table.double,
        bnb_4bit_compute_dtype=getattr(torch, table.compute_dtype),
    )
