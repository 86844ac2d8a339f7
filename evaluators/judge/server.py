"""One request to a chat-completions server, and its reply."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evaluators.endpoint import Endpoint
from evaluators.errors import EvaluationError
from evaluators.optional import load_library

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

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
        self._endpoint = Endpoint.from_environment(base_url)
        if not self._endpoint.known:
            raise EvaluationError(
                "judge needs a server: write judge:model=NAME,base_url=http://HOST:PORT/v1 or set "
                "OPENAI_BASE_URL, or set OPENAI_API_KEY for api.openai.com"
            )
        self.address: Final = self._endpoint.address
        self.endpoint: Final = self._endpoint.place

    def connect(self) -> AsyncOpenAI:
        """Return a connection for ``async with``; it belongs to one event loop."""
        return self._endpoint.client(timeout_s=self._timeout_s, retries=self._retries)

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
        refusal = self._endpoint.refusal(error)
        if refusal is not None:
            # Not chained: the original holds the request, whose headers hold the key.
            raise EvaluationError(f"judge: {refusal}") from None
        detail = self._endpoint.without_key(error.message)[:_LONGEST_DETAIL]
        return Reply(problem=f"HTTP {error.status_code}", detail=detail)


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
