"""The model, adapter and tokenizer of a recipe, on disk: what both model engines share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submission.adapters.adapter import Adapter, check_base, read_adapter
from submission.adapters.attach import Part, fitting
from submission.adapters.load import all_ends, generation_ids, require_text_model
from submission.adapters.tokenizer import Chosen, choose, locate_tokenizer
from submission.engines.base import EngineContext, Request
from submission.engines.footprint import Footprint, cache_bytes_per_token, weight_bytes
from submission.engines.thinking import Thoughts, find_tags
from submission.errors import InputError, sentence
from submission.files.digest import folder_digest
from submission.files.model_files import locate_model, read_json
from submission.machine.hardware import installed, resolve_dtype
from submission.prompts.choices import ChoiceEncoder, Choices
from submission.prompts.encode import Asked, PromptEncoder, stop_tokens
from submission.prompts.special import special_ids, telling_tokens
from submission.recipes.structure import Structure
from submission.records.rows import Question

if TYPE_CHECKING:
    from llguidance import LLTokenizer


class Checkpoint:
    """Finds files, tokenizes, and says what answers depend on; loads no weights.

    ``tokenizer`` is used instead of that on disk.
    """

    def __init__(self, context: EngineContext, *, tokenizer: Any = None) -> None:
        recipe = context.recipe
        if recipe.model is None:
            raise InputError(f"Recipe '{recipe.name}' names no model. Give one with --model.")
        if recipe.options:
            raise InputError(
                f"Recipe '{recipe.name}' has a model, so it cannot have the engine option "
                f"'{min(recipe.options)}'. Remove it."
            )
        self._context = context
        self._given = tokenizer
        self._declared = recipe.model
        self.model = locate_model(recipe.model.name, recipe.engine.revision)
        adapter = locate_model(recipe.model.adapter) if recipe.model.adapter else None
        if not (self.model.folder / "config.json").is_file():
            raise InputError(
                f"{self.model.folder} is an adapter, not a model. Give its base as the model "
                "and the adapter with --adapter, or merge it first with leaderkit merge."
            )
        require_text_model(self.model.folder)
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

    def footprint(self) -> Footprint:
        """What the model takes of memory, from its files."""
        return Footprint(
            weight_bytes(self.model.folder, self.dtype),
            cache_bytes_per_token(self.config, self.dtype),
        )

    def context_length(self) -> int | None:
        """The tokens that the model, or the recipe's ``engine.max_model_len``, has room for."""
        text = self.config.get("text_config") or self.config
        own = text.get("max_position_embeddings") or text.get("n_positions")
        # An encoder's positions do not count the decoder's tokens, and T5's are relative.
        limits = [self._context.recipe.engine.max_model_len, None if self.encoder_decoder else own]
        return min((int(limit) for limit in limits if limit), default=None)

    @cached_property
    def _chosen(self) -> Chosen:
        if self._given is not None:
            return Chosen(self._given, self.model.folder, "base")
        declared = self._declared.tokenizer
        return choose(
            self.model.folder,
            self.adapter.folder if self.adapter else None,
            declared=locate_tokenizer(declared) if declared else None,
            trust_remote_code=self._declared.trust_remote_code,
        )

    @property
    def tokenizer_folder(self) -> Path:
        """Where the tokenizer's files are."""
        return self._chosen.folder

    @property
    def tokenizer(self) -> Any:
        """The transformers tokenizer: the recipe's, else the adapter's, else the model's."""
        return self._chosen.tokenizer

    @cached_property
    def special_tokens(self) -> Sequence[str]:
        """The tokenizer's special tokens that no known family has."""
        return telling_tokens(special_ids(self.tokenizer))

    @cached_property
    def encoder(self) -> PromptEncoder:
        """Renders and tokenizes the recipe's prompts."""
        prompt, tokenizer = self._context.recipe.prompt, self.tokenizer
        lacking = prompt.chat and not (prompt.chat_template or tokenizer.chat_template)
        if self.adapter and lacking and "chat template" in self._chosen.differences:
            raise InputError(
                f"{self.adapter.folder}: the recipe's prompt is a chat, and the adapter's own "
                "tokenizer has no chat template where the model's has one. Set prompt.chat=false, "
                f"or model.tokenizer={self.model.name} to use the model's tokenizer."
            )
        return PromptEncoder(
            tokenizer,
            prompt,
            seq2seq=self.encoder_decoder,
            ends=all_ends(generation_ids(self.model.folder), tokenizer),
            today=self._context.today,
            say=self._context.say,
        )

    @cached_property
    def stops(self) -> tuple[list[int], list[str]]:
        """The recipe's stops: token ids, and texts."""
        return stop_tokens(self.tokenizer, self._context.recipe.sampling.stop)

    @cached_property
    def thoughts(self) -> Thoughts | None:
        """What takes the thinking off completions, where the recipe asks for it."""
        recipe = self._context.recipe
        if recipe.thinking is None:
            return None
        if recipe.thinking.parser is not None:
            from submission.engines.vllm.reasoning import parser_tags
            from submission.engines.vllm.support import prepare_environment

            prepare_environment(self._context)
            tags = parser_tags(recipe.thinking.parser, self.tokenizer)
        else:
            tags = find_tags(self.tokenizer, recipe)
        ends = all_ends(generation_ids(self.model.folder), self.tokenizer)
        return Thoughts(self.tokenizer, tags, ends=ends, stops=self.stops)

    @cached_property
    def grammar_tokenizer(self) -> LLTokenizer:
        """The tokenizer as llguidance reads it.

        Raises :class:`InputError` where it cannot, as for one that is not of the tokenizers
        library.
        """
        from llguidance.hf import from_tokenizer

        try:
            return from_tokenizer(self.tokenizer)
        except ValueError as error:
            raise InputError(
                f"sampling.structure: the tokenizer of '{self.model.name}' "
                f"({type(self.tokenizer).__name__}) cannot be used for it: {sentence(str(error))}"
            ) from None

    @cached_property
    def grammar(self) -> str | None:
        """The grammar of the recipe's structure, for this tokenizer and the model's end tokens.

        Raises what :attr:`grammar_tokenizer` raises.
        """
        structure = self._context.recipe.sampling.structure
        return None if structure is None else self._grammar(structure)

    @property
    def _bound(self) -> bool:
        """Whether a grammar of llguidance's binds answers."""
        choice = self._context.recipe.choice
        return self.grammar is not None or (choice is not None and not choice.scores)

    def choice_grammar(self, texts: Sequence[str]) -> str:
        """The grammar of one of ``texts``. Raises what :attr:`grammar_tokenizer` raises."""
        return self._grammar(Structure(choice=list(texts)))

    def _grammar(self, structure: Structure) -> str:
        tokenizer = self.grammar_tokenizer
        ends = {*all_ends(generation_ids(self.model.folder), self.tokenizer), *self.stops[0]}
        others = sorted(ends - set(tokenizer.eos_tokens))
        known = [end for end in others if end < tokenizer.vocab_size]
        return structure.grammar(known, self.thoughts.rule() if self.thoughts else "")

    def prompt_ids(self, question: Question, text: str) -> tuple[int, ...]:
        """The prompt's token ids. Raises :class:`InputError` where the template gives none."""
        try:
            (ids,) = self.encoder.batch_ids([_asked(question, text)])
            return self._usable(ids)
        except InputError as error:
            raise InputError(f"Question '{question.id}': {error}") from None

    def batch_ids(self, asked: Sequence[tuple[Question, str]]) -> list[tuple[int, ...]]:
        """:meth:`prompt_ids` of each question with its text."""
        try:
            found = self.encoder.batch_ids([_asked(*each) for each in asked])
            return [self._usable(ids) for ids in found]
        except InputError:
            # One after the other, to tell whose it is.
            return [self.prompt_ids(*each) for each in asked]

    def _usable(self, ids: Sequence[int]) -> tuple[int, ...]:
        if self.thoughts is not None:
            self.thoughts.begun(ids)
        if not ids:
            raise InputError("the prompt template renders to an empty text.")
        return tuple(ids)

    @cached_property
    def _choice_encoder(self) -> ChoiceEncoder | None:
        choice, prompt = self._context.recipe.choice, self._context.recipe.prompt
        if choice is None:
            return None
        if self.encoder_decoder:
            raise InputError(
                f"[choice] is for causal models, and {self.model.name} is an encoder-decoder."
            )
        special = prompt.special_tokens and not prompt.chat
        return ChoiceEncoder(self.tokenizer, choice, special=special)

    def choices(
        self, question: Question, text: str, prompt: Sequence[int]
    ) -> tuple[tuple[int, ...], Choices | None]:
        """As :meth:`submission.engines.base.ChoosingEngine.choices`."""
        if self._choice_encoder is None or not question.options:
            return (), None
        asked = (text, question.context, question.row, question.labelled, question.shots)
        opened = self.encoder.text(*asked)
        try:
            return self._choice_encoder.choices(opened, prompt, question.labels, question.options)
        except InputError as error:
            raise InputError(f"Question '{question.id}': {error}") from None

    def require_embeddings(self, requests: Sequence[Request], rows: int) -> None:
        """Raise :class:`InputError` for a prompt's token that is not in ``rows`` embeddings."""
        for request in requests:
            where = f"Question '{request.question.id}'"
            self.encoder.require_embeddings(where, request.tokens, rows)

    def identity(self, engine: str, *packages: str) -> dict[str, str]:
        """What an answer depends on besides prompt and sampling, as plain strings."""
        hash_file = self._context.hash_file
        options = self._context.recipe.engine
        day, thoughts = self.encoder.date, self.thoughts
        return {
            "engine": engine,
            "weights": folder_digest(self.model.folder, hash_file),
            "adapter": folder_digest(self.adapter.folder, hash_file) if self.adapter else "",
            "tokenizer": self._chosen.digest(hash_file),
            "dtype": self.dtype,
            "quantization": options.quantization or "",
            "max_model_len": str(options.max_model_len or ""),
            **({"date": day.isoformat()} if day else {}),
            **({"thinking": " ".join(thoughts.tags)} if thoughts else {}),
            **{name: installed(name) or "" for name in ("torch", "transformers", *packages)},
            **({"llguidance": installed("llguidance") or ""} if self._bound else {}),
        }

    def check_base(self) -> None:
        """Refuse an adapter whose own record proves that it was trained on another model.

        Raises :class:`InputError` unless ``model.other_base`` accepts it, which is warned of, as
        is a tokenizer of the adapter's that differs from the model's.
        """
        if self.adapter is None:
            return
        other = check_base(
            self.adapter,
            self.model,
            folder_digest(self.model.folder, self._context.hash_file),
            other_base=self._declared.other_base,
        )
        for warning in (other, self._chosen.warning()):
            if warning is not None:
                self._context.say(sentence(f"Warning: {warning}"))

    def fitting_adapter(self) -> Part | None:
        """The adapter's tensors, after a look at whether the model has places for all of them.

        Loads no weights of the model. Raises :class:`InputError` for an adapter that is damaged or
        does not fit, and for a tokenizer with more tokens than it leaves embeddings.
        """
        if self.adapter is None:
            return None
        part = fitting(
            self.model.folder,
            self.adapter,
            trust_remote_code=self._declared.trust_remote_code,
            seq2seq=self.encoder_decoder,
        )
        part.refuse_tokenizer(len(self.tokenizer), own=self._chosen.own_vocabulary)
        if (told := part.told()) is not None:
            self._context.say(told)
        return part


def _asked(question: Question, text: str) -> Asked:
    return text, question.context, question.row, question.labelled, question.shots
