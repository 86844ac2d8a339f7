"""What an engine is, and what goes in and out of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from submission.engines.account import Attempt, Journal, NoJournal
from submission.engines.slot import ModelSlot
from submission.files.digest import sha256_file
from submission.prompts.chat import local_day
from submission.prompts.choices import Choices

if TYPE_CHECKING:
    from submission.competitions import Competition
    from submission.recipes import Recipe
    from submission.records.rows import Question, TrainingRow


class Finish(StrEnum):
    """Why a completion ended; ``THINKING`` is within the model's thinking, without an answer."""

    STOP = "stop"
    LENGTH = "length"
    THINKING = "thinking"
    PROMPT_TOO_LONG = "prompt_too_long"


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt to complete. ``key`` identifies prompt, model, sampling and seed together.

    ``text`` is what is asked of ``question``: its own text, or a part of it. ``tokens`` are the
    prompt's ids where a tokenizer made them. With ``choices``, one of them is the answer.
    """

    key: str
    question: Question
    text: str
    tokens: tuple[int, ...] = ()
    seed: int = 0
    choices: Choices | None = None

    @property
    def extent(self) -> int:
        """Tokens of the prompt and of its longest option, beside which one more must fit."""
        longest = self.choices.longest if self.choices else 1
        return len(self.tokens) + (longest if longest > 1 else 0)


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back for the request with this key. Counts are in tokens.

    ``thinking`` is what the model thought aloud before ``text``, and no part of it.
    ``likelihoods`` are the log-likelihoods of the request's choices by their labels, in their
    order and normalized as the recipe says; ``text`` is then the label of the best. ``attempt`` is
    what it cost where a server answers.
    """

    key: str
    text: str
    finish: Finish
    prompt_tokens: int = 0
    completion_tokens: int = 0
    thinking: str = ""
    likelihoods: Mapping[str, float] = field(default_factory=dict)
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the request with this key got no completion, while the others go on.

    It is asked again when the run is resumed.
    """

    key: str
    reason: str
    attempt: Attempt | None = None


class Setting(NamedTuple):
    """What an engine runs with, and what the recipe ``asked`` for; None where it left it open."""

    name: str
    applied: str
    asked: str | None = None
    differs: bool = False


Outcome = Completion | Failure
"""How a request ended."""


class Work(NamedTuple):
    """Tokens of prompts that were read, and tokens that were written.

    ``attended`` are the tokens before each written one, where an engine counts them.
    """

    read: int
    written: int
    attended: int = 0


class Load(NamedTuple):
    """What an engine has ``done`` since it was made, and the ``rest`` of what it was asked.

    Both as it computes them, padding included; the rest is of so many ``rows``.
    """

    done: Work
    rest: Work
    rows: int


def sendable_within(
    context: int | None, requests: Sequence[Request]
) -> tuple[list[Completion], list[Request]]:
    """The requests whose prompts fit into ``context`` tokens, after the others' completions."""
    fit, refused = [], []
    for request in requests:
        if context is not None and request.extent >= context:
            size = len(request.tokens)
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


More = Callable[[], Sequence["Request"]]
"""Requests that have come since it was last called, perhaps none."""


def nothing_more() -> Sequence[Request]:
    """A :data:`More` that never has any."""
    return ()


Hasher = Callable[[Path], str]
"""SHA-256 of a file, cached between runs."""


def unhashed(_: Path) -> str:
    """A :data:`Hasher` where no answer is kept, so that nothing has to be told apart."""
    return ""


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
    engines without a model answer from; a model needs none. ``today`` is the day for prompts that
    show one, where the recipe fixes none. ``journal`` keeps what is asked of a server that charges,
    of which ``max_cost`` is the most that may be spent, in the currency of the recipe's prices.
    """

    recipe: Recipe
    task: TaskData | None = None
    hash_file: Hasher = sha256_file
    say: Callable[[str], None] = _silent
    slot: ModelSlot = field(default_factory=ModelSlot)
    today: date = field(default_factory=local_day)
    journal: Journal = field(default_factory=NoJournal)
    max_cost: float | None = None


class Engine(Protocol):
    """Makes requests of questions, and completes them.

    ``identity`` names everything apart from prompt and sampling that an answer depends
    on (weights, precision, versions, training file); equal identity and equal request
    mean an answer may be reused. ``description`` is the same for people. ``special_tokens`` are
    the tokenizer's that no known family has; an answer should hold none of them. ``abilities`` is
    what it does beyond completing prompts; a class without it has none.

    Some methods are optional: ``prompts()`` makes many prompts at once; ``notes()`` tells the
    progress more, in a few words each; ``estimate(requests)`` is what they will cost where a server
    answers; ``in_flight()`` is the :class:`Work` done of rows that are not finished (it and
    ``load()`` are also called from another thread); ``settings()``
    are the :class:`Setting` that a started engine really runs with; ``takes_all`` is true where the
    requests may come all at once also where time is short, because they are answered about in the
    order in which they come, and where it is not, the longest come first;
    ``at_once`` is how many requests a started engine computes together, whose ``complete`` then
    takes a :data:`More` as well, and asks it after every step, so that it need not run empty
    before it gets more; ``load()`` is the :class:`Load` of an engine that pads its rows;
    ``footprint()`` is what the model takes of memory, and ``context_length()`` the tokens that a
    prompt and its answer can have. The last two load no weights.
    """

    identity: Mapping[str, str]
    description: str
    special_tokens: Sequence[str]

    def prompt(self, question: Question, text: str) -> tuple[int, ...] | str:
        """What an answer to ``text``, asked of ``question``, depends on: the prompt's token ids.

        Without a tokenizer it is a text that is equal only where the answer may be. Loads no
        weights.
        """

    def start(self) -> None:
        """Load weights and start processes, if that has not been done."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Outcome]]:
        """How each request ended, in any order, in a list per step. Only after :meth:`start`.

        A list has what one step finished, which may be nothing; it is committed to the ledger
        before the next step is requested. An engine that computes rows one by one groups them
        with :func:`in_steps`.
        """

    def close(self) -> None:
        """Free memory and end every process the engine started, unless its slot is shared."""


class ChoosingEngine(Engine, Protocol):
    """An engine that has :attr:`submission.engines.abilities.Ability.CHOICE`."""

    def choices(
        self, question: Question, text: str, prompt: Sequence[int]
    ) -> tuple[tuple[int, ...], Choices | None]:
        """What goes on ``prompt`` before any option of ``question``, and its options.

        None for a question without options. Raises ``InputError`` where the tokenizer cannot tell
        options from the prompt or from each other.
        """


class EngineFactory(Protocol):
    """How an entry point makes an engine. Raises ``InputError`` for what it cannot run."""

    def __call__(self, context: EngineContext) -> Engine:
        """The engine for this recipe."""


def prompts_of(
    engine: Engine, asked: Sequence[tuple[Question, str]]
) -> Sequence[tuple[int, ...] | str]:
    """The engine's :meth:`Engine.prompt` for each question with its text, all at once if it can."""
    together = getattr(engine, "prompts", None)
    found: Sequence[tuple[int, ...] | str]
    found = [engine.prompt(*each) for each in asked] if together is None else together(asked)
    return found
