"""Which runs the script of a bundle can stand for: what is not listed here is refused."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.recipes import Recipe

ENGINES = ("transformers", "vllm")

# Tables and keys that the script follows, or that change nothing that a finished run answered.
_SUPPORTED = frozenset(
    {
        "name", "about", "training", "preference", "degenerate", "retry",
        "model.name", "model.adapter", "model.other_base", "model.tokenizer", "model.kind",
        "model.trust_remote_code",
        "engine.name", "engine.revision", "engine.dtype", "engine.max_model_len",
        "prompt.template", "prompt.system", "prompt.chat", "prompt.special_tokens", "prompt.date",
        "prompt.compound", "prompt.chat_template", "prompt.chat_template_kwargs",
        "prompt.fold_system", "prompt.prefill",
        "sampling.max_tokens", "sampling.temperature", "sampling.top_p", "sampling.top_k",
        "sampling.repetition_penalty", "sampling.stop", "sampling.samples", "sampling.seed",
        "extraction.cut", "extraction.after", "extraction.one_line",
    }
)  # fmt: skip
_OF_ENGINE = {
    "transformers": frozenset({"engine.batch_tokens", "sampling.beams"}),
    "vllm": frozenset(
        {
            "engine.quantization", "engine.tensor_parallel_size", "engine.gpu_memory_utilization",
            "engine.cpu_kvcache_gib", "engine.batch_tokens",
        }
    ),
}  # fmt: skip


def require_supported(recipe: Recipe, profile: Profile, engine: str) -> None:
    """Raise :class:`InputError` for what the script for ``engine`` does not do."""
    if recipe.model is None:
        raise InputError(
            f"Recipe '{recipe.name}' has no model of its own (a baseline without one, or an "
            "ensemble), so there is no inference to hand over."
        )
    supported = _SUPPORTED | _OF_ENGINE[engine]
    lacking = [key for key in _changed(recipe) if key not in supported]
    if lacking:
        raise InputError.listing(
            f"Recipe '{recipe.name}' cannot be bundled for {engine}",
            [f"the script does not support {key}" for key in lacking],
        )
    submission = profile.submission
    if submission.answer is None or submission.kind != "text" or submission.vectors is not None:
        what = "vectors" if submission.vectors else f"answers of kind '{submission.kind}'"
        if submission.answers:
            what = "answers of several columns"
        raise InputError(
            f"Competition '{profile.name}' takes {what}; the script of a bundle writes one text "
            "per row."
        )


def _changed(table: BaseModel, prefix: str = "") -> Iterator[str]:
    """The keys that are not as they are by default; of a table that is not known, its name."""
    for name, field in type(table).model_fields.items():
        value, key = getattr(table, name), f"{prefix}{name}"
        if value == field.get_default(call_default_factory=True):
            continue
        if isinstance(value, BaseModel) and any(each.startswith(f"{key}.") for each in _SUPPORTED):
            yield from _changed(value, f"{key}.")
        else:
            yield key
