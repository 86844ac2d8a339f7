"""Which engine runs a recipe."""

from __future__ import annotations

import difflib
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from submission.engines.abilities import Ability, Need, needs
from submission.engines.base import Engine, EngineContext, EngineFactory
from submission.engines.checkpoint import Checkpoint
from submission.engines.vllm.engine import VllmEngine
from submission.engines.vllm.support import adapter_refusal, lists, model_refusal
from submission.engines.workers.engine import WorkersEngine
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
    points = engines()
    if name not in points:
        known = sorted([AUTO, *points])
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise InputError(f"No engine '{name}'.{hint} Known: {', '.join(known)}.")
    factory = cast(EngineFactory, points[name].load())
    asked = [*needs(context.recipe)]
    if context.max_cost is not None:
        asked.append(Need("--max-cost", Ability.PRICES))
    for key, ability in asked:
        if ability not in abilities(factory):
            having = [each for each, point in points.items() if ability in abilities(point.load())]
            raise InputError(
                f"{key}: engine '{name}' has no {ability.words}. Use --engine "
                f"{' or '.join(sorted(having))}."
            )
    if context.recipe.engine.workers > 1:
        return WorkersEngine(context, factory)
    return factory(context)


def engines() -> dict[str, EntryPoint]:
    """Every installed engine by its name."""
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def abilities(factory: EngineFactory) -> frozenset[Ability]:
    """What the engine does beyond completing prompts; one that does not say does nothing else."""
    return getattr(factory, "abilities", frozenset())


def _automatic(context: EngineContext) -> tuple[str, str]:
    model = context.recipe.model
    if model is None:
        raise InputError(
            f"Recipe '{context.recipe.name}' has no model and names no engine. Set engine.name."
        )
    version = vllm_version()
    if version is None:
        return "transformers", "vLLM is not installed; see leaderkit doctor"
    lacking = [need for need in needs(context.recipe) if need.ability not in VllmEngine.abilities]
    if lacking:
        return "transformers", f"vLLM has no {lacking[0].ability.words}"
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
