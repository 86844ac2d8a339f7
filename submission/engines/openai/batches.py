"""Requests as batches: uploaded, begun, waited for and fetched, whatever comes between.

A batch is in the journal, with its rows, before its file is uploaded, and the server's ids are as
soon as they are known. What was uploaded or begun just before a kill is found again at the server
by the batch's own id.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from submission.engines.account import Attempt, Batch, Ending, Journal
from submission.engines.base import Failure, Outcome, Request
from submission.engines.openai.batch_api import BatchApi, Status
from submission.engines.openai.batch_calls import Answer, Calls, Steps
from submission.engines.openai.batch_lines import InputFile, read_output
from submission.engines.openai.budget import Budget, attempt_of
from submission.engines.openai.dispatch import backoff, ending, new_id
from submission.engines.openai.reply import PERHAPS_CHARGED, Kind, Reply
from submission.errors import LeaderkitError, Stopped, few
from submission.recipes import openai as recipes

DOWNLOADS = 4
"""How often files are fetched that lack rows; then these rows have failed."""

ROWS_PER_STEP = 512

_TOO_MANY = "token_limit_exceeded"
"""What OpenAI says of a batch that has to wait for others to end."""


@dataclass
class _Open:
    """Rows that are, or are to be, in one batch; ``keys`` are all of it that have no reply yet.

    ``beside`` is how many other batches were at the server when it was begun.
    """

    batch: Batch
    rows: dict[str, Request]
    keys: Sequence[str]
    data: bytes = b""
    beside: int = 0
    status: Status | None = None

    @property
    def name(self) -> str:
        """The server's name of the batch, once it has one."""
        return self.batch.name or ""


