"""The text of a bundle's inference script: a run's recipe as constants, and the code it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluators.text.cells import visible
from submission.adapters.load import all_ends, context_length, generation_ids
from submission.bundle.source import Source
from submission.engines.checkpoint import Checkpoint
from submission.engines.vllm.support import lora_slot
from submission.errors import InputError, few
from submission.prompts import compound
from submission.prompts.spelled import SpelledTokens
from submission.recipes import Sampling

if TYPE_CHECKING:
    from jinja2 import Environment

WIDTH = 84
"""Longer literals of the script are broken over lines."""
FIRST_WITH_DTYPE = (4, 56)
"""The transformers release that calls ``torch_dtype`` by its new name."""
_SAMPLING = (
    "max_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "beams", "seed",
)  # fmt: skip


_FORMATS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json"}


@cache
def environment() -> Environment:
    """Where the templates of a bundle's files are found."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("submission.bundle"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- Python and Markdown
    )
    found.filters["literal"] = literal
    found.filters["docstring"] = _in_docstring
    return found


def script(source: Source, transformers: tuple[int, ...], *, parts: bool) -> str:
    """The script that answers as ``source`` did, for that version of transformers.

    ``parts``: the chat template takes a message's content as a list of parts. Raises
    :class:`InputError` for files of a form that the script does not read.
    """
    template = environment().get_template("inference.py.jinja")
    values = {**_of_data(source), **_of_prompt(source, parts=parts)}
    return template.render(**values, **_of_engine(source, transformers))


def _of_data(source: Source) -> dict[str, Any]:
    profile = source.competition.profile
    forms = {_form(path) for path in (source.test, source.template)}
    return {
        "competition": profile.title,
        "run": source.run.name,
        "test": profile.test,
        "nfc": profile.test.nfc,
        "submission": profile.submission,
        "csv": "csv" in forms,
        "json": "json" in forms,
        "test_name": source.test_name,
        "template_name": source.template_name,
        "out_name": source.out_name,
    }


def _form(path: Path) -> str:
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise InputError(f"{path}: the script of a bundle reads files that end in {few(_FORMATS)}.")
    return form


def _of_prompt(source: Source, *, parts: bool) -> dict[str, Any]:
    recipe, checkpoint = source.recipe, source.checkpoint
    prompt, tokenizer = recipe.prompt, checkpoint.tokenizer
    special = prompt.special_tokens and not prompt.chat
    appended = []
    if special and not checkpoint.encoder_decoder:
        appended = SpelledTokens(tokenizer).around[1]
    templates = f"{prompt.template}{source.competition.profile.test.template or ''}"

    def content(name: str) -> str:
        return f'[{{"type": "text", "text": {name}}}]' if parts else name

    return {
        "prompt": prompt,
        "content": content,
        "split": prompt.compound.mode == "split",
        "boundary": compound.BOUNDARY.pattern,
        "continues": compound.CONTINUES.pattern,
        "day": checkpoint.encoder.date or (prompt.date if prompt.chat else None),
        "shows_now": checkpoint.encoder.date is not None,
        "special": special,
        "appended": appended,
        "bos": tokenizer.bos_token_id,
        "uses_fromjson": "fromjson" in templates,
        "uses_unescape": "unescape" in templates,
        "extraction": recipe.extraction,
        "one_line": recipe.extraction.one_line,
    }


