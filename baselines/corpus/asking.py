"""Texts that a model writes: asked through an engine, kept in a ledger, paid once, in a budget."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field

from baselines.corpus.folder import digest
from baselines.corpus.steps import Say, Settings
from submission.engines.base import Completion, Engine, EngineContext, Finish, Request
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.errors import InputError, Stopped, few
from submission.generation.plan import Plan, plan_prompts
from submission.generation.record import recorded
from submission.recipes import Recipe, find_recipe, model_overrides
from submission.records.rows import Question
from submission.runs.attempts import RunJournal
from submission.runs.ledger import Ledger
from submission.runs.rows import Run

AROUND = 32
"""Tokens that a server may put around the texts of a request."""


class Reply(NamedTuple):
    """What a model wrote, or why there is nothing; ``cut`` says that it reached its length."""

    text: str
    cut: bool
    problem: str = ""


class Budget(NamedTuple):
    """The most that may be spent: tokens of prompts and replies, and money (see the recipe)."""

    tokens: int | None = None
    money: float | None = None


class Replies(Settings):
    """Where replies are kept, and the most that they may cost; nothing of it changes them."""

    cache: Path | None = Field(
        default=None, description="Ledger of the replies, also for other runs [OUT.replies.db]."
    )
    max_cost: float | None = Field(
        default=None, gt=0, description="Most money, in the currency of the recipe's prices."
    )
    token_budget: int | None = Field(
        default=None, gt=0, description="Most tokens of prompts and replies together."
    )

    @property
    def budget(self) -> Budget:
        """The most that may be spent."""
        return Budget(self.token_budget, self.max_cost)

    def ledger(self, out: Path) -> Path:
        """The ledger of the replies of a step that writes to ``out``."""
        return self.cache or out.with_name(f"{out.name}.replies.db")


KEPT = tuple(Replies.model_fields)
"""The keys of :class:`Replies`, which belong to no identity."""


class Asker:
    """Asks a recipe's model, as ``generate`` does; the ledger at ``cache`` has every reply.

    A reply belongs to the prompt, the model and how it is sampled, so that a changed corpus asks
    for its changed rows only, and a killed step for what had no reply.
    """

    def __init__(
        self, recipe: str, model: str | None, changes: Sequence[str], budget: Budget
    ) -> None:
        self._name = recipe
        self._changes = (
            "prompt.template={{ question }}",
            *changes,
            *model_overrides(model, None, None, None),
        )
        self._budget = budget
        self._slot = ModelSlot(shared=True)
        self._ledger: Ledger | None = None
        self._work = ""
        self._runs: set[str] = set()
        self._say: Say = lambda _: None
        self.recipe = self._recipe(None)

    def identity(self) -> dict[str, Any]:
        """What the replies depend on beside the prompts."""
        engine = make_engine(EngineContext(self.recipe))
        try:
            told = dict(engine.identity)
        finally:
            engine.close()
        shown = self.recipe.model_dump(mode="json", include={"model", "sampling", "prompt"})
        return {"recipe": shown, "engine": told}

    def open(self, cache: Path, work: str, say: Say) -> None:
        """Use the ledger at ``cache`` from now on; the budget is that of all tries at ``work``."""
        self._say = say
        self._ledger = Ledger(cache)
        self._work = f"corpus-{work[:16]}-"
        self._runs = {each.name for each in self._ledger.runs() if each.name.startswith(self._work)}

    def close(self) -> None:
        """Let the model and the ledger go."""
        self._slot.clear()
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def ask(
        self,
        prompts: Sequence[str],
        schema: Mapping[str, Any] | None,
        *,
        skip_failed: bool = False,
        number: int = 0,
    ) -> list[Reply]:
        """One reply for each prompt, in their order; JSON of ``schema`` where one is given.

        Another ``number`` draws another reply to the same prompt, where replies are drawn.

        Raises:
            Stopped: the budget would be passed, the engine ended, or requests failed and are not
                to be skipped; what was replied is kept.
        """
        if not prompts:
            return []
        if self._ledger is None:
            raise AssertionError("asked before it was opened")
        recipe = self._recipe(schema)
        if not recipe.sampling.greedy:
            sampling = recipe.sampling.model_copy(update={"seed": recipe.sampling.seed + number})
            recipe = recipe.model_copy(update={"sampling": sampling})
        run = f"{self._work}{digest([recipe.model_dump_json(), list(prompts)])[:24]}"
        spent = self._money_beside(self._ledger, run)
        self._runs.add(run)
        context = EngineContext(
            recipe=recipe,
            hash_file=self._ledger.hash_file,
            say=self._say,
            slot=self._slot,
            journal=RunJournal(self._ledger, run),
            max_cost=None if self._budget.money is None else max(self._budget.money - spent, 0.0),
        )
        engine = make_engine(context)
        try:
            questions = [Question(str(n), text, "", {}) for n, text in enumerate(prompts)]
            plan = plan_prompts(recipe, engine, questions)
            self._complete(self._ledger, run, recipe, engine, plan)
        finally:
            engine.close()
        return self._replies(self._ledger, run, plan, skip_failed=skip_failed)

    def _complete(
        self, ledger: Ledger, run: str, recipe: Recipe, engine: Engine, plan: Plan
    ) -> None:
        with ledger.writing(run):
            known = ledger.answered(plan.requests)
            missing = [each for key, each in plan.requests.items() if key not in known]
            if missing:
                engine.start()
            ledger.begin(_run(run, recipe, engine), plan.parts, fresh=False)
            while missing:
                some = self._within(ledger, missing, recipe.sampling.max_tokens)
                for _ in recorded(engine, some, ledger, run, "corpus", recipe.sampling.max_tokens):
                    pass
                missing = missing[len(some) :]
            ledger.spent(run, 0.0, 0, finished=not ledger.pending(run))

    def _within(self, ledger: Ledger, missing: list[Request], most: int) -> list[Request]:
        """The first requests that the budget of tokens has room for, whatever is replied."""
        if self._budget.tokens is None:
            return missing
        spent = sum(_tokens(ledger, run) + self._lost(ledger, run, most) for run in self._runs)
        left = self._budget.tokens - spent
        for count, request in enumerate(missing):
            read = len(request.tokens) or self._read(request.text)
            left -= read + most
            if left < 0:
                if count:
                    return missing[:count]
                raise Stopped(
                    f"the budget of {self._budget.tokens:,} tokens has no room for another "
                    f"request of up to {read + most:,}; {len(missing):,} are left. Replies are "
                    "kept: the same command goes on with a larger one"
                )
        return missing

    def _read(self, prompt: str) -> int:
        """The most tokens of a prompt: where a server counts, a token is a byte at least."""
        return AROUND + _bytes(self.recipe.prompt.system, prompt)

    def _lost(self, ledger: Ledger, run: str, most: int) -> int:
        """The most that requests without a reply may have cost."""
        if not (lost := ledger.lost(run)):
            return 0
        prompts = {part.key: part.question for part in ledger.parts(run)}
        return sum(
            often * (self._read(prompts[key]) + most)
            for key, often in lost.items()
            if key in prompts
        )

    def _money_beside(self, ledger: Ledger, run: str) -> float:
        """The most that the other runs may have cost; of ``run`` its engine knows."""
        return sum(
            sum(ledger.account(each).money.values()) + ledger.doubt(each).bound
            for each in self._runs - {run}
        )

    def _replies(self, ledger: Ledger, run: str, plan: Plan, *, skip_failed: bool) -> list[Reply]:
        failures = ledger.failures(run)
        replies: list[Reply] = []
        for part in ledger.parts(run):
            if part.completion is None:
                replies.append(Reply("", cut=False, problem=failures.get(part.key, "no reply")))
            else:
                replies.append(_reply(part.completion))
        failed = Counter(each.problem for each in replies if each.problem)
        if failed and not skip_failed:
            told = few(f"{why} ({count})" for why, count in failed.most_common())
            raise Stopped(
                f"{failed.total():,} of {len(plan.parts):,} requests failed: {told}. Replies are "
                "kept; the same command asks these again, --skip-failed leaves them out"
            )
        return replies

    def _recipe(self, schema: Mapping[str, Any] | None) -> Recipe:
        form = [] if schema is None else [f"sampling.structure.json={json.dumps(schema)}"]
        recipe = find_recipe(self._name, [*self._changes, *form])
        if recipe.model is None and recipe.engine.name != "openai":
            raise InputError(f"recipe '{self._name}' has no model that writes texts")
        return recipe


def _bytes(*texts: str | None) -> int:
    return sum(len((text or "").encode("utf-8", "replace")) for text in texts)


def _run(name: str, recipe: Recipe, engine: Engine) -> Run:
    told = recipe.model_dump_json()
    identity = json.dumps(dict(engine.identity), sort_keys=True)
    return Run(name, digest([told, identity]), "corpus", told, "", engine.description, "")


def _tokens(ledger: Ledger, run: str) -> int:
    """What a server charged for, or a model in this process read and wrote."""
    account = ledger.account(run)
    if account.attempts:
        return account.prompt_tokens + account.completion_tokens
    return sum(ledger.tokens(run)[1:])


def _reply(completion: Completion) -> Reply:
    # A recipe's extraction is for its own answers: it would cut JSON.
    return Reply(completion.text.strip(), cut=completion.finish is Finish.LENGTH)
