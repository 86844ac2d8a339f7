"""A look at the server before anything is asked of it that costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evaluators.endpoint import Endpoint
from submission.engines.openai.reply import Kind, Reply
from submission.engines.openai.sender import within
from submission.errors import InputError, nearest

WAIT_S = 15.0


def probe(endpoint: Endpoint, model: str, say: Callable[[str], None]) -> None:
    """Ask which models the server has, which is free; warn where ``model`` is none of them.

    Raises :class:`InputError` for a server that cannot be reached, refuses the key, or has not
    answered after :data:`WAIT_S` in all. One that has no list of models, or keeps it from this key,
    says no more.
    """
    from anyio.from_thread import start_blocking_portal

    with start_blocking_portal(name="openai") as portal:
        names = portal.call(partial(within, endpoint, WAIT_S, partial(_models, endpoint)))
    if isinstance(names, Reply):
        if names.kind is Kind.LOST:
            raise InputError(
                f"engine.openai: no list of models from {endpoint.address}: {names.problem}. Start "
                "the server, or correct engine.openai.base_url (or OPENAI_BASE_URL)."
            )
        if names.kind is Kind.REFUSED:
            raise InputError(f"engine.openai: {names.problem}.")
        return
    if names and model not in names:
        say(
            f"Warning: {endpoint.address} does not list the model '{model}': it has "
            f"{nearest(names, model)}."
        )


async def _models(endpoint: Endpoint) -> list[str]:
    """What the server lists; nothing where that cannot be read."""
    async with endpoint.client(timeout_s=WAIT_S, retries=1) as client:
        try:
            return [each.id for each in (await client.models.list()).data]
        except (ValueError, TypeError, AttributeError):
            return []
