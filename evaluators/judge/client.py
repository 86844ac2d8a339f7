"""Many questions to one chat-completions server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from evaluators.errors import EvaluationError
from evaluators.judge.cache import ReplyCache, reply_key
from evaluators.judge.server import Reply
from evaluators.progress import advance, begin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openai import AsyncOpenAI

    from evaluators.judge.server import ChatServer

# So many requests that fail for good, with no reply between them, mean that the server does.
_HOPELESS: Final = 10


class ChatClient:
    """Asks ``concurrency`` questions at a time, and none twice.

    ``settings`` names everything beside the prompt that decides a reply. One ``ask`` at a time.
    """

    def __init__(
        self,
        server: ChatServer,
        settings: str,
        *,
        concurrency: int = 8,
        cache: ReplyCache | None = None,
    ) -> None:
        self._server = server
        self._settings = settings
        self._concurrency = concurrency
        self._cache = cache or ReplyCache()
        self._failures = 0

    def ask(self, prompts: Sequence[str]) -> list[Reply]:
        """Return a reply to every prompt, in order; equal prompts are asked once.

        A prompt that fails alone has a problem instead of a text. Raises EvaluationError for what
        fails every prompt: a refused key, no quota, an unknown model, no server. Replies had until
        then stay in the cache.
        """
        from anyio.from_thread import start_blocking_portal

        distinct = list(dict.fromkeys(prompts))
        begin(len(distinct), "replies")
        # An event loop in a thread of its own: a notebook runs one in this thread already.
        with start_blocking_portal(name="judge") as portal:
            replies = portal.call(self._ask_all, distinct)
        return [replies[prompt] for prompt in prompts]

    async def _ask_all(self, prompts: Sequence[str]) -> dict[str, Reply]:
        replies: dict[str, Reply] = {}
        remaining = iter(prompts)
        self._failures = 0

        async def work(connection: AsyncOpenAI) -> None:
            for prompt in remaining:
                replies[prompt] = await self._reply(connection, prompt)
                advance(1)

        try:
            # The first error cancels the other requests, and their waits.
            async with self._server.connect() as connection, asyncio.TaskGroup() as workers:
                for _ in range(self._concurrency):
                    workers.create_task(work(connection))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return replies

    async def _reply(self, connection: AsyncOpenAI, prompt: str) -> Reply:
        key = reply_key(self._settings, prompt)
        known = self._cache.get(key)
        if known is not None:
            return Reply(known, cached=True)
        reply = await self._server.complete(connection, prompt)
        if reply.text is not None:
            self._cache.put(key, reply.text)
        self._count(reply)
        return reply

    def _count(self, reply: Reply) -> None:
        self._failures = self._failures + 1 if reply.text is None else 0
        if self._failures >= _HOPELESS:
            said = f", last with: {reply.detail}" if reply.detail else ""
            raise EvaluationError(
                f"judge: {self._failures} requests in a row to {self._server.address} failed "
                f"({reply.problem}){said}"
            )
