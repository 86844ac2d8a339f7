"""The tables and keys of a recipe file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date  # noqa: N812 -- a field has the name
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from evaluators.text.structured import json_steps
from submission.recipes.base import Conflict, NonEmpty, Table
from submission.recipes.choice import Choice
from submission.recipes.degenerate import DegenerateRules
from submission.recipes.examples import Examples
from submission.recipes.openai import OpenAI
from submission.recipes.preference import Preference
from submission.recipes.ray import Ray
from submission.recipes.retrieval import Retrieval
from submission.recipes.structure import Structure
from submission.recipes.thinking import Thinking, conflicts_of_thinking
from submission.recipes.training import Evaluation, Lora, Quantization, Training

__all__ = [
    "Choice",
    "Compound",
    "Engine",
    "Evaluation",
    "Extraction",
    "Lora",
    "Model",
    "Preference",
    "Prompt",
    "Quantization",
    "Recipe",
    "Retrieval",
    "Sampling",
    "Thinking",
    "Training",
]


class Model(Table):
    """What generates: a hub name or a local folder, and an adapter over it.

    ``kind`` is only needed where the model's own configuration does not tell. ``other_base``
    accepts an adapter whose own record proves that it was trained on other files than these.
    """

    name: NonEmpty
    adapter: str | None = None
    other_base: bool = False
    tokenizer: str | None = None
    kind: Literal["auto", "causal", "seq2seq"] = "auto"
    trust_remote_code: bool = False


class Compound(Table):
    """What is done with a cell that holds several questions.

    ``split`` asks each on its own and joins the answers with ``joiner``; ``whole`` asks the
    cell as it stands.
    """

    mode: Literal["split", "whole"] = "whole"
    joiner: str = " "


def _day(given: object) -> object:
    """A day as TOML and options write it."""
    try:
        return Date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        return given


class Prompt(Table):
    """How a question becomes the model's input.

    ``template`` is Jinja2 over ``question``, ``context`` and ``row`` (the test file's columns by
    name). With ``chat`` the rendered text is the user's turn of the model's own chat template.
    ``special_tokens`` adds the tokenizer's own (such as BOS) to a prompt that is no chat. ``date``
    is the day that a chat template is told when it asks; by default that on which a run or a
    training was begun.

    Only of a chat: ``chat_template`` is a Jinja template to use instead of the tokenizer's, and
    ``chat_template_kwargs`` are further variables for either; ``fold_system`` puts the system text
    at the start of the first user turn; ``prefill`` is how the assistant's turn begins, and no part
    of the completion.
    """

    template: NonEmpty = "{{ question }}"
    system: str | None = None
    chat: bool = False
    special_tokens: bool = True
    date: Annotated[
        Annotated[Date, BeforeValidator(_day)] | None, Field(exclude_if=lambda day: day is None)
    ] = None
    chat_template: Annotated[NonEmpty | None, Field(exclude_if=lambda it: it is None)] = None
    chat_template_kwargs: dict[str, JsonValue] = Field(default={}, exclude_if=lambda it: not it)
    fold_system: Annotated[bool, Field(exclude_if=lambda folds: not folds)] = False
    prefill: Annotated[NonEmpty | None, Field(exclude_if=lambda text: text is None)] = None
    examples: Annotated[Examples | None, Field(exclude_if=lambda table: table is None)] = None
    compound: Compound = Compound()

    def conflicts(self) -> Iterator[Conflict]:
        """What only a chat can have."""
        if not self.chat:
            for key in ("chat_template", "chat_template_kwargs", "fold_system"):
                if getattr(self, key):
                    yield Conflict(key, "is for chats: set prompt.chat=true")
            if self.prefill:
                yield Conflict("prefill", "is for chats: end prompt.template with this text")


class Sampling(Table):
    """How tokens are chosen. Temperature 0 or ``top_k`` 1 is greedy.

    Generation ends at the model's own end tokens and at any of ``stop``; an entry that is one
    of the tokenizer's special tokens stops as a token, any other as text.
    """

    max_tokens: int = Field(default=256, gt=0)
    temperature: float = Field(default=0.0, ge=0.0, le=5.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    top_k: int = Field(default=0, ge=0)
    repetition_penalty: float = Field(default=1.0, gt=0.0, le=10.0)
    stop: list[NonEmpty] = Field(default=[])
    beams: int = Field(default=1, ge=1)
    samples: int = Field(default=1, ge=1, le=1000)
    seed: int = Field(default=0, ge=0)
    structure: Annotated[Structure | None, Field(exclude_if=lambda it: it is None)] = None

    @property
    def greedy(self) -> bool:
        """Whether the same input always gives the same output."""
        return self.temperature == 0.0 or self.top_k == 1

    def conflicts(self) -> Iterator[Conflict]:
        """Several samples of what is always the same, and beams under a structure."""
        if self.samples > 1 and self.greedy:
            yield Conflict(
                "samples",
                f"{self.samples} samples of greedy decoding are all the same: "
                "set sampling.temperature above 0 and sampling.top_k other than 1",
            )
        if self.beams > 1 and self.structure is not None:
            yield Conflict("beams", "there is no beam search under sampling.structure: set it to 1")


def _path(path: str) -> str:
    json_steps(path)
    return path


class Extraction(Table):
    """What is kept of a completion: the text before the first of ``cut``, after the last
    ``after``, on one line, without surrounding white space; nothing where ``after`` is missing.

    With ``json_path`` that text is JSON, and what stands at the path in it is kept.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    cut: list[NonEmpty] = Field(default=[])
    after: NonEmpty | None = None
    json_path: Annotated[
        Annotated[str, AfterValidator(_path)] | None,
        Field(alias="json", exclude_if=lambda path: path is None),
    ] = None
    one_line: bool = True


