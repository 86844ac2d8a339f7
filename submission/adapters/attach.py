"""Adapters put over their base, after a look at whether they belong together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submission.adapters.adapter import Adapter, read_weights, whole_tensors
from submission.adapters.config import CONFIG
from submission.adapters.embeddings import Resize, Shapes, resize_for
from submission.adapters.load import embedding_rows, model_shapes
from submission.errors import InputError, few

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Part:
    """An adapter with its tensors by name, and by what its change is multiplied.

    ``resize`` says how many embeddings its base has and gets, None where that is not known before
    the base is loaded.
    """

    adapter: Adapter
    tensors: Mapping[str, torch.Tensor]
    weight: float = 1.0
    resize: Resize | None = None

    def told(self) -> str | None:
        """What the adapter does to the base's vocabulary, for people; None for nothing."""
        if self.resize is None or self.resize.before == self.resize.after:
            return None
        before, after = self.resize
        return (
            f"{self.adapter.folder} was trained with {after:,} tokens: the base's {before:,} "
            f"embeddings become as many, as peft does it."
        )

    def refuse_tokenizer(self, tokens: int, *, own: bool) -> None:
        """Raise :class:`InputError` where a tokenizer has more tokens than there are embeddings.

        Some published ones have; so that is looked at where the adapter changes how many there
        are, or has a tokenizer of its ``own``.
        """
        if self.resize is None or tokens <= self.resize.after or not (own or self.told()):
            return
        raise InputError(
            f"{self.adapter.folder}: it was trained with {tokens} tokens, and it and its base have "
            f"embeddings of {self.resize.after}. Save it with save_embedding_layers=True where it "
            "was trained, or give the base with the enlarged vocabulary."
            if own
            else f"{self.adapter.folder}: it was trained with {self.resize.after} tokens, and the "
            f"tokenizer has {tokens}: it is of another vocabulary, or its own tokenizer is not "
            "there. Copy that into its folder."
        )

    @property
    def shapes(self) -> Shapes:
        """The shapes of its tensors, by their names."""
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}


def attach(model: Any, parts: Sequence[Part], *, upcast: bool = False, untie: bool = False) -> Any:
    """``model`` with the adapters over it, as a peft model that applies all of them.

    What is added to a layer is the sum of weight * scale * B A over the adapters: exact, whatever
    their ranks and targets, where ``add_weighted_adapter`` of peft makes one adapter of them.
    Adapters get the model's precision; with ``upcast`` they are float32 where that is a half one,
    so that none of their own is lost. The base gets as many embeddings as they were trained with.
    With ``untie``, input and output embeddings that share one tensor get one each where an adapter
    changes either, so that it can be merged into that alone.

    Raises :class:`InputError` where a target or a shape of one is not in the other, and where
    several have what is not a sum.
    """
    from peft.tuners.lora import LoraLayer

    _refuse_no_sum(parts)
    resize_for(model, [(part.adapter, part.shapes) for part in parts])
    shared = _shared(model)
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
    if untie and any(_changes_one(part, shared) for part in parts):
        _untie(over)
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
            adapter, f"its targets ({few(adapter.targets)}) are not all in it ({error})"
        ) from error
    _compare_shapes(over, name, part)
    try:
        result = set_peft_model_state_dict(over, _placed(over, part), adapter_name=name)
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


def _placed(over: Any, part: Part) -> dict[str, torch.Tensor]:
    """The tensors under the names that this version of peft loads them by.

    Before there was a ``base_layer``, a changed layer's own weights had the layer's name. What is
    trained of shared embeddings may have been written once for each of them.
    """
    names = over.state_dict().keys()
    found: dict[str, torch.Tensor] = {}
    for name, tensor in part.tensors.items():
        stem, _, last = name.rpartition(".")
        inner = f"{stem}.base_layer.{last}"
        found[inner if name not in names and inner in names else name] = tensor
    exit_ = over.get_output_embeddings()
    if getattr(getattr(exit_, "token_adapter", None), "tied_adapter", None) is not None:
        name = next(name for name, module in over.named_modules() if module is exit_)
        found.pop(f"{name}.token_adapter.trainable_tokens_delta", None)
    return found


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
            else f"it replaces {few(adapter.saved)} as a whole (modules_to_save)"
            if adapter.saved
            else f"it has biases of its own ({adapter.biases})"
            if adapter.biases != "none"
            else f"it replaces whole weights ({few(whole)})"
            if (whole := whole_tensors(part.tensors))
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


def _shared(model: Any) -> list[str]:
    """What the modules are called whose one tensor is the input's and the output's embedding."""
    entrance, exit_ = model.get_input_embeddings(), model.get_output_embeddings()
    if exit_ is None or exit_.weight is not entrance.weight:
        return []
    return [name for name, module in model.named_modules() if module in (entrance, exit_)]


def _changes_one(part: Part, shared: Sequence[str]) -> bool:
    """Whether the adapter changes one of these modules otherwise than the others."""
    adapter = part.adapter
    low_rank = {name.partition(".lora_")[0] for name in part.tensors if ".lora_" in name}
    return (
        any(layer.endswith(f".{name}") for layer in low_rank for name in shared)
        or (not adapter.tied and any(name.rpartition(".")[2] in adapter.saved for name in shared))
        or (bool(shared) and len({*adapter.tokens.values()}) > 1)
    )


def _untie(over: Any) -> None:
    """Give input and output embeddings a tensor each; merging into a shared one changes both."""
    import torch

    base = over.get_base_model()
    entrance, exit_ = map(_plain, (base.get_input_embeddings(), base.get_output_embeddings()))
    exit_.weight = torch.nn.Parameter(entrance.weight.detach().clone(), requires_grad=False)
    base.config.tie_word_embeddings = False


def _plain(module: Any) -> Any:
    """The layer of the base under what peft puts over it."""
    while True:
        inner = getattr(module, "original_module", None) or getattr(module, "base_layer", None)
        if inner is None:
            return module
        module = inner


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
    if shapes is None:
        return part
    before = embedding_rows(shapes)
    attach(shapes, [part])
    return replace(part, resize=Resize(before, embedding_rows(shapes)))
