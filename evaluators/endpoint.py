"""Where an OpenAI-compatible server is, and the key that it is asked with."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from httpx2 import Response
    from openai import APIStatusError, AsyncOpenAI

OPENAI: Final = "https://api.openai.com/v1"
KEY_VARIABLE: Final = "OPENAI_API_KEY"
NO_QUOTA: Final = "insufficient_quota"


@dataclass(frozen=True)
class Endpoint:
    """A server's address, and its key, which is in no message.

    ``url`` and ``key`` are None where nothing names them. A server of one's own needs no key.
    """

    url: str | None
    key: str | None = field(repr=False)
    variable: str = KEY_VARIABLE

    @classmethod
    def from_environment(cls, base_url: str | None, variable: str = KEY_VARIABLE) -> Endpoint:
        """The server at ``base_url``, else OPENAI_BASE_URL, and the key that ``variable`` holds."""
        url = base_url or os.environ.get("OPENAI_BASE_URL") or None
        return cls(url, os.environ.get(variable) or None, variable)

    @property
    def known(self) -> bool:
        """Whether there is a server to ask: an address, or a key for OpenAI's own."""
        return self.url is not None or self.key is not None

    @property
    def address(self) -> str:
        """The host that is asked, without name, password and query, which may hold a secret."""
        url = self.url or OPENAI
        return urlsplit(url).netloc.rpartition("@")[2] or url.partition("?")[0].rpartition("@")[2]

    @property
    def place(self) -> str:
        """:attr:`address` and the path behind it."""
        return f"{self.address}{urlsplit(self.url or OPENAI).path.rstrip('/')}"

    def client(self, *, timeout_s: float, retries: int) -> AsyncOpenAI:
        """A client for ``async with``; it belongs to one event loop.

        What may pass (no connection, a timeout, HTTP 408, 409, 429 and 5xx) the SDK asks again,
        ``retries`` times: after the seconds that the server asks for, at most 120, else after
        0.5 s, doubled each time up to 8 s.
        """
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        return AsyncOpenAI(
            # Without one of its own the SDK would refuse a server that needs none.
            api_key=self.key or "none",
            base_url=self.url,
            timeout=timeout_s,
            max_retries=retries,
            http_client=DefaultAsyncHttpxClient(event_hooks={"response": [_end_without_quota]}),
        )

    def refusal(self, error: APIStatusError) -> str | None:
        """What a status says that is the same for every request; None for any other.

        The error itself holds the request, whose headers hold the key: do not chain it.
        """
        status = error.status_code
        reason = {
            401: f"refuses the key: set {self.variable}",
            402: "asks for payment",
            403: f"does not permit this: check {self.variable} and the model",
            404: "knows no such model or address: check model and base_url",
        }.get(status)
        if without_quota(error):
            reason = "says that the quota is used up"
        return None if reason is None else f"{self.address} {reason} (HTTP {status})"

    def without_key(self, text: str) -> str:
        """``text`` of the server's, which may repeat the key."""
        return text.replace(self.key, "[key]") if self.key else text


def without_quota(error: APIStatusError) -> bool:
    """Whether the server says that no quota is left, which no waiting changes."""
    return NO_QUOTA in (error.code, error.type)


async def _end_without_quota(response: Response) -> None:
    # To the SDK a used-up quota is one more 429, but it obeys this header.
    if response.status_code == 429 and NO_QUOTA.encode() in await response.aread():
        response.headers["x-should-retry"] = "false"
