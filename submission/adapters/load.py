"""Base models and tokenizers from a folder, with what is wrong with them said in words."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluators.encoders.torch_support import quiet_transformers
from evaluators.encoders.whole import knows_text
from submission.adapters.tokenizer_faults import (
    is_whole,
    keeps_text,
    misfit,
    no_vocabulary,
    not_loaded,
)
from submission.errors import InputError, Stopped, few
from submission.files.model_files import read_json, require_contents
from submission.machine.memory import out_of_memory

if TYPE_CHECKING:
    import torch

_GENERATION = "generation_config.json"
# What an engine takes of a model's own generation settings; all else is the recipe's.
_GENERATION_IDS = ("bos_token_id", "decoder_start_token_id", "eos_token_id", "pad_token_id")
# What a published model's class is called where it has no text to give.
_NO_TEXT = ("ForMaskedLM", "ForSequenceClassification", "ForTokenClassification",
            "ForQuestionAnswering", "ForMultipleChoice", "ForPreTraining")  # fmt: skip
_TEXT = ("ForCausalLM", "LMHeadModel", "WithLMHead", "ForConditionalGeneration")


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


def require_text_model(folder: Path) -> None:
    """Raise :class:`InputError` where the model in ``folder`` makes no text.

    transformers would give a text encoder a decoder's head, and answers without sense.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    )

    path = folder / "config.json"
    config = read_json(path)
    kind, names = str(config.get("model_type")), config.get("architectures") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path}: architectures is {names!r}, which is no list of class names.")
    if any(name.endswith(_TEXT) for name in names):
        return
    encoder = (
        kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES
        and kind not in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
        and not config.get("is_decoder")
    )
    other = (
        kind in CONFIG_MAPPING_NAMES
        and kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and kind not in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
        and "auto_map" not in config
    )
    # What shares its output layer with the embeddings has it under any name.
    embeds = any(
        name.endswith("EncoderModel")
        or (name.endswith("Model") and config.get("tie_word_embeddings") is False)
        for name in names
    )
    if not encoder and (embeds or other):
        raise InputError(
            f"{folder}: is an embedding model or another without an output layer for text "
            f"({few(names) or kind}). Give a causal language model or an encoder-decoder; an "
            "encoder of sentences is for --encoder and for metrics."
        )
    if encoder or (names and all(name.endswith(_NO_TEXT) for name in names)):
        raise InputError(
            f"{folder}: is a text encoder or a classifier ({few(names) or kind}), which "
            "writes no text. Give a causal language model or an encoder-decoder; a text encoder "
            "is for --encoder and for metrics."
        )


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
    those of its linear layers as that says. Its ``generation_config`` has the token ids of the
    model's own and nothing else, because ``generate`` takes from there whatever it is not told.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json in it; a base model is needed here.")
    require_text_model(folder)
    # On its first import, peft's included, it asks for a package that only makes it faster.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    loader = AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM
    options = {"generation_config": generation_ids(folder)}
    if quantize is not None:
        options["quantization_config"] = quantize
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


def generation_ids(folder: Path) -> Any:
    """The token ids with which generation begins, pads and ends by the model's own settings.

    A transformers ``GenerationConfig`` in which all else is unset. Raises :class:`InputError` for
    settings that cannot be read, and for what is no token id.
    """
    from transformers import GenerationConfig

    path = folder / _GENERATION
    if path.is_file():
        declared = read_json(path)
    else:
        path = folder / "config.json"
        declared = GenerationConfig.from_model_config(read_json(path)).to_dict()
    ids = {name: declared.get(name) for name in _GENERATION_IDS}
    for name, value in ids.items():
        several = value if isinstance(value, list) and name == "eos_token_id" else [value]
        if not all(each is None or type(each) is int for each in several):
            raise InputError(f"{path}: {name} is {value!r}, which is no token id.")
    return GenerationConfig(**ids)


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
    """The tokenizer in ``folder``.

    Raises :class:`InputError` where there is none, also where transformers makes one up, and where
    its class cannot read its files or loses text that they would keep.
    """
    from transformers import AutoTokenizer

    require_contents(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
        kept, known = keeps_text(tokenizer), knows_text(tokenizer)
    except Exception as error:
        reason = _first_line(error)
        raise not_loaded(folder, reason, trust_remote_code=trust_remote_code) from error
    if not kept and is_whole(folder):
        raise misfit(folder, "it loses text")
    if not known:
        raise no_vocabulary(folder)
    return tokenizer


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The ids that end an answer: those of the model's generation settings and the tokenizer's."""
    return all_ends(model.generation_config, tokenizer)


def all_ends(settings: Any, tokenizer: Any) -> list[int]:
    """The end tokens that a ``GenerationConfig`` declares, then the tokenizer's where it is not."""
    return list(dict.fromkeys([*_ends(settings), *_ends(tokenizer)]))


def _ends(owner: Any) -> list[int]:
    """The end tokens of generation settings or of a tokenizer."""
    declared = owner.eos_token_id
    return [] if declared is None else declared if isinstance(declared, list) else [declared]


def save_model(model: Any, tokenizer: Any, base: Path, folder: Path) -> None:
    """Write ``model`` and its tokenizer into ``folder``, with the generation settings of ``base``.

    They stay as they stand, but for the tokenizer's end token, which other programs look for there.
    Engines take no more than token ids of them, other programs all.
    """
    with quiet_transformers():
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    path, own = folder / _GENERATION, base / _GENERATION
    path.unlink(missing_ok=True)
    ids = generation_ids(base)
    ends = all_ends(ids, tokenizer)
    if {*ends} != {*_ends(ids)}:
        settings = read_json(own) if own.is_file() else ids.to_diff_dict()
        path.write_text(json.dumps({**settings, "eos_token_id": ends}, indent=2) + "\n")
    elif own.is_file():
        shutil.copyfile(own, path)


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
