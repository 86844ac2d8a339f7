"""An engine whose rows are shared out among processes, each with a model of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from submission.engines.base import (
    ChoosingEngine,
    EngineContext,
    EngineFactory,
    Outcome,
    Request,
    Setting,
    Work,
    prompts_of,
)
from submission.engines.footprint import Footprint
from submission.engines.slot import load_key
from submission.engines.workers.messages import Setup
from submission.engines.workers.pool import Pool
from submission.engines.workers.shares import shares
from submission.prompts.choices import Choices
from submission.records.rows import Question


class WorkersEngine:
    """``engine.workers`` processes with an engine of ``factory`` each, over one list of requests.

    What an answer depends on is what it depends on there, so that the number of workers is no part
    of :attr:`identity`. Prompts are made here, once.
    """

    def __init__(self, context: EngineContext, factory: EngineFactory) -> None:
        self._context = context
        self._digests: dict[Path, str] = {}
        self._said: set[str] = set()
        self._factory = factory
        alone = context.recipe.engine.model_copy(update={"workers": 1})
        self._recipe = context.recipe.model_copy(update={"engine": alone})
        self._planner: Any = factory(
            replace(context, recipe=self._recipe, hash_file=self._hash, say=self._say)
        )
        self._shares = shares(context.recipe)
        self.identity: Mapping[str, str] = self._planner.identity
        self.special_tokens: Sequence[str] = self._planner.special_tokens
        self.description = f"{len(self._shares)} workers, {self._planner.description}"
        self._pool: Any = None

    def prompt(self, question: Question, text: str) -> tuple[int, ...] | str:
        """The prompt's token ids for ``text`` asked of ``question``."""
        ids: tuple[int, ...] | str = self._planner.prompt(question, text)
        return ids

    def prompts(self, asked: Sequence[tuple[Question, str]]) -> Sequence[tuple[int, ...] | str]:
        """:meth:`prompt` of each question with its text."""
        return prompts_of(self._planner, asked)

    def choices(
        self, question: Question, text: str, prompt: Sequence[int]
    ) -> tuple[tuple[int, ...], Choices | None]:
        """As :meth:`submission.engines.base.ChoosingEngine.choices`."""
        return cast(ChoosingEngine, self._planner).choices(question, text, prompt)

    def start(self) -> None:
        """Start the workers, if they do not run, and in each the engine."""
        if self._pool is None:
            key = load_key(self.identity, self._context.recipe)
            pool = self._context.slot.take(key, self._load)
            setup = Setup(self._factory, self._recipe, self._context.today, self._digests)
            try:
                pool.set_up(setup, self.identity)
            except BaseException:
                self._context.slot.clear()
                raise
            self._pool = pool

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Outcome]]:
        """How each request ended, as the workers report it."""
        whole = False
        try:
            yield from self._pool.complete(requests)
            whole = True
        finally:
            # What workers still compute is no answer to what is asked next.
            if not whole:
                self._pool = None
                self._context.slot.clear()

    def in_flight(self) -> Work:
        """What the workers have done of rows that are not finished."""
        return Work(0, 0) if self._pool is None else self._pool.in_flight()

    def settings(self) -> Sequence[Setting]:
        """What each worker's engine really runs with."""
        return () if self._pool is None else self._pool.settings

    def context_length(self) -> int | None:
        """The tokens that a prompt and its answer can have together."""
        length: int | None = self._planner.context_length()
        return length

    def footprint(self) -> Footprint:
        """What the models of all workers take of memory, and their caches."""
        one: Footprint = self._planner.footprint()
        workers = len(self._shares)
        cache = one.cache and one.cache * workers
        return one._replace(weights=one.weights * workers, cache=cache)

    def close(self) -> None:
        """End the workers, unless their slot is shared."""
        self._pool = None
        self._context.slot.leave()

    def _load(self) -> Pool:
        self._context.say(f"Starting {len(self._shares)} workers.")
        return Pool(self._shares, self._context.say, self._say)

    def _hash(self, path: Path) -> str:
        self._digests[path] = self._context.hash_file(path)
        return self._digests[path]

    def _say(self, text: str) -> None:
        """Pass on what one of the engines says; what all of them say is heard once."""
        if text not in self._said:
            self._said.add(text)
            self._context.say(text)