class Retry(Table):
    """How a degenerate answer is generated again, up to ``attempts`` times with other seeds.

    ``max_tokens`` is the recipe's own unless given; all else of the sampling that is not named
    here stays.
    """

    attempts: int = Field(default=3, ge=1, le=100)
    temperature: float = Field(default=0.7, ge=0.0, le=5.0)
    top_p: float = Field(default=0.95, gt=0.0, le=1.0)
    top_k: int = Field(default=0, ge=0)
    repetition_penalty: float = Field(default=1.1, gt=0.0, le=10.0)
    max_tokens: int | None = Field(default=None, gt=0)


class Engine(Table):
    """Which engine runs the recipe, and what it is told.

    ``name`` is ``auto`` (vLLM where it can run the model, else transformers) or an engine's
    entry point. ``revision`` pins the hub's commit; ``batch_tokens`` bounds a batch of the
    transformers engine, ``cpu_kvcache_gib`` vLLM's cache where there is no GPU. ``workers`` is
    the number of processes that load the model and share the rows. ``stall_timeout`` is how many
    seconds vLLM may go on without a new token. ``openai``, ``ray`` and ``vllm`` are for the engines
    of those names; the last has any further engine argument of the installed vLLM.
    """

    name: NonEmpty = "auto"
    revision: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    quantization: str | None = None
    tensor_parallel_size: int = Field(default=1, ge=1)
    gpu_memory_utilization: float = Field(default=0.9, gt=0.0, le=1.0)
    max_model_len: int | None = Field(default=None, gt=0)
    batch_tokens: int = Field(default=8192, gt=0)
    cpu_kvcache_gib: int = Field(default=1, gt=0)
    workers: int = Field(default=1, ge=1, exclude_if=lambda count: count == 1)
    stall_timeout: float = Field(default=900.0, gt=0, exclude_if=lambda after: after == 900.0)
    openai: Annotated[OpenAI | None, Field(exclude_if=lambda table: table is None)] = None
    vllm: dict[str, JsonValue] = Field(default={}, exclude_if=lambda table: not table)
    ray: Annotated[Ray | None, Field(exclude_if=lambda table: table is None)] = None


class Recipe(Table):
    """Everything needed to produce answers, and optionally how the adapter is trained.

    ``model`` is absent in recipes whose engine answers without one; ``options`` are that
    engine's own.
    """

    name: NonEmpty
    about: str = ""
    model: Model | None = None
    engine: Engine = Engine()
    prompt: Prompt = Prompt()
    sampling: Sampling = Sampling()
    thinking: Annotated[Thinking | None, Field(exclude_if=lambda table: table is None)] = None
    choice: Annotated[Choice | None, Field(exclude_if=lambda table: table is None)] = None
    retrieval: Annotated[Retrieval | None, Field(exclude_if=lambda table: table is None)] = None
    extraction: Extraction = Extraction()
    degenerate: DegenerateRules = DegenerateRules()
    retry: Retry = Retry()
    training: Training | None = None
    preference: Preference | None = None
    options: dict[str, str] = Field(default={})

    def dated(self, day: Date | None) -> Self:
        """This recipe with its prompts' day fixed; as it is where there is none."""
        if day is None:
            return self
        return self.model_copy(update={"prompt": self.prompt.model_copy(update={"date": day})})

    @model_validator(mode="before")
    @classmethod
    def _say_new_names(cls, data: Any) -> Any:
        if isinstance(data, dict) and "quarantine" in data:
            raise ValueError("the table [quarantine] is called [degenerate] now: rename it")
        return data

    def conflicts(self) -> Iterator[Conflict]:
        """What thinking and a choice rule out, and what training does."""
        if self.thinking is not None:
            yield from conflicts_of_thinking(self.thinking, self)
        if self.choice is not None:
            yield from self.choice.conflicts_with(self)
        training = self.training
        if training is None:
            if self.preference is not None:
                yield Conflict("preference", "needs a [training] table, which says how")
            return
        kind = self.model.kind if self.model is not None else "auto"
        if kind == "causal" and training.seq2seq_lengths:
            unset = training.source_length is None
            yield Conflict(
                "training.target_length" if unset else "training.source_length",
                "is only for encoder-decoders, and model.kind is causal; set max_length instead",
            )
        if kind == "seq2seq" and training.packing:
            yield Conflict("training.packing", "is for causal models, and model.kind is seq2seq")
        if kind == "seq2seq" and training.loss_on == "all":
            yield Conflict("training.loss_on", "an encoder-decoder has no loss on its prompt")
        if self.prompt.chat and training.end_token is not None:
            yield Conflict(
                "training.end_token",
                "is for prompts that are not a chat; a chat's turn ends as the chat template says",
            )
        if self.preference is not None:
            yield from self._conflicts_of_preference(training, kind)

    def _conflicts_of_preference(self, training: Training, kind: str) -> Iterator[Conflict]:
        if kind == "seq2seq":
            yield Conflict("preference", "is for causal models, and model.kind is seq2seq")
        if training.method == "full":
            yield Conflict(
                "training.method",
                "preference tuning trains an adapter (lora, qlora): the model without it is the "
                "reference",
            )
        if training.packing:
            yield Conflict("training.packing", "preference pairs cannot be packed")
        if training.loss_on == "all":
            yield Conflict("training.loss_on", "only the answers of a pair are compared")
