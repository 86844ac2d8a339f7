"""The model, adapter and tokenizer of a recipe, on disk: what both model engines share."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from submission.adapters.adapter import Adapter, check_base, read_adapter
from submission.adapters.attach import Part, fitting
from submission.adapters.load import load_tokenizer
from submission.engines.base import EngineContext
from submission.errors import InputError, sentence
from submission.files.digest import folder_digest
from submission.files.model_files import ModelFiles, locate_model, read_json
from submission.files.named import named
from submission.machine.hardware import installed, resolve_dtype
from submission.prompts.encode import PromptEncoder, stop_tokens
from submission.records.rows import Question


class Checkpoint:
    """Finds files, tokenizes, and says what answers depend on; loads no weights."""

    def __init__(self, context: EngineContext) -> None:
        recipe = context.recipe
        if recipe.model is None:
            raise InputError(f"Recipe '{recipe.name}' names no model. Give one with --model.")
        if recipe.options:
            raise InputError(
                f"Recipe '{recipe.name}' has a model, so it cannot have the engine option "
                f"'{min(recipe.options)}'. Remove it."
            )
        self._context = context
        self._declared = recipe.model
        self.model = locate_model(recipe.model.name, recipe.engine.revision)
        adapter = locate_model(recipe.model.adapter) if recipe.model.adapter else None
        if not (self.model.folder / "config.json").is_file():
            raise InputError(
                f"{self.model.folder} is an adapter, not a model. Give its base as the model "
                "and the adapter with --adapter, or merge it first with leaderkit merge."
            )
        self.adapter: Adapter | None = (
            read_adapter(adapter.folder, at_run_time=True) if adapter else None
        )

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's config.json."""
        return read_json(self.model.folder / "config.json")

    @property
    def encoder_decoder(self) -> bool:
        """Whether the model has an encoder of its own for the prompt."""
        if self._declared.kind != "auto":
            return self._declared.kind == "seq2seq"
        return bool(self.config.get("is_encoder_decoder", False))

    @property
    def dtype(self) -> str:
        """The precision that the recipe asks for, ``auto`` resolved for this machine."""
        configured = self.config.get("dtype") or self.config.get("torch_dtype")
        return resolve_dtype(self._context.recipe.engine.dtype, configured)

    @cached_property
    def tokenizer_folder(self) -> Path:
        """Where the tokenizer is read from: as declared, else beside the model."""
        if self._declared.tokenizer:
            return locate_model_or_folder(self._declared.tokenizer).folder
        return self.model.folder

    @cached_property
    def tokenizer(self) -> Any:
        """The transformers tokenizer."""
        return load_tokenizer(
            self.tokenizer_folder, trust_remote_code=self._declared.trust_remote_code
        )

    @cached_property
    def encoder(self) -> PromptEncoder:
        """Renders and tokenizes the recipe's prompts."""
        return PromptEncoder(self.tokenizer, self._context.recipe.prompt)

    @cached_property
    def stops(self) -> tuple[list[int], list[str]]:
        """The recipe's stops: token ids, and texts."""
        return stop_tokens(self.tokenizer, self._context.recipe.sampling.stop)

    def prompt_ids(self, question: Question, text: str) -> tuple[int, ...]:
        """The prompt's token ids. Raises :class:`InputError` where the template gives none."""
        ids = self.encoder.prompt_ids(text, question.context, question.row)
        if not ids:
            raise InputError(
                f"Question '{question.id}': the prompt template renders to an empty text."
            )
        return tuple(ids)

    def identity(self, engine: str, *packages: str) -> dict[str, str]:
        """What an answer depends on besides prompt and sampling, as plain strings."""
        hash_file = self._context.hash_file
        options = self._context.recipe.engine
        return {
            "engine": engine,
            "weights": folder_digest(self.model.folder, hash_file),
            "adapter": folder_digest(self.adapter.folder, hash_file) if self.adapter else "",
            "tokenizer": folder_digest(self.tokenizer_folder, hash_file),
            "dtype": self.dtype,
            "quantization": options.quantization or "",
            "max_model_len": str(options.max_model_len or ""),
            **{name: installed(name) or "" for name in ("torch", "transformers", *packages)},
        }

    def check_base(self) -> None:
        """Refuse an adapter whose own record proves that it was trained on another model.

        Raises :class:`InputError` unless ``model.other_base`` accepts it, which is warned of.
        """
        if self.adapter is None:
            return
        other = check_base(
            self.adapter,
            self.model,
            folder_digest(self.model.folder, self._context.hash_file),
            other_base=self._declared.other_base,
        )
        if other is not None:
            self._context.say(sentence(f"Warning: {other}"))

    def fitting_adapter(self) -> Part | None:
        """The adapter's tensors, after a look at whether the model has places for all of them.

        Loads no weights of the model. Raises :class:`InputError` for an adapter that is damaged or
        does not fit.
        """
        if self.adapter is None:
            return None
        return fitting(
            self.model.folder,
            self.adapter,
            trust_remote_code=self._declared.trust_remote_code,
            seq2seq=self.encoder_decoder,
        )


def locate_model_or_folder(name: str) -> ModelFiles:
    """A tokenizer's folder: local without a model in it, or a hub name."""
    folder = named(name)
    return ModelFiles(name, folder) if folder.is_dir() else locate_model(name)
