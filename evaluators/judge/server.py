"""One request to a chat-completions server, and what came of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from evaluators.errors import EvaluationError
from evaluators.judge.retry import asked_wait, worth_retrying
from evaluators.optional import load_library

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

# Statuses that say the same about every request.
_FATAL: Final = {
    401: "refuses the key: set OPENAI_API_KEY",
    402: "asks for payment",
    403: "does not permit this: check OPENAI_API_KEY and the model",
    404: "knows no such model or address: check model and base_url",
}
_NO_QUOTA: Final = "insufficient_quota"
_NO_COMPLETION: Final = "a reply that is no chat completion"
_LONGEST_DETAIL: Final = 200


@dataclass(frozen=True)
class Outcome:
    """A reply's text, or the problem in a few words and, as ``detail``, in the server's.

    ``again`` says whether the same request may succeed later, ``asked`` how many seconds the
    server wants to be left alone.
    """

    text: str | None = None
    problem: str = ""
    detail: str = ""
    again: bool = False
    asked: float | None = None


class ChatServer:
    """A server of OpenAI's chat-completions interface, asked at temperature 0.

    The key comes from OPENAI_API_KEY alone and is in no message; the address from ``base_url``,
    else OPENAI_BASE_URL. A server of one's own needs no key. Raises EvaluationError where openai
    is not installed, or neither key nor address is known.
    """

    def __init__(self, model: str, base_url: str | None, timeout_s: float, max_tokens: int) -> None:
        self._model = model
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens
        url = base_url or os.environ.get("OPENAI_BASE_URL") or None
        self._key = os.environ.get("OPENAI_API_KEY") or None
        if url is None and self._key is None:
            raise EvaluationError(
                "judge needs a server: write judge:model=NAME,base_url=http://HOST:PORT/v1 or set "
                "OPENAI_BASE_URL, or set OPENAI_API_KEY for api.openai.com"
            )
        self.address: Final = _address(url) if url else "api.openai.com"
        # Where requests go, without name, password and query, which may hold a secret.
        self.endpoint: Final = f"{self.address}{urlsplit(url).path.rstrip('/') if url else '/v1'}"
        self._client = self._connect(url)

    def complete(self, prompt: str) -> Outcome:
        """Ask once. Raises EvaluationError for what would fail every request alike."""
        import openai

        try:
            completion: object = self._client.chat.completions.create(
                model=self._model,
                messages=[{"role": "user", "content": prompt}],
                temperature=0,
                max_tokens=self._max_tokens,
            )
        except openai.APITimeoutError:
            return Outcome(problem=f"no reply within {self._timeout_s:g} s", again=True)
        except openai.APIConnectionError:
            return Outcome(problem="no connection", again=True)
        except openai.APIStatusError as error:
            return self._refused(error)
        except (openai.APIError, ValueError):
            return Outcome(problem=_NO_COMPLETION, again=True)
        text = _text(completion)
        return Outcome(text) if text is not None else Outcome(problem=_NO_COMPLETION, again=True)

    def _refused(self, error: APIStatusError) -> Outcome:
        status = error.status_code
        reason = _FATAL.get(status)
        if _NO_QUOTA in (error.code, error.type):
            reason = "says that the quota is used up"
        if reason is not None:
            # Not chained: the original holds the request, whose headers hold the key.
            raise EvaluationError(f"judge: {self.address} {reason} (HTTP {status})") from None
        return Outcome(
            problem=f"HTTP {status}",
            detail=self._without_key(error.message)[:_LONGEST_DETAIL],
            again=worth_retrying(status),
            asked=asked_wait(error.response.headers),
        )

    def _connect(self, url: str | None) -> OpenAI:
        load_library("openai", needed_by="judge", install="openai>=3.5")
        from openai import OpenAI

        return OpenAI(
            # Without one of its own the SDK would refuse a server that needs none.
            api_key=self._key or "none",
            base_url=url,
            timeout=self._timeout_s,
            # Its own retries would repeat what a used-up quota refuses.
            max_retries=0,
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


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
