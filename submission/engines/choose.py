"""Which engine runs a recipe."""

from __future__ import annotations

import difflib
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from submission.engines.base import Engine, EngineContext, EngineFactory
from submission.engines.checkpoint import Checkpoint
from submission.engines.vllm.support import adapter_refusal, lists, model_refusal
from submission.errors import InputError
from submission.machine.hardware import vllm_version

ENTRY_POINTS = "leaderkit.engines"
AUTO = "auto"


def make_engine(context: EngineContext) -> Engine:
    """The engine that the recipe names, or under ``auto`` vLLM where it can run the model.

    Raises :class:`InputError` for an unknown engine, and whatever the engine itself refuses.
    """
    name = context.recipe.engine.name
    if name == AUTO:
        name, why = _automatic(context)
        context.say(f"Engine: {name} ({why}).")
    points = _engines()
    if name not in points:
        known = sorted([AUTO, *points])
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise InputError(f"No engine '{name}'.{hint} Known: {', '.join(known)}.")
    return cast(EngineFactory, points[name].load())(context)


def _engines() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _automatic(context: EngineContext) -> tuple[str, str]:
    model = context.recipe.model
    if model is None:
        raise InputError(
            f"Recipe '{context.recipe.name}' has no model and names no engine. Set engine.name."
        )
    version = vllm_version()
    if version is None:
        return "transformers", "vLLM is not installed; see leaderkit doctor"
    if context.recipe.sampling.beams > 1:
        return "transformers", "beam search"
    checkpoint = Checkpoint(context)
    if checkpoint.encoder_decoder:
        return "transformers", "vLLM does not run encoder-decoder models"
    architectures = checkpoint.config.get("architectures") or []
    if not lists(architectures):
        return "transformers", f"vLLM does not list {', '.join(architectures)}"
    refusal = adapter_refusal(checkpoint.adapter)
    if refusal is not None:
        return "transformers", f"vLLM does not apply an adapter {refusal} at run time"
    refusal = model_refusal(context, checkpoint)
    if refusal is not None:
        return "transformers", f"vLLM cannot apply an adapter {refusal} at run time"
    return "vllm", f"vLLM {version} is installed"
