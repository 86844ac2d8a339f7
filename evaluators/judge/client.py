"""Many questions to one chat-completions server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from evaluators.errors import EvaluationError
from evaluators.judge.cache import ReplyCache, reply_key
from evaluators.judge.retry import Gate, Patience
from evaluators.progress import advance, begin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.judge.server import ChatServer, Outcome

# So many requests that fail for good, with no reply between them, mean that the server does.
_HOPELESS: Final = 10


@dataclass(frozen=True)
class Reply:
    """A reply's text, or why there is none, as ``detail`` in the server's own words.

    ``cached`` where nobody was asked.
    """

    text: str | None
    problem: str = ""
    detail: str = ""
    cached: bool = False


class ChatClient:
    """Asks ``concurrency`` questions at a time, again where that may help, and none twice.

    ``settings`` names everything beside the prompt that decides a reply. One ``ask`` at a time.
    """

    def __init__(
        self,
        server: ChatServer,
        settings: str,
        *,
        concurrency: int = 8,
        patience: Patience | None = None,
        cache: ReplyCache | None = None,
    ) -> None:
        self._server = server
        self._settings = settings
        self._concurrency = concurrency
        self._patience = patience or Patience()
        self._cache = cache or ReplyCache()
        self._gate = Gate()
        self._lock = Lock()
        self._failures = 0
        self._stop = Event()
        self._cause: Exception | None = None

    def ask(self, prompts: Sequence[str]) -> list[Reply]:
        """Return a reply to every prompt, in order; equal prompts are asked once.

        A prompt that fails alone has a problem instead of a text. Raises EvaluationError for what
        fails every prompt: a refused key, no quota, an unknown model, no server. Replies had until
        then stay in the cache.
        """
        distinct = list(dict.fromkeys(prompts))
        self._failures, self._stop, self._cause = 0, Event(), None
        begin(len(distinct), "replies")
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="judge")
        try:
            replies = {}
            for prompt, reply in zip(distinct, pool.map(self._reply, distinct), strict=True):
                replies[prompt] = reply
                advance(1)
        except _StoppedError:
            raise self._cause or EvaluationError("judge: stopped") from None
        finally:
            # After an error, or Ctrl-C, nothing is begun or waited for any more.
            self._stop.set()
            pool.shutdown(cancel_futures=True)
        return [replies[prompt] for prompt in prompts]

    def _reply(self, prompt: str) -> Reply:
        key = reply_key(self._settings, prompt)
        known = self._cache.get(key)
        if known is not None:
            return Reply(known, cached=True)
        try:
            outcome = self._persist(prompt)
            if outcome.text is not None:
                self._cache.put(key, outcome.text)
        except Exception as error:
            with self._lock:
                self._cause = self._cause or error
            self._stop.set()
            raise
        return Reply(outcome.text, outcome.problem, outcome.detail)

    def _persist(self, prompt: str) -> Outcome:
        attempt = 0
        while True:
            self._gate.pass_through(self._stop)
            if self._stop.is_set():
                raise _StoppedError
            outcome = self._server.complete(prompt)
            wait = self._patience.wait(attempt, outcome.asked) if outcome.again else None
            if outcome.text is not None or wait is None:
                self._count(outcome)
                return outcome
            if outcome.asked is not None:
                self._gate.close(wait)
            else:
                self._stop.wait(wait)
            attempt += 1

    def _count(self, outcome: Outcome) -> None:
        with self._lock:
            self._failures = self._failures + 1 if outcome.text is None else 0
            hopeless = self._failures >= _HOPELESS
        if hopeless:
            said = f", last with: {outcome.detail}" if outcome.detail else ""
            raise EvaluationError(
                f"judge: {self._failures} requests in a row to {self._server.address} failed "
                f"({outcome.problem}){said}"
            )


class _StoppedError(Exception):
    """Another thread met what stops them all."""
