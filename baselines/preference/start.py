"""The adapter that is tuned: a new one, or the result of an earlier training."""

from __future__ import annotations

from typing import Any

from baselines.training.lora import add_adapter
from submission.adapters.attach import Part, attach
from submission.errors import InputError
from submission.recipes.schema import Lora


def tunable(model: Any, lora: Lora, start: Part | None) -> Any:
    """``model`` with an adapter over it that can be trained, as a peft model.

    That is the one in ``start``, or a new one of the shape ``lora``. Its weights are float32
    whatever the model's are. Raises :class:`InputError` where the adapter does not fit the model,
    and where it changes the output layer.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    # Keys and values of earlier tokens are for generation.
    model.config.use_cache = False
    if start is None:
        over = add_adapter(model, lora)
    else:
        over = attach(model, [start], upcast=True)
        over.set_adapter("default")
        over.peft_config["default"].inference_mode = False
    if isinstance(over.get_output_embeddings(), BaseTunerLayer):
        where = str(start.adapter.folder) if start else "training.lora.targets"
        raise InputError(
            f"{where}: has the output layer, which preference tuning does not change. "
            + (
                "Merge it first (leaderkit merge), and tune over the merged model with --model."
                if start
                else "Remove it."
            )
        )
    for parameter in over.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return over
