"""What an engine is, and what goes in and out of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

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

    ``text`` is what is asked of ``question``: its own text, or a part of it. ``tokens`` are the
    prompt's ids where a tokenizer made them.
    """

    key: str
    question: Question
    text: str
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


def sendable_within(
    context: int | None, requests: Sequence[Request]
) -> tuple[list[Completion], list[Request]]:
    """The requests whose prompts fit into ``context`` tokens, after the others' completions."""
    fit, refused = [], []
    for request in requests:
        size = len(request.tokens)
        if context is not None and size >= context:
            refused.append(Completion(request.key, "", Finish.PROMPT_TOO_LONG, size))
        else:
            fit.append(request)
    return refused, fit


Item = TypeVar("Item")

STEP_SECONDS = 0.15
MOST_AT_ONCE = 8192


def in_steps(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """``items`` in slices, each of about :data:`STEP_SECONDS` of work.

    The size of a slice follows from the time that the one before took, in the engine and in the
    code that receives its completions.
    """
    size, place = 16, 0
    while place < len(items):
        started = time.perf_counter()
        yield items[place : place + size]
        place += size
        ratio = STEP_SECONDS / max(time.perf_counter() - started, 1e-9)
        size = min(max(int(size * min(ratio, 4.0)), 1), MOST_AT_ONCE)


Hasher = Callable[[Path], str]
"""SHA-256 of a file, cached between runs."""


def _silent(_message: str) -> None:
    pass


@dataclass(frozen=True)
class TaskData:
    """What a competition gives to answer from: its rules, its training rows, their file's digest.

    ``encoder`` is the sentence encoder to use instead of the organizer's.
    """

    competition: Competition
    train: Sequence[TrainingRow] = ()
    train_digest: str = ""
    encoder: str | None = None


@dataclass(frozen=True)
class EngineContext:
    """What an engine may know when it is made.

    ``slot`` is where it keeps what it loads, and may find it loaded already. ``task`` is what
    engines without a model answer from; a model needs none.
    """

    recipe: Recipe
    task: TaskData | None = None
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

    def prompt(self, question: Question, text: str) -> tuple[int, ...] | str:
        """What an answer to ``text``, asked of ``question``, depends on: the prompt's token ids.

        Without a tokenizer it is a text that is equal only where the answer may be. Loads no
        weights.
        """

    def start(self) -> None:
        """Load weights and start processes, if that has not been done."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Completion]]:
        """Each request's completion, in any order, in a list per step. Only after :meth:`start`.

        A list has what one step finished; it is committed to the ledger before the next step is
        requested. An engine that computes rows one by one groups them with :func:`in_steps`.
        """

    def close(self) -> None:
        """Free memory and end every process the engine started, unless its slot is shared."""


class EngineFactory(Protocol):
    """How an entry point makes an engine. Raises ``InputError`` for what it cannot run."""

    def __call__(self, context: EngineContext) -> Engine:
        """The engine for this recipe."""
