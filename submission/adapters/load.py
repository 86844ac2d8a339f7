"""Base models and tokenizers from a folder, with what is wrong with them said in words."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluators.encoders.torch_support import quiet_transformers
from submission.errors import InputError, Stopped
from submission.files.model_files import read_json
from submission.machine.memory import out_of_memory

if TYPE_CHECKING:
    import torch


def quantization(folder: Path) -> str | None:
    """How the weights in ``folder`` are quantized, by name; None for full precision."""
    declared = read_json(folder / "config.json").get("quantization_config")
    if not declared:
        return None
    method = str(declared.get("quant_method") or "bitsandbytes")
    bits = {"load_in_4bit": " 4-bit", "load_in_8bit": " 8-bit"}
    return method + next((text for key, text in bits.items() if declared.get(key)), "")


def is_seq2seq(folder: Path, kind: str = "auto") -> bool:
    """Whether the model in ``folder`` is an encoder-decoder; ``kind`` as a recipe declares it."""
    if kind != "auto":
        return kind == "seq2seq"
    return bool(read_json(folder / "config.json").get("is_encoder_decoder"))


def load_base(
    folder: Path,
    dtype: torch.dtype,
    *,
    trust_remote_code: bool = False,
    seq2seq: bool = False,
    quantize: Any = None,
) -> Any:
    """The causal (or encoder-decoder) model in ``folder``, in evaluation mode.

    Weights are held as ``dtype``; with ``quantize``, a transformers quantization configuration,
    those of its linear layers as that says.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json in it; a base model is needed here.")
    # On its first import, peft's included, it asks for a package that only makes it faster.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    loader = AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM
    options = {} if quantize is None else {"quantization_config": quantize}
    if read_json(folder / "config.json").get("attn_logit_softcapping"):
        # Other implementations leave the capping out without a word.
        options["attn_implementation"] = "eager"
    try:
        with quiet_transformers():
            model, loading = loader.from_pretrained(
                folder,
                dtype=dtype,
                trust_remote_code=trust_remote_code,
                output_loading_info=True,
                **options,
            )
    except (
        ImportError, MemoryError, OSError, RuntimeError, SafetensorError, ValueError,
    ) as error:  # fmt: skip
        if out_of_memory(error):
            raise Stopped(
                f"{folder}: this model does not fit into memory. Use a smaller one or a larger "
                "machine; training (training.method=qlora) and vLLM (engine.quantization) can hold "
                "it in fewer bits."
            ) from error
        raise InputError(
            f"{folder}: no {'encoder-decoder' if seq2seq else 'causal language model'} that can be "
            f"loaded: {_first_line(error)}"
        ) from error
    missing = sorted(loading["missing_keys"])
    if missing:
        raise InputError(
            f"{folder}: its weights lack {len(missing)} of the model's tensors, such as "
            f"{missing[0]}; they would be initialised at random."
        )
    # What transformers would fall back to for GPT-2, whose class name does not say it, with a
    # warning.
    if not seq2seq:
        model.loss_type = "ForCausalLM"
    return model.eval()


def model_shapes(folder: Path, *, trust_remote_code: bool = False, seq2seq: bool = False) -> Any:
    """The model that the configuration in ``folder`` describes, without any weights.

    Its tensors have shapes and no values, whatever the precision or quantization on disk. None
    where transformers cannot make it of the configuration alone.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    loader = AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM
    try:
        with quiet_transformers(), torch.device("meta"):
            config = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
            return loader.from_config(config, trust_remote_code=trust_remote_code).eval()
    except (AttributeError, ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError):
        return None


def load_tokenizer(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """The tokenizer in ``folder``."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (AttributeError, ImportError, KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder}: no tokenizer that can be loaded: {_first_line(error)}"
        ) from error
    # Of a folder without tokenizer files transformers makes one that knows no text.
    if not tokenizer("가")["input_ids"]:
        raise InputError(
            f"{folder}: has no tokenizer files. Copy the model's tokenizer files there, or name "
            "their folder in the recipe (model.tokenizer)."
        )
    return tokenizer


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The end tokens of the model's generation configuration, else the tokenizer's."""
    declared = model.generation_config.eos_token_id
    if declared is None:
        declared = tokenizer.eos_token_id
    if declared is None:
        return []
    return list(declared) if isinstance(declared, list) else [declared]


def share(folder: Path) -> None:
    """Give the files in ``folder`` the permissions that new files usually get.

    Weight files are written such that only their owner may read them.
    """
    umask = os.umask(0)
    os.umask(umask)
    for path in folder.iterdir():
        path.chmod(0o666 & ~umask)


def embedding_rows(model: Any) -> int:
    """How many token ids the model has an embedding for."""
    return int(model.get_input_embeddings().weight.shape[0])


def context_length(config: Any) -> int | None:
    """The most tokens the model can read at once, where its configuration says."""
    text = config.get_text_config()
    length = getattr(text, "max_position_embeddings", None)
    return int(length) if length else None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