def _of_engine(source: Source, transformers: tuple[int, ...]) -> dict[str, Any]:
    recipe, checkpoint = source.recipe, source.checkpoint
    model = recipe.model
    config = _config(checkpoint, trust_remote_code=bool(model and model.trust_remote_code))
    generation = generation_ids(checkpoint.model.folder)
    stop_ids, stop_texts = checkpoint.stops
    ends = sorted({*stop_ids, *all_ends(generation, checkpoint.tokenizer)})
    asked = recipe.engine.max_model_len
    limits = [asked] if checkpoint.encoder_decoder else [asked, context_length(config)]
    rows = config.get_text_config().vocab_size
    known = (each for each in (checkpoint.tokenizer.pad_token_id, *ends) if each is not None)
    seq2seq = checkpoint.encoder_decoder
    return {
        "engine": source.engine,
        "adapter": checkpoint.adapter is not None,
        "own_tokenizer": checkpoint.tokenizer_folder != checkpoint.model.folder,
        "sampling": _sampling(recipe.sampling),
        "retries": [_sampling(each) for each in source.retries],
        "sampled": not all(each.greedy for each in (recipe.sampling, *source.retries)),
        "dtype": source.identity["dtype"],
        "ends": ends,
        "stop_texts": stop_texts,
        "pad": next((each for each in known if each < rows), 0),
        "batch_tokens": recipe.engine.batch_tokens,
        "context_length": min((limit for limit in limits if limit), default=None),
        "generation": generation,
        "seq2seq": seq2seq,
        "model_class": "AutoModelForSeq2SeqLM" if seq2seq else "AutoModelForCausalLM",
        "dtype_name": "dtype" if transformers >= FIRST_WITH_DTYPE else "torch_dtype",
        "remote_code": bool(model and model.trust_remote_code),
        # Other implementations leave the capping out without a word.
        "eager": bool(checkpoint.config.get("attn_logit_softcapping")),
        "cpu_kvcache_gib": recipe.engine.cpu_kvcache_gib,
        "vllm_options": dict(_vllm_options(source)),
    }


def _config(checkpoint: Checkpoint, *, trust_remote_code: bool) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(checkpoint.model.folder, trust_remote_code=trust_remote_code)


def _vllm_options(source: Source) -> Iterator[tuple[str, Any]]:
    """What vLLM is told beyond model and precision, where that is not what it does anyway."""
    options, model = source.recipe.engine, source.recipe.model
    if options.quantization is not None:
        yield "quantization", options.quantization
    if options.tensor_parallel_size > 1:
        yield "tensor_parallel_size", options.tensor_parallel_size
    yield "gpu_memory_utilization", options.gpu_memory_utilization
    if options.max_model_len is not None:
        yield "max_model_len", options.max_model_len
    if model is not None and model.trust_remote_code:
        yield "trust_remote_code", True
    if source.checkpoint.adapter is not None:
        yield "enable_lora", True
        yield "max_lora_rank", lora_slot(source.checkpoint.adapter)


def _sampling(sampling: Sampling) -> dict[str, Any]:
    return sampling.model_dump(include=set(_SAMPLING))


def literal(value: Any, indent: str = "") -> str:
    """A Python literal as a person would write it, long ones over several lines."""
    if isinstance(value, str):
        return _text(value, indent)
    if isinstance(value, dict):
        items = [f"{literal(key)}: {literal(each)}" for key, each in value.items()]
        return _within("{", items, "}", indent)
    if isinstance(value, list | tuple):
        inner = [literal(each, f"{indent}    ") for each in value]
        return _within("[", inner, "]", indent)
    return repr(value)


def _within(opening: str, items: list[str], closing: str, indent: str) -> str:
    line = f"{opening}{', '.join(items)}{closing}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    listed = "".join(f"{indent}    {item},\n" for item in items)
    return f"{opening}\n{listed}{indent}{closing}"


def _text(text: str, indent: str) -> str:
    if len(_quoted(text)) <= WIDTH:
        return _quoted(text)
    lines = text.splitlines(keepends=True)
    pieces = [line[start : start + WIDTH] for line in lines for start in range(0, len(line), WIDTH)]
    listed = "".join(f"{indent}    {_quoted(piece)}\n" for piece in pieces)
    return f"(\n{listed}{indent})"


def _in_docstring(text: str) -> str:
    """On one line, without what ends a docstring or begins an escape."""
    return visible(text).replace("\\", "/").replace('"', "'")


def _quoted(text: str) -> str:
    """In double quotes, where every character can be seen; else with its escapes."""
    seen = text.replace("\n", "").replace("\t", "")
    return json.dumps(text, ensure_ascii=False) if seen.isprintable() else ascii(text)
