"""An adapter's own files as training wrote them: what may stand in them, and what may not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from submission.errors import InputError
from submission.files.model_files import read_json
from submission.files.toml import validate

CONFIG = "adapter_config.json"
MANIFEST = "leaderkit.json"


def _known(value: Any) -> Any:
    if value is None:
        raise ValueError("missing, so the scale is unknown; add the value used in training")
    return value


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


Text = Annotated[str, Field(strict=True, min_length=1)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
Names = list[Text] | Text | None
# A list is of names, a text alone is a regular expression.
Targets = list[Text] | Pattern | None
Rank = Annotated[int, Field(strict=True, gt=0)]
Token = Annotated[int, Field(strict=True, ge=0)]
Scale = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


class LoraConfiguration(BaseModel):
    """The keys of a LoRA adapter's adapter_config.json that leaderkit or peft reckons with.

    Others are let through: every version of peft has its own.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    base_model_name_or_path: Annotated[str, Field(strict=True)] | None = None
    task_type: (
        Literal[
            "CAUSAL_LM",
            "FEATURE_EXTRACTION",
            "QUESTION_ANS",
            "SEQ_2_SEQ_LM",
            "SEQ_CLS",
            "TOKEN_CLS",
        ]
        | None
    ) = None
    r: Annotated[Rank, BeforeValidator(_known)] = Field(default=None, validate_default=True)
    lora_alpha: Annotated[Scale, BeforeValidator(_known)] = Field(
        default=None, validate_default=True
    )
    lora_dropout: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0
    rank_pattern: dict[Pattern, Rank] | None = None
    alpha_pattern: dict[Pattern, Scale] | None = None
    target_modules: Targets = None
    exclude_modules: Targets = None
    modules_to_save: Names = None
    trainable_token_indices: list[Token] | dict[Text, list[Token]] | None = None
    layers_to_transform: list[int] | int | None = None
    layers_pattern: Names = None
    bias: Literal["none", "all", "lora_only"] | None = "none"
    lora_bias: StrictBool | None = False
    use_dora: StrictBool | None = False
    ensure_weight_tying: StrictBool | None = False
    use_rslora: StrictBool | None = False
    fan_in_fan_out: StrictBool | None = False


class Record(BaseModel):
    """What leaderkit.json says of the base that was trained over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    base_sha256: Annotated[str, Field(strict=True)] | None = None
    base_quantization: Annotated[str, Field(strict=True)] | None = None

    @property
    def tells_quantization(self) -> bool:
        """Whether it says how the base was held; null says that it was not quantized."""
        return "base_quantization" in self.model_fields_set


def read_configuration(folder: Path) -> tuple[LoraConfiguration, dict[str, Any]]:
    """The folder's adapter_config.json, checked, and all that stands in it.

    Raises :class:`InputError` where there is none, for another kind than LoRA, and for values
    that cannot be, all of them at once.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise InputError(f"{folder}: no {CONFIG} in it. Give the folder that training wrote.")
    data = read_json(path)
    kind = data.get("peft_type")
    if kind != "LORA":
        raise InputError(
            f"{folder}: its peft_type is {kind or 'missing'}; only LORA adapters can be used."
        )
    return validate(LoraConfiguration, data, str(path)), data


def read_record(folder: Path) -> Record:
    """What the folder's leaderkit.json says of the base; without one, nothing.

    Raises :class:`InputError` for a file that cannot be read and for values that cannot be.
    """
    path = folder / MANIFEST
    return validate(Record, read_json(path), str(path)) if path.is_file() else Record()
