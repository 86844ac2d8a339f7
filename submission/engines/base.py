"""What an engine is, and what goes in and out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from submission.engines.slot import ModelSlot
from submission.files.digest import sha256_file

if TYPE_CHECKING:
    from submission.competitions import Competition
    from submission.recipes import Recipe
    from submission.records.rows import Question, TrainingRow


class Finish(StrEnum):
    """Why a completion ended."""

    STOP = "stop"
    LENGTH = "length"
    PROMPT_TOO_LONG = "prompt_too_long"


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt to complete. ``key`` identifies prompt, model, sampling and seed together.

    ``tokens`` are the prompt's ids where a tokenizer made them; an engine that needs no
    model reads ``question`` instead.
    """

    key: str
    question: str
    tokens: tuple[int, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back for the request with this key. Counts are in tokens."""

    key: str
    text: str
    finish: Finish
    prompt_tokens: int = 0
    completion_tokens: int = 0


Hasher = Callable[[Path], str]
"""SHA-256 of a file, remembered between runs."""


def _silent(_message: str) -> None:
    pass


@dataclass(frozen=True)
class EngineContext:
    """What an engine may know when it is made.

    ``slot`` is where it keeps what it loads, and may find it loaded already.
    """

    recipe: Recipe
    competition: Competition
    train: Sequence[TrainingRow] = ()
    train_digest: str = ""
    encoder: str | None = None
    hash_file: Hasher = sha256_file
    say: Callable[[str], None] = _silent
    slot: ModelSlot = field(default_factory=ModelSlot)


class Engine(Protocol):
    """Makes requests of questions, and completes them.

    ``identity`` names everything apart from prompt and sampling that an answer depends
    on (weights, precision, versions, training file); equal identity and equal request
    mean an answer may be reused. ``description`` is the same for people.
    """

    identity: Mapping[str, str]
    description: str

    def tokens(self, question: Question, text: str) -> tuple[int, ...]:
        """The prompt's token ids for ``text`` asked of ``question``; empty without a tokenizer.

        Loads no weights.
        """

    def start(self) -> None:
        """Load weights and start processes, if that has not been done."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Each request's completion as it finishes, in any order. Only after :meth:`start`."""

    def close(self) -> None:
        """Free memory and end every process the engine started, unless its slot is shared."""


class EngineFactory(Protocol):
    """How an entry point makes an engine. Raises ``InputError`` for what it cannot run."""

    def __call__(self, context: EngineContext) -> Engine:
        """The engine for this recipe."""
