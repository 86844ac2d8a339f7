"""One request to a chat-completions server, and its reply."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from evaluators.errors import EvaluationError
from evaluators.optional import load_library

if TYPE_CHECKING:
    from httpx2 import Response
    from openai import APIStatusError, AsyncOpenAI

# Statuses that say the same about every request.
_FATAL: Final = {
    401: "refuses the key: set OPENAI_API_KEY",
    402: "asks for payment",
    403: "does not permit this: check OPENAI_API_KEY and the model",
    404: "knows no such model or address: check model and base_url",
}
_NO_QUOTA: Final = "insufficient_quota"
_NO_COMPLETION: Final = "a reply that is not a chat completion"
_PAUSE_S: Final = 1.0
_LONGEST_DETAIL: Final = 200


@dataclass(frozen=True)
class Reply:
    """A reply's text, or why there is none, as ``detail`` in the server's own words.

    ``cached`` where nobody was asked.
    """

    text: str | None = None
    problem: str = ""
    detail: str = ""
    cached: bool = False


class ChatServer:
    """A server of OpenAI's chat-completions interface, asked at temperature 0.

    The key comes from OPENAI_API_KEY alone and is in no message; the address from ``base_url``,
    else OPENAI_BASE_URL. A server of one's own needs no key. What may pass (no connection, a
    timeout, HTTP 408, 409, 429 and 5xx) the SDK asks again, ``retries`` times: after the seconds
    that the server asks for, at most 120, else after 0.5 s, doubled each time up to 8 s. Raises
    EvaluationError where openai is not installed, or neither key nor address is known.
    """

    def __init__(
        self, model: str, base_url: str | None, *, timeout_s: float, max_tokens: int, retries: int
    ) -> None:
        load_library("openai", needed_by="judge", install="openai")
        self._model = model
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens
        self._retries = retries
        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or None
        self._key = os.environ.get("OPENAI_API_KEY") or None
        if self._url is None and self._key is None:
            raise EvaluationError(
                "judge needs a server: write judge:model=NAME,base_url=http://HOST:PORT/v1 or set "
                "OPENAI_BASE_URL, or set OPENAI_API_KEY for api.openai.com"
            )
        # Where requests go, without name, password and query, which may hold a secret.
        url = self._url or "https://api.openai.com/v1"
        self.address: Final = _address(url)
        self.endpoint: Final = f"{self.address}{urlsplit(url).path.rstrip('/')}"

    def connect(self) -> AsyncOpenAI:
        """Return a connection for ``async with``; it belongs to one event loop."""
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        return AsyncOpenAI(
            # Without one of its own the SDK would refuse a server that needs none.
            api_key=self._key or "none",
            base_url=self._url,
            timeout=self._timeout_s,
            max_retries=self._retries,
            http_client=DefaultAsyncHttpxClient(event_hooks={"response": [_end_without_quota]}),
        )

    async def complete(self, connection: AsyncOpenAI, prompt: str) -> Reply:
        """Return the reply. Raises EvaluationError for what would fail every request alike."""
        reply = await self._ask(connection, prompt)
        if reply.problem == _NO_COMPLETION:
            # A busy gateway may say so with status 200, which to the SDK is success.
            await asyncio.sleep(_PAUSE_S)
            reply = await self._ask(connection, prompt)
        return reply

    async def _ask(self, connection: AsyncOpenAI, prompt: str) -> Reply:
        import openai

        try:
            completion: object = await connection.chat.completions.create(
                model=self._model,
                messages=[{"role": "user", "content": prompt}],
                temperature=0,
                max_tokens=self._max_tokens,
            )
        except openai.APITimeoutError:
            return Reply(problem=f"no reply within {self._timeout_s:g} s")
        except openai.APIConnectionError:
            return Reply(problem="no connection")
        except openai.APIStatusError as error:
            return self._refused(error)
        except (openai.APIError, ValueError):
            return Reply(problem=_NO_COMPLETION)
        text = _text(completion)
        return Reply(text) if text is not None else Reply(problem=_NO_COMPLETION)

    def _refused(self, error: APIStatusError) -> Reply:
        status = error.status_code
        reason = _FATAL.get(status)
        if _NO_QUOTA in (error.code, error.type):
            reason = "says that the quota is used up"
        if reason is not None:
            # Not chained: the original holds the request, whose headers hold the key.
            raise EvaluationError(f"judge: {self.address} {reason} (HTTP {status})") from None
        return Reply(
            problem=f"HTTP {status}", detail=self._without_key(error.message)[:_LONGEST_DETAIL]
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


async def _end_without_quota(response: Response) -> None:
    # To the SDK a used-up quota is one more 429, but it obeys this header.
    if response.status_code == 429 and _NO_QUOTA.encode() in await response.aread():
        response.headers["x-should-retry"] = "false"


def _text(completion: object) -> str | None:
    # The SDK does not check what it read: a server may have left out any part.
    choices = getattr(completion, "choices", None)
    message = (
        getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
    )
    if message is None:
        return None
    content = getattr(message, "content", None)
    return content if isinstance(content, str) else ""


def _address(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or url.partition("?")[0].rpartition("@")[2]
