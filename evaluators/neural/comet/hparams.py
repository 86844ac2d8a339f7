"""What a COMET checkpoint says of itself, and which of it is handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Mapping

Mixture = Literal["softmax", "sparsemax"]
Pool = Literal["avg", "max", "cls"]
_Choice = TypeVar("_Choice", bound=str)

_MIXTURES: Final[tuple[Mixture, ...]] = get_args(Mixture)
_POOLS: Final[tuple[Pool, ...]] = get_args(Pool)
_ACTIVATIONS: Final = ("tanh", "sigmoid", "identity")


@dataclass(frozen=True)
class CometHparams:
    """The part of a regression metric's hyperparameters that decides its scores.

    ``layer`` None mixes all layers by ``mixture``, each normed first where ``layer_norm`` says so.
    """

    pretrained_model: str
    layer: int | None
    mixture: Mixture
    layer_norm: bool
    pool: Pool
    hidden_sizes: tuple[int, ...]
    activation: str
    final_activation: str | None


def read_hparams(file: Mapping[str, object], stored: Mapping[str, object]) -> CometHparams:
    """Read ``hparams.yaml`` and the hyperparameters inside the checkpoint.

    As in unbabel-comet, the file decides the class and the checkpoint the rest where it says
    anything, and ``sparsemax_patch`` in the file means that the model was trained with softmax
    whatever the checkpoint says. Raises EvaluationError for what this package does not compute.
    """
    kind = file.get("class_identifier")
    if kind != "regression_metric":
        raise _unhandled("class_identifier", kind, "regression_metric")
    values = {**_DEFAULTS, **(stored or file)}
    if file.get("layer_transformation") == "sparsemax_patch":
        values["layer_transformation"] = "softmax"
    if values["encoder_model"] != "XLM-RoBERTa":
        raise _unhandled("encoder_model", values["encoder_model"], "XLM-RoBERTa")
    final = values["final_activation"]
    return CometHparams(
        pretrained_model=_text("pretrained_model", values["pretrained_model"]),
        layer=None if values["layer"] == "mix" else _whole("layer", values["layer"]),
        mixture=_known("layer_transformation", values["layer_transformation"], _MIXTURES),
        layer_norm=_flag("layer_norm", values["layer_norm"]),
        pool=_known("pool", values["pool"], _POOLS),
        hidden_sizes=_sizes(values["hidden_sizes"]),
        activation=_activation("activations", values["activations"]),
        final_activation=None if final is None else _activation("final_activation", final),
    )


_DEFAULTS: Final[Mapping[str, object]] = {
    "encoder_model": "XLM-RoBERTa",
    "layer": "mix",
    "layer_transformation": "softmax",
    "layer_norm": True,
    "pool": "avg",
    "activations": "Tanh",
    "final_activation": None,
    "pretrained_model": None,
    "hidden_sizes": None,
}


def _known(name: str, value: object, choices: tuple[_Choice, ...]) -> _Choice:
    for choice in choices:
        if value == choice:
            return choice
    raise _unhandled(name, value, *choices)


def _activation(name: str, value: object) -> str:
    return _known(name, str(value).lower(), _ACTIVATIONS)


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise _unhandled("hidden_sizes", value, "a list of numbers")
    return tuple(_whole("hidden_sizes", size) for size in value)


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _unhandled(name, value, "a whole number")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _unhandled(name, value, "true", "false")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _unhandled(name, value, "a model's name")
    return value


def _unhandled(name: str, value: object, *known: str) -> EvaluationError:
    return EvaluationError(
        f"comet: a checkpoint with {name}={value!r} is not supported, only {' or '.join(known)}: "
        "use comet:model= with Unbabel/wmt22-comet-da or one of its kind"
    )
