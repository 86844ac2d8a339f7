"""Any OpenAI-compatible server: many requests at a time, each row as it is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from functools import partial
from queue import SimpleQueue

from evaluators.endpoint import KEY_VARIABLE, OPENAI, Endpoint
from submission.engines.abilities import Ability
from submission.engines.account import Usage
from submission.engines.base import EngineContext, Outcome, Request
from submission.engines.openai.batch_api import BatchApi
from submission.engines.openai.batch_calls import Calls
from submission.engines.openai.batch_lines import input_files
from submission.engines.openai.batches import Batches
from submission.engines.openai.budget import Budget, money
from submission.engines.openai.concurrency import Concurrency
from submission.engines.openai.dispatch import Arrived, Dispatch, Limits
from submission.engines.openai.estimate import Estimate, estimate
from submission.engines.openai.form import Form
from submission.engines.openai.probe import probe
from submission.engines.openai.reply import Reply, read_reply
from submission.engines.openai.sender import send
from submission.engines.openai.tokens import TokenCounter
from submission.errors import InputError, Stopped, few
from submission.recipes.openai import Batch, OpenAI, Prices
from submission.records.rows import Question


class OpenAIEngine:
    """A model that a server has, asked over its chat-completions or completions interface.

    The model's name is the server's, not a folder's; no weights are loaded. The key comes from the
    environment and is in no message, identity or file.
    """

    takes_all = True
    abilities = frozenset({Ability.PRICES, Ability.STRUCTURE, Ability.THINKING})

    def __init__(self, context: EngineContext) -> None:
        recipe = context.recipe
        if recipe.model is None:
            raise InputError(
                f"Recipe '{recipe.name}' names no model. Give the server's name of one with "
                "--model."
            )
        self._context = context
        self._settings = recipe.engine.openai or OpenAI()
        self._endpoint = Endpoint.from_environment(self._settings.base_url, self._settings.key)
        if context.max_cost is not None and self._settings.prices is None:
            raise InputError(
                "--max-cost needs to know what tokens cost: set engine.openai.prices (input and "
                "output, for a million tokens)."
            )
        model = recipe.model.name
        self._model = model
        official = self._endpoint.place == Endpoint(OPENAI, None).place
        self._form = Form(recipe, self._settings, model, official=official)
        self._counter = TokenCounter(recipe.model, chat=recipe.prompt.chat)
        self.identity: Mapping[str, str] = {
            "engine": "openai",
            "server": self._endpoint.place,
            "model": model,
            "path": self._form.path,
            "body": json.dumps(self._form.fixed, sort_keys=True, ensure_ascii=False),
        }
        self.description = f"openai: {model} at {self._endpoint.address}"
        self.special_tokens: Sequence[str] = ()
        self._currency = self._settings.prices.currency if self._settings.prices else ""
        self._asking: Batches | Dispatch | None = None
        self._spent_before = 0.0
        self._probed = False
        # Both outlast a call: a run may be asked in several.
        self._pace = Concurrency(self._settings.connections)
        self._told = False

    def prompt(self, question: Question, text: str) -> str:
        """The messages, or the text, that is sent for ``text`` asked of ``question``."""
        return self._form.key(question, text)

    def start(self) -> None:
        """Ask the server for its models. Raises :class:`InputError` where it cannot be asked."""
        if not self._probed:
            _require_key(self._endpoint)
            probe(self._endpoint, self._model, self._context.say)
            self._probed = True

    def estimate(self, requests: Sequence[Request]) -> Estimate:
        """What the requests will cost; nothing is sent for it."""
        limit = self._context.recipe.sampling.max_tokens
        prices, batched = self._settings.prices, self._settings.batch is not None
        if prices is not None and batched:
            prices = prices.of_batches()
        body = self._form.body
        return estimate(requests, body, self._counter, limit, prices, batched=batched)

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Outcome]]:
        """How the requests end, as the server answers them."""
        from anyio.from_thread import start_blocking_portal

        settings, journal, currency = self._settings, self._context.journal, self._currency
        limits = Limits(settings.timeout, settings.deadline, settings.connections)
        self._spent_before = journal.account().money.get(currency, 0.0)
        budget = Budget(self._context.max_cost, 0.0, currency)
        self._asking = None
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="openai"))
            client = stack.enter_context(
                portal.wrap_async_context_manager(
                    self._endpoint.client(timeout_s=settings.timeout, retries=0)
                )
            )
            # Also without [engine.openai.batch]: what is in a batch is not asked a second time.
            table, url = settings.batch or Batch(), f"/v1{self._form.path}"
            prices = settings.prices.of_batches() if settings.prices else None
            self._asking = batches = Batches(
                BatchApi(client, url, table.window),
                Calls(portal, self._endpoint, limits),
                table,
                begins=settings.batch is not None,
                journal=journal,
                budget=budget,
                prices=prices,
                files=partial(input_files, body=self._form.body, url=url, limits=table),
                bound=partial(self._bound, prices),
                read=self.read,
                say=self._context.say,
            )
            # Those last that were tried before: if they end the run again, it has come further.
            tried = journal.tried()
            in_order = sorted(requests, key=lambda request: request.key in tried)
            try:
                rest = yield from batches.resume(in_order)
                budget.spent = self._spent()
                if rest and not self._told:
                    self._told = True
                    self._context.say(f"{self.estimate(rest)}.")
                yield from batches.run(rest if settings.batch is not None else ())
            except (KeyboardInterrupt, GeneratorExit, Stopped):
                batches.tell()
                raise
            if settings.batch is not None or not rest:
                return
            known = journal.open()
            if lost := sum(known[each.key].in_flight for each in rest if each.key in known):
                self._context.say(
                    f"{lost} requests were in flight when the run was stopped: they may have been "
                    "charged. They are sent again under the same ids."
                )

            arrivals: SimpleQueue[Arrived] = SimpleQueue()

            def launch(attempt: str, request: Request, timeout: float) -> None:
                sending = partial(
                    send,
                    client,
                    self._endpoint,
                    self._form.path,
                    self._form.body(request),
                    partial(self.read, request.key),
                    attempt=attempt,
                    timeout=timeout,
                )
                future = portal.start_task_soon(sending)
                future.add_done_callback(partial(_arrive, arrivals, attempt))

            self._spent_before += batches.money
            budget.spent = self._spent()
            self._asking = dispatch = Dispatch(
                launch,
                arrivals,
                limits,
                self._pace,
                journal=journal,
                budget=budget,
                prices=settings.prices,
                bound=partial(self._bound, settings.prices),
            )
            with closing(dispatch.run(rest)) as steps:
                yield from steps

    def _spent(self) -> float:
        """The most that the run may have cost so far. Raises where that cannot be known."""
        if self._context.max_cost is None:
            return 0.0
        journal = self._context.journal
        account, doubt = journal.account(), journal.doubt()
        if others := sorted(account.money.keys() - {self._currency}):
            raise InputError(
                f"--max-cost: engine.openai.prices are in {self._currency}, and the run has paid in"
                f" {few(others)}. Set engine.openai.prices.currency to that, or use another --run."
            )
        if doubt.unbounded:
            raise InputError(
                f"--max-cost: what {doubt.unbounded:,} requests of the run cost is not known: "
                "engine.openai.prices were not set then. Use another --run (finished rows are "
                "reused), or no --max-cost."
            )
        return account.money.get(self._currency, 0.0) + doubt.bound

    def _bound(self, prices: Prices | None, request: Request) -> float | None:
        """The most that ``request`` may cost; None where that is not known."""
        if prices is None:
            return None
        tokens = self._counter.most(self._form.body(request))
        most = self._context.recipe.sampling.max_tokens
        return money(prices, Usage(tokens, 0, most, 0))

    def read(self, key: str, body: bytes) -> Reply:
        """What a response's body says of the request with this row key."""
        recipe = self._context.recipe
        return read_reply(key, body, recipe.thinking, recipe.sampling.stop)

    def notes(self) -> Sequence[str]:
        """What its progress tells: what is at the server, and the run's money so far."""
        if self._asking is None:
            return ()
        told = [self._asking.note]
        if self._currency:
            told.append(f"{self._spent_before + self._asking.money:.4f} {self._currency}")
        return list(filter(None, told))

    def close(self) -> None:
        """Nothing is held between calls."""


def _require_key(endpoint: Endpoint) -> None:
    if endpoint.key is None and (endpoint.url is None or endpoint.variable != KEY_VARIABLE):
        name = endpoint.variable
        if _like_a_key(name):
            name = "that engine.openai.key names (not shown: it looks like the key itself)"
        raise InputError(
            f"engine.openai: the environment variable {name} holds no key for "
            f"{endpoint.address}. Set it, or engine.openai.base_url for a server of your own."
        )
    if endpoint.key is not None and not (endpoint.key.isascii() and endpoint.key.isprintable()):
        raise InputError(
            f"engine.openai: the environment variable {endpoint.variable} holds a line break or "
            "another character that no key has."
        )


def _like_a_key(name: str) -> bool:
    """Whether a variable's name may be the secret: it is long, or has digits all over."""
    return len(name) > 40 or (len(name) >= 16 and sum(map(str.isdigit, name)) >= 4)


def _arrive(arrivals: SimpleQueue[Arrived], attempt: str, future: Future[Reply]) -> None:
    if not future.cancelled():
        arrivals.put(Arrived(attempt, future.exception() or future.result()))