class Batches:
    """The batches of one run. ``money`` is what the replies have cost, as far as that is known.

    Both parts are generators of steps: :meth:`resume`, then :meth:`run`. With ``begins`` unset no
    batch is begun, and only those are fetched that are at the server.
    """

    def __init__(
        self,
        api: BatchApi,
        calls: Calls,
        settings: recipes.Batch,
        *,
        begins: bool,
        journal: Journal,
        budget: Budget,
        prices: recipes.Prices | None,
        files: Callable[[Sequence[Request]], Iterator[InputFile]],
        bound: Callable[[Request], float | None],
        read: Callable[[str, bytes], Reply],
        say: Callable[[str], None],
    ) -> None:
        self._api = api
        self._calls = calls
        self._poll = settings.poll
        self._begins = begins
        self._journal = journal
        self._budget = budget
        self._prices = prices
        self._files = files
        self._bound = bound
        self._read = read
        self._say = say
        self._waiting: deque[_Open] = deque()
        self._active: list[_Open] = []
        self._answered = False
        self.money = 0.0

    @property
    def note(self) -> str:
        """How the batches stand; empty where there are none."""
        known = [each.status for each in self._active if each.status is not None]
        if len(known) < len(self._active):
            return "uploading"
        if len(known) < 2:
            return "".join(map(str, known))
        counts = [each.request_counts for each in known if each.request_counts is not None]
        done = sum(each.completed + each.failed for each in counts)
        return f"{len(known)} batches, {done} of {sum(each.total for each in counts)} done"

    def resume(self, requests: Sequence[Request]) -> Steps[list[Request]]:
        """Find the batches that were begun and have rows of ``requests``.

        Returns the requests that are in none.
        """
        batches = self._journal.batches()
        if not batches:
            return list(requests)
        wanted = {each.key: each for each in requests}
        in_flight: defaultdict[str, list[str]] = defaultdict(list)
        for key, attempt in self._journal.open().items():
            if attempt.in_flight:
                in_flight[attempt.id.rpartition("/")[0]].append(key)
        for batch in batches:
            keys = in_flight[batch.id]
            each = _Open(batch, {key: wanted[key] for key in keys if key in wanted}, keys)
            if not each.rows:
                continue
            yield from self._look_up(each)
            if each.name:
                self._active.append(each)
                self._say(f"{len(each.rows):,} prompts are in batch {each.name} at the server.")
            elif each.batch.file is not None and self._begins:
                self._waiting.append(each)
            else:
                # It was not begun, so it costs nothing.
                self._give_up(each)
                continue
            for key in each.rows:
                del wanted[key]
        return list(wanted.values())

    def _look_up(self, each: _Open) -> Steps[None]:
        """Ask the server for a batch whose making was interrupted."""
        batch, limit = each.batch, self._calls.limits.deadline
        if batch.file is None:
            # It is begun after its file's id is in the journal.
            file = yield from self._sure(each, lambda _: self._api.find_file(batch), limit)
            self._keep(each, batch._replace(file=file))
        elif batch.name is None:
            status = yield from self._sure(each, lambda _: self._api.find(batch), limit)
            if status is not None:
                self._keep(each, batch._replace(name=status.id))

    def run(self, requests: Sequence[Request]) -> Steps[None]:
        """Wait for the batches that were found, and ask ``requests`` in new ones.

        Raises :class:`Stopped` where the server refuses, or does not answer, and where a batch may
        cost more than may be spent.
        """
        for each in self._active:
            for key, request in each.rows.items():
                self._budget.hold(key, partial(self._bound, request))
        files = map(_not_begun, self._files(requests))
        full = False
        while True:
            while not full and (coming := self._next(files)) is not None:
                if not self._affordable(coming):
                    if not self._active:
                        raise self._too_dear(coming)
                    break
                self._waiting.popleft()
                coming.beside = len(self._active)
                self._active.append(coming)
                yield from self._begin(coming)
            if not self._active:
                return
            for each in [*self._active]:
                status = yield from self._look(each)
                if not status.over:
                    continue
                if status.status == "failed" and not status.output_file_id:
                    self._active.remove(each)
                    self._put_back(each, status)
                    full = bool(self._active)
                else:
                    yield from self._fetch(each, status)
                    self._active.remove(each)
                    full = False
            if self._active:
                yield from self._calls.pause(self._poll)

    def tell(self) -> None:
        """Say which batches go on at the server while nobody waits for them."""
        if names := [each.name for each in self._active if each.name]:
            self._say(
                f"Left at the server, which goes on: {few(names)}. The same command waits for it "
                "and fetches the answers."
            )

    def _next(self, files: Iterator[_Open]) -> _Open | None:
        if not self._waiting and (more := next(files, None)) is not None:
            self._waiting.append(more)
        return self._waiting[0] if self._waiting else None

    def _affordable(self, each: _Open) -> bool:
        """Whether all its rows may be asked; what they may cost is reserved then."""
        for key, request in each.rows.items():
            if not self._budget.reserve(key, partial(self._bound, request)):
                for reserved in each.rows:
                    self._budget.settle(reserved, None)
                return False
        return True

    def _too_dear(self, each: _Open) -> Stopped:
        budget = self._budget
        bound = sum(self._bound(request) or 0.0 for request in each.rows.values())
        return Stopped(
            f"--max-cost: a batch of {len(each.rows):,} prompts may cost up to {bound:.4f} "
            f"{budget.currency}, which is more than is left of {budget.most:g} "
            f"({budget.spent:.4f} are spent). It was not sent; the same command with a higher "
            "--max-cost goes on, and so it does with a lower engine.openai.batch.max_requests."
        )

    def _begin(self, each: _Open) -> Steps[None]:
        """Upload its file, unless that is done, and begin the batch."""
        limit = self._calls.limits.deadline
        if each.batch.file is None:
            bounds = {key: self._bound(request) for key, request in each.rows.items()}
            each.batch = batch = self._journal.begin_batch(each.batch.id, bounds)
            file = yield from self._calls.ask(
                lambda again: self._api.upload(batch, each.data, again=again), limit
            )
            if isinstance(file, Reply):
                raise self._not_accepted(each, file)
            self._keep(each, batch._replace(file=file))
            each.data = b""
        uploaded = each.batch
        status = yield from self._calls.ask(
            lambda again: self._api.create(uploaded, again=again), limit
        )
        if isinstance(status, Reply):
            raise self._not_accepted(each, status)
        self._keep(each, uploaded._replace(name=status.id))
        each.status = status
        self._say(f"Batch {each.name}: {len(each.keys):,} prompts are at the server.")

    def _keep(self, each: _Open, batch: Batch) -> None:
        each.batch = batch
        self._journal.keep_batch(batch)

    def _not_accepted(self, each: _Open, reply: Reply) -> LeaderkitError:
        self._give_up(each)
        self._active.remove(each)
        told = replace(reply, problem=f"No batch was begun: {reply.problem}")
        return ending(told, answered=self._answered or bool(self._active))

    def _give_up(self, each: _Open) -> None:
        """Nothing of the batch was charged, and nothing comes of it."""
        self._journal.ended([Attempt(each.batch.attempt(key), Ending.REFUSED) for key in each.keys])
        for key in each.rows:
            self._budget.settle(key, None)

    def _look(self, each: _Open) -> Steps[Status]:
        """How the batch stands."""
        limit = self._calls.limits.timeout
        each.status = yield from self._sure(each, lambda _: self._api.status(each.batch), limit)
        return each.status

    def _sure(
        self, each: _Open, what: Callable[[bool], Awaitable[Answer]], timeout: float
    ) -> Steps[Answer]:
        """What the server says of a batch. Raises :class:`Stopped` where it refuses that."""
        found = yield from self._calls.ask(what, timeout)
        if isinstance(found, Reply):
            problem = f"Batch {each.name or each.batch.id}: {found.problem}"
            raise ending(replace(found, problem=problem), answered=True)
        return found

    def _put_back(self, each: _Open, status: Status) -> None:
        """Let the rows of a batch that failed as a whole wait until another one is over.

        Raises :class:`Stopped` where there was no other, or it failed for another reason.
        """
        self._give_up(each)
        too_many = any(code == _TOO_MANY for code, _ in status.problems)
        if too_many and each.beside:
            self._waiting.extend(map(_not_begun, self._files([*each.rows.values()])))
            return
        told = (": ".join(filter(None, problem)) for problem in status.problems)
        why = self._calls.endpoint.without_key(few(told) or "no reason given")
        hint = " Set a lower engine.openai.batch.max_requests." if too_many else ""
        raise Stopped(
            f"Batch {each.name} failed at the server, and cost nothing: {why}.{hint} Finished rows "
            "are kept; the same command asks the rest again."
        )

    def _fetch(self, each: _Open, status: Status) -> Steps[None]:
        """How the rows of a batch that is over ended, from its files."""
        limit, over = self._calls.limits.deadline, status.status == "completed"
        for errors in range(1, DOWNLOADS + 1):
            data = b""
            for file in filter(None, (status.output_file_id, status.error_file_id)):
                data += yield from self._sure(each, self._api.download(file), limit)
                data += b"\n"
            found = read_output(data, each.rows, self._read)
            if found.readable and not (over and each.rows.keys() - found.replies):
                break
            if errors < DOWNLOADS:
                yield from self._calls.pause(backoff(errors))
        if over or not found.readable:
            lacking = Reply(Kind.GARBLED, problem="the files of the batch have no answer to it")
        else:
            lacking = Reply(Kind.AGAIN, problem=f"the batch {status.status} before it was answered")
        keys = [*each.rows]
        for start in range(0, len(keys), ROWS_PER_STEP):
            yield [
                self._outcome(each.batch, key, found.replies.get(key, lacking))
                for key in keys[start : start + ROWS_PER_STEP]
            ]

    def _outcome(self, batch: Batch, key: str, reply: Reply) -> Outcome:
        attempt = attempt_of(batch.attempt(key), reply, self._prices)
        self.money += attempt.money or 0.0
        self._budget.settle(key, attempt.money, perhaps=reply.kind in PERHAPS_CHARGED)
        if reply.completion is None:
            problem = self._calls.endpoint.without_key(reply.problem)
            return Failure(key, problem, attempt)
        self._answered = True
        return replace(reply.completion, attempt=attempt)


def _not_begun(file: InputFile) -> _Open:
    return _Open(Batch(new_id()), file.rows, [*file.rows], file.data)
