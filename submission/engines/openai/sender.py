"""One attempt at one request: sent, and what came back put into one of a few kinds."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
from typing import TYPE_CHECKING, Any, TypeVar

from evaluators.endpoint import Endpoint, without_quota
from evaluators.text.cells import shortened
from submission.engines.openai.reply import Kind, Reply, read_usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from openai import APIStatusError, AsyncOpenAI

Answer = TypeVar("Answer")

_PASSING = {408, 409, 425, 429}
LONGEST_DETAIL = 200


async def send(
    client: AsyncOpenAI,
    endpoint: Endpoint,
    path: str,
    body: Mapping[str, Any],
    read: Callable[[bytes], Reply],
    *,
    attempt: str,
    timeout: float,
) -> Reply:
    """The reply to ``body``, as ``read`` makes one of a response, within ``timeout`` seconds.

    The server is told the attempt's id, so that it can tell one that is sent again. Never raises
    what a server or a network may do; nothing in the reply holds the key.
    """
    import httpx2

    async def ask() -> httpx2.Response:
        options: Any = {"headers": told_id(attempt)}
        return await client.post(path, cast_to=httpx2.Response, body=body, options=options)

    response = await within(endpoint, timeout, ask)
    return response if isinstance(response, Reply) else read(response.content)


def told_id(identifier: str) -> dict[str, str]:
    """The headers by which a server can tell what is sent again."""
    return {"Idempotency-Key": identifier, "X-Client-Request-Id": identifier}


async def within(
    endpoint: Endpoint, timeout: float, ask: Callable[[], Awaitable[Answer]]
) -> Answer | Reply:
    """What ``ask`` gets of the server within ``timeout`` seconds, or how that failed."""
    import msgspec
    import openai

    try:
        # Around all of it: the client's own timeout begins anew with every byte that comes.
        async with asyncio.timeout(timeout):
            return await ask()
    except (TimeoutError, openai.APITimeoutError):
        return Reply(Kind.LOST, problem=f"no reply within {timeout:.0f} s")
    except openai.APIConnectionError:
        return Reply(Kind.LOST, problem=f"the connection to {endpoint.address} failed")
    except openai.APIStatusError as error:
        return _refused(endpoint, error)
    except openai.APIError as error:
        problem = shortened(endpoint.without_key(error.message), LONGEST_DETAIL)
        return Reply(Kind.GARBLED, problem=problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Reply(Kind.GARBLED, problem="a reply that cannot be read")


def passes(status: int) -> bool:
    """Whether what was refused with this HTTP status may be asked again."""
    return status in _PASSING or status >= 500


def _refused(endpoint: Endpoint, error: APIStatusError) -> Reply:
    status, response = error.status_code, error.response
    usage = read_usage(response.content)
    refusal = endpoint.refusal(error)
    if refusal is not None:
        if status == 402 or without_quota(error):
            kind = Kind.QUOTA
        else:
            kind = Kind.REFUSED if status == 401 else Kind.DENIED
        return Reply(kind, usage=usage, problem=refusal)
    told = error.body.get("message") if isinstance(error.body, dict) else None
    detail = endpoint.without_key(told if isinstance(told, str) else error.message)
    detail = shortened(detail, LONGEST_DETAIL)
    problem = f"HTTP {status}: {detail}"
    if not passes(status):
        return Reply(Kind.ROW, usage=usage, problem=problem)
    wait = _retry_after(response.headers)
    # A server that says when to come back is as busy as one that says "too many".
    slower = status == 429 or (status == 503 and wait is not None)
    return Reply(Kind.SLOWER if slower else Kind.AGAIN, usage=usage, problem=problem, wait=wait)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the server wants to be asked again: RFC 9110, 10.2.3, in seconds or a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        given = headers.get(name)
        if given is None:
            continue
        try:
            seconds = float(given) / unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(given).timestamp() - time()
            except ValueError:
                continue
        if isfinite(seconds):
            return max(seconds, 0.0)
    return None
