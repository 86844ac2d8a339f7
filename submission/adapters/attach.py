"""Adapters put over their base, after a look at whether they belong together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submission.adapters.adapter import Adapter, read_weights
from submission.adapters.config import CONFIG
from submission.adapters.load import model_shapes
from submission.errors import InputError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Part:
    """An adapter with its tensors by name, and by what its change is multiplied."""

    adapter: Adapter
    tensors: Mapping[str, torch.Tensor]
    weight: float = 1.0


def attach(model: Any, parts: Sequence[Part], *, upcast: bool = False, untie: bool = False) -> Any:
    """``model`` with the adapters over it, as a peft model that applies all of them.

    What is added to a layer is the sum of weight * scale * B A over the adapters: exact, whatever
    their ranks and targets, where ``add_weighted_adapter`` of peft makes one adapter of them.
    Adapters get the model's precision; with ``upcast`` they are float32 where that is a half one,
    so that none of their own is lost. With ``untie``, input and output embeddings that share one
    tensor get one each where an adapter changes either, so that it can be merged into that alone.

    Raises :class:`InputError` where a target or a shape of one is not in the other, and where
    several have what is not a sum.
    """
    from peft.tuners.lora import LoraLayer

    _refuse_no_sum(parts)
    if untie:
        _untie(model, {name for part in parts for name in part.tensors})
    over = model
    # What peft calls a single adapter, and saves without a folder of its own.
    names = ["default", *(f"part{number}" for number in range(1, len(parts)))]
    with warnings.catch_warnings():
        # peft says that it sets fan_in_fan_out for GPT-2; the parity check covers it.
        warnings.simplefilter("ignore")
        for name, part in zip(names, parts, strict=True):
            over = _put_over(over, name, part, upcast=upcast)
    over.base_model.set_adapter(names)
    for module in over.modules():
        if isinstance(module, LoraLayer):
            for name, part in zip(names, parts, strict=True):
                if name in module.scaling:
                    module.scaling[name] *= part.weight
    return over.eval()


def _put_over(model: Any, name: str, part: Part, *, upcast: bool) -> Any:
    from peft import PeftModel, get_peft_model, set_peft_model_state_dict

    adapter = part.adapter
    config = _configuration(adapter)
    config.inference_mode = True
    config.init_lora_weights = True  # all of them are replaced
    try:
        if isinstance(model, PeftModel):
            over = model
            over.add_adapter(name, config, autocast_adapter_dtype=upcast)
        else:
            over = get_peft_model(model, config, adapter_name=name, autocast_adapter_dtype=upcast)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _misfit(
            adapter, f"its targets ({', '.join(adapter.targets)}) are not all in it ({error})"
        ) from error
    _compare_shapes(over, name, part)
    try:
        result = set_peft_model_state_dict(over, dict(part.tensors), adapter_name=name)
    except (KeyError, RuntimeError, ValueError) as error:
        raise _misfit(adapter, str(error).strip().splitlines()[-1].strip()) from error
    if result.unexpected_keys:
        raise _misfit(adapter, _listed("the base has no place for", result.unexpected_keys))
    missing = [
        key for key in result.missing_keys if ".lora_" in key and name in key.split(".")[-2:]
    ]
    if missing:
        raise _misfit(adapter, _listed("the adapter has no weights for", missing))
    return over


def _configuration(adapter: Adapter) -> Any:
    from peft import LoraConfig

    try:
        return LoraConfig.from_pretrained(str(adapter.folder))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{adapter.folder / CONFIG}: peft cannot use it: {first}") from error


def _refuse_no_sum(parts: Sequence[Part]) -> None:
    if len(parts) == 1 and parts[0].weight == 1.0:
        return
    for part in parts:
        adapter = part.adapter
        reason = (
            "DoRA also rescales the base's weights"
            if adapter.dora
            else f"it replaces {', '.join(adapter.saved)} as a whole (modules_to_save)"
            if adapter.saved
            else f"it has biases of its own ({adapter.biases})"
            if adapter.biases != "none"
            else None
        )
        if reason is not None:
            raise InputError(
                f"{adapter.folder}: its change cannot be weighted or added to another's: {reason}. "
                "Merge it alone, without --weight."
            )


def _compare_shapes(over: Any, name: str, part: Part) -> None:
    from peft import get_peft_model_state_dict

    expected = {
        key: tuple(tensor.shape)
        for key, tensor in [
            *((f"base_model.model.{key}", tensor) for key, tensor in _base_tensors(over)),
            *get_peft_model_state_dict(
                over, adapter_name=name, save_embedding_layers=False
            ).items(),
        ]
    }
    for key, tensor in part.tensors.items():
        shape = tuple(tensor.shape)
        if expected.get(key, shape) == shape:
            continue
        text = f"{key} is {shape} where the base needs {expected[key]}"
        if ".lora_" not in key:
            text += "; its vocabulary or its saved modules have another size"
        raise _misfit(part.adapter, text)


def _base_tensors(over: Any) -> list[tuple[str, torch.Tensor]]:
    base = over.get_base_model()
    return [(name.replace(".base_layer.", "."), tensor) for name, tensor in base.named_parameters()]


def _untie(model: Any, changed: set[str]) -> None:
    """Give input and output embeddings a tensor each where an adapter changes one of them.

    Where they share one, merging into either would change both.
    """
    import torch

    entrance, exit_ = model.get_input_embeddings(), model.get_output_embeddings()
    if exit_ is None or exit_.weight is not entrance.weight:
        return
    shared = [name for name, module in model.named_modules() if module in (entrance, exit_)]
    if not any(f".{part}." in name for part in shared for name in changed):
        return
    exit_.weight = torch.nn.Parameter(entrance.weight.detach().clone())
    model.config.tie_word_embeddings = False


def _listed(what: str, names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{what} {names[0]}{more}"


def _misfit(adapter: Adapter, why: str) -> InputError:
    trained = f" It was trained on '{adapter.base_name}'." if adapter.base_name else ""
    return InputError(f"{adapter.folder}: the adapter does not fit this base: {why}.{trained}")


def fitting(
    base: Path, adapter: Adapter, *, trust_remote_code: bool = False, seq2seq: bool = False
) -> Part:
    """The adapter with its tensors, which are those that the model in ``base`` has places for.

    Where transformers cannot make the model of its configuration alone, only the tensors
    themselves are looked at; :func:`~submission.adapters.attach.attach` tells the rest.

    Raises :class:`InputError` for tensors that are damaged, not finite, too few, or of another
    name or shape than the base needs.
    """
    part = Part(adapter, read_weights(adapter))
    shapes = model_shapes(base, trust_remote_code=trust_remote_code, seq2seq=seq2seq)
    if shapes is not None:
        attach(shapes, [part])
    return part
