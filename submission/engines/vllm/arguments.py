"""The ``[engine.vllm]`` table of a recipe, held against the engine arguments of the installed vLLM.

Importing vLLM takes seconds, which a run that is in the ledger already does not need: the
arguments, and the types that they are declared with, are read from its source.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache, reduce
from importlib.util import find_spec
from operator import or_
from pathlib import Path
from typing import Any, Literal

from pydantic import JsonValue, TypeAdapter, ValidationError

from submission.errors import InputError, few, nearest, sentence

OF_THE_RECIPE = {
    "model": "model.name",
    "model_weights": "model.name",
    "tokenizer": "model.tokenizer",
    "trust_remote_code": "model.trust_remote_code",
    "enable_lora": "model.adapter",
    "max_lora_rank": "model.adapter",
    "revision": "engine.revision",
    "tokenizer_revision": "engine.revision",
    "dtype": "engine.dtype",
    "quantization": "engine.quantization",
    "tensor_parallel_size": "engine.tensor_parallel_size",
    "gpu_memory_utilization": "engine.gpu_memory_utilization",
    "max_model_len": "engine.max_model_len",
    "data_parallel_size": "engine.workers",
    "seed": "sampling.seed",
    "generation_config": "[sampling]",
    "override_generation_config": "[sampling]",
    "structured_outputs_config": "sampling.structure",
    "reasoning_config": "[thinking]",
    "reasoning_parser": "thinking.parser",
    "reasoning_parser_plugin": "thinking.parser",
}
"""Arguments that follow from other keys, and which."""

OWN = frozenset(
    {"runner", "convert", "skip_tokenizer_init", "worker_cls", "worker_extension_cls", "log_level"}
    | {
        "disable_log_stats",
        "served_model_name",
        "hf_config_path",
        "tokenizer_mode",
        "logprobs_mode",
    }
)
"""Arguments without which leaderkit's engine would not work, so that it sets them alone."""

SECRET = frozenset({"hf_token"})

ANSWERS_STAY = frozenset(
    {"max_num_seqs", "max_num_active_seqs", "max_num_batched_tokens", "max_num_scheduled_tokens"}
    | {"max_num_queued_reqs", "max_num_queued_tokens", "scheduling_policy", "async_scheduling"}
    | {"kv_cache_memory_bytes", "num_gpu_blocks_override", "watermark", "stream_interval"}
    | {"download_dir", "max_parallel_loading_workers", "cpu_offload_gb", "offload_backend"}
    | {"safetensors_load_strategy", "safetensors_prefetch_num_threads"}
    | {"safetensors_prefetch_block_size", "distributed_timeout_seconds", "max_cpu_loras"}
)
"""Arguments that decide how much is computed at once and how files are read, as other engine keys
do that are no part of a row key. Every other one may change an answer."""

_PLAIN: dict[str, Any] = {
    "int": int, "float": float, "str": str, "bool": bool, "None": None,
    "list": list, "dict": dict, "set": list,
}  # fmt: skip


def check_arguments(table: Mapping[str, JsonValue]) -> None:
    """Raise :class:`InputError` for what vLLM has no argument for, or a value that is none of its.

    The types are those that vLLM declares; what is a class of its own is left to it.
    """
    problems = list(_problems(table))
    if problems:
        raise InputError.listing("engine.vllm", problems)


def changing(table: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The arguments that may change answers."""
    return {name: value for name, value in table.items() if name not in ANSWERS_STAY}


def _problems(table: Mapping[str, JsonValue]) -> Iterator[str]:
    known = declared() if table else {}
    for name, value in table.items():
        if name in OF_THE_RECIPE:
            yield f"{name} is set by {OF_THE_RECIPE[name]}: use that"
        elif name in SECRET:
            yield f"{name} is a secret, which belongs into the environment (HF_TOKEN)"
        elif name in OWN:
            yield f"{name} is leaderkit's own to set: remove it"
        elif known and name not in known:
            yield f"vLLM has no argument '{name}'; it has {nearest(sorted(known), name)}"
        elif (kind := known.get(name, Any)) is not Any:
            try:
                TypeAdapter(kind).validate_python(value, strict=True)
            except ValidationError as error:
                told = few(dict.fromkeys(each["msg"] for each in error.errors()))
                yield f"{name}={value!r} cannot be used: {sentence(told)}"


@cache
def declared() -> dict[str, Any]:
    """Each engine argument of the installed vLLM with its type, ``Any`` where that is no plain one.

    Empty where its source is not there to be read.
    """
    found = find_spec("vllm")
    if found is None or found.origin is None:
        return {}
    root = Path(found.origin).parent
    source = root / "engine" / "arg_utils.py"
    if not source.is_file():
        return {}
    tree = ast.parse(source.read_text(encoding="utf-8"))
    literals = _Literals(root)
    return {
        field.target.id: literals.type_of(field.annotation)
        for each in tree.body
        if isinstance(each, ast.ClassDef) and each.name == "EngineArgs"
        for field in each.body
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and not field.target.id.startswith("_")
    }


class _Literals:
    """Types as they are written, with the aliases of vLLM's own that are lists of values."""

    def __init__(self, root: Path) -> None:
        self._aliases: dict[str, ast.expr] = {}
        for path in sorted(root.joinpath("config").glob("*.py")):
            for each in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
                    self._aliases[each.targets[0].id] = each.value

    def type_of(self, written: ast.expr) -> Any:
        """The type that ``written`` stands for; ``Any`` for one that is not known."""
        if isinstance(written, ast.Constant):
            if isinstance(written.value, str):
                return self.type_of(ast.parse(written.value, mode="eval").body)
            return written.value
        if isinstance(written, ast.Name):
            if written.id in _PLAIN:
                return _PLAIN[written.id]
            alias = self._aliases.get(written.id)
            return self._literal(alias) if alias is not None else Any
        if isinstance(written, ast.BinOp):
            sides = [self.type_of(written.left), self.type_of(written.right)]
            return Any if Any in sides else reduce(or_, (side or type(None) for side in sides))
        if isinstance(written, ast.Subscript) and isinstance(written.value, ast.Name):
            if written.value.id == "Literal":
                return self._literal(written)
            return _PLAIN.get(written.value.id, Any)
        return Any

    def _literal(self, written: ast.expr) -> Any:
        named = isinstance(written, ast.Subscript) and isinstance(written.value, ast.Name)
        if not named or written.value.id != "Literal":  # type: ignore[attr-defined]
            return Any
        try:
            values = ast.literal_eval(written.slice)  # type: ignore[attr-defined]
        except ValueError:
            return Any
        return Literal[values]
