"""An adapter put over its base, after a look at whether the two belong together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from submission.adapters.adapter import Adapter
from submission.errors import InputError

if TYPE_CHECKING:
    import torch


def attach(model: Any, adapter: Adapter, weights: Mapping[str, torch.Tensor]) -> Any:
    """``model`` with the adapter over it, as a peft model.

    Raises :class:`InputError` where a target or a shape of one is not in the other.
    """
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

    _untie(model, weights)
    config = LoraConfig.from_pretrained(str(adapter.folder))
    config.inference_mode = True
    with warnings.catch_warnings():
        # peft says that it sets fan_in_fan_out for GPT-2; the parity check covers it.
        warnings.simplefilter("ignore")
        try:
            over = get_peft_model(model, config, autocast_adapter_dtype=False)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _misfit(
                adapter, f"its targets ({', '.join(adapter.targets)}) are not all in it ({error})"
            ) from error
        _compare_shapes(over, adapter, weights)
        try:
            result = set_peft_model_state_dict(over, dict(weights))
        except (KeyError, RuntimeError, ValueError) as error:
            raise _misfit(adapter, str(error).strip().splitlines()[-1].strip()) from error
    if result.unexpected_keys:
        raise _misfit(adapter, _listed("the base has no place for", result.unexpected_keys))
    missing = [name for name in result.missing_keys if ".lora_" in name]
    if missing:
        raise _misfit(adapter, _listed("the adapter has no weights for", missing))
    return over.eval()


def _compare_shapes(over: Any, adapter: Adapter, weights: Mapping[str, torch.Tensor]) -> None:
    from peft import get_peft_model_state_dict

    expected = {
        name: tuple(tensor.shape)
        for name, tensor in [
            *((f"base_model.model.{name}", tensor) for name, tensor in _base_tensors(over)),
            *get_peft_model_state_dict(over, save_embedding_layers=False).items(),
        ]
    }
    for name, tensor in weights.items():
        shape = tuple(tensor.shape)
        if expected.get(name, shape) == shape:
            continue
        text = f"{name} is {shape} where the base needs {expected[name]}"
        if ".lora_" not in name:
            text += "; its vocabulary or its saved modules have another size"
        raise _misfit(adapter, text)


def _base_tensors(over: Any) -> list[tuple[str, torch.Tensor]]:
    base = over.get_base_model()
    return [(name.replace(".base_layer.", "."), tensor) for name, tensor in base.named_parameters()]


def _untie(model: Any, weights: Mapping[str, torch.Tensor]) -> None:
    """Give input and output embeddings a tensor each where the adapter changes one of them.

    Where they share one, merging into either would change both.
    """
    import torch

    entrance, exit_ = model.get_input_embeddings(), model.get_output_embeddings()
    if exit_ is None or exit_.weight is not entrance.weight:
        return
    shared = [name for name, module in model.named_modules() if module in (entrance, exit_)]
    if not any(f".{part}." in name for part in shared for name in weights):
        return
    exit_.weight = torch.nn.Parameter(entrance.weight.detach().clone())
    model.config.tie_word_embeddings = False


def _listed(what: str, names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{what} {names[0]}{more}"


def _misfit(adapter: Adapter, why: str) -> InputError:
    trained = f" It was trained on '{adapter.base_name}'." if adapter.base_name else ""
    return InputError(f"{adapter.folder}: the adapter does not fit this base: {why}.{trained}")
