"""The ``[engine.openai]`` table of a recipe: an OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Iterator
from re import IGNORECASE, fullmatch, search
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from submission.errors import few
from submission.recipes.base import Conflict, NonEmpty, Table

Extension = Literal[
    "add_special_tokens",
    "chat_template",
    "chat_template_kwargs",
    "continue_final_message",
    "repetition_penalty",
    "structured_outputs",
    "thinking_token_budget",
    "top_k",
]
"""Members of a body beyond OpenAI's that vLLM's server takes, and some others take."""

EXTENSIONS: frozenset[str] = frozenset(get_args(Extension))

BODY = frozenset(
    {"model", "messages", "prompt", "max_tokens", "max_completion_tokens", "temperature", "top_p"}
    | {"stop", "seed", "n", "stream", "response_format", *EXTENSIONS}
)
"""What a request's body takes from the rest of the recipe, so that ``extra`` cannot hold it."""


_SECRETS = r"api[_-]?key|authorization|password|secret|(^|[_-])(access|auth|bearer)?[_-]?token$"
"""Names of what a recipe does not hold; ``max_tokens`` is none."""


def _secret_in_key(name: str) -> str | None:
    if fullmatch("[A-Z_][A-Z0-9_]*", name):
        return None
    return (
        "key is the name of the environment variable that holds the key, such as OPENAI_API_KEY; "
        "the key itself belongs in no recipe and on no command line"
    )


def _secret_in_extra(extra: dict[Any, Any]) -> str | None:
    """Tells of the members whose names are of secrets, and not of their values."""
    found = [str(name) for name in extra if search(_SECRETS, str(name), IGNORECASE)]
    if not found:
        return None
    return (
        f"extra holds {few(found)}, which looks like a secret; it belongs in the environment "
        "variable that key names"
    )


def _secret_in_address(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return "base_url is not an address such as http://HOST:PORT/v1"
    if "@" in parts.netloc or parts.query:
        return (
            "base_url holds a name, a password or a query; a key belongs in the environment "
            "variable that key names"
        )
    return None


class Prices(Table):
    """What a million tokens cost, as the server's price list says.

    ``cached`` is for the tokens of a prompt that the server had in its cache, ``input`` unless
    given. ``batch`` is what share of all these is to be paid for what is asked as a batch.
    """

    input: float = Field(ge=0.0, allow_inf_nan=False)
    cached: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    output: float = Field(ge=0.0, allow_inf_nan=False)
    batch: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    currency: NonEmpty = "USD"

    def of_batches(self) -> Prices | None:
        """The prices of what is asked as a batch; None where they are not known."""
        if self.batch is None:
            return None
        cached = self.input if self.cached is None else self.cached
        return Prices(
            input=self.input * self.batch,
            cached=cached * self.batch,
            output=self.output * self.batch,
            currency=self.currency,
        )


class Batch(Table):
    """Requests are sent as files and answered within ``window`` (OpenAI's Batch API).

    ``poll`` is how many seconds pass between two looks at a batch. A file has ``max_requests`` and
    ``max_bytes`` at most.
    """

    poll: float = Field(default=30.0, gt=0.0, allow_inf_nan=False)
    window: NonEmpty = "24h"
    max_requests: int = Field(default=50_000, ge=1)
    max_bytes: int = Field(default=200_000_000, ge=1)


class OpenAI(Table):
    """Which server answers, with which key, how many requests at a time, and for how long.

    ``key`` names the environment variable that holds the key. ``connections`` is the most requests
    at a time; how many there are follows from the server's replies. ``timeout`` is for one reply,
    ``deadline`` for a row with all its attempts, in seconds. ``extensions`` are the members of a
    body beyond OpenAI's that the server takes, ``extra`` further members of every body. With
    ``batch`` the rows are sent as files.
    """

    base_url: str | None = None
    key: str = "OPENAI_API_KEY"
    connections: int = Field(default=256, ge=1, le=1000)
    timeout: float = Field(default=120.0, gt=0.0, allow_inf_nan=False)
    deadline: float = Field(default=900.0, gt=0.0, allow_inf_nan=False)
    length_parameter: Literal["max_tokens", "max_completion_tokens"] | None = None
    extensions: list[Extension] = Field(default=[])
    extra: dict[str, Any] = Field(default={})
    prices: Prices | None = None
    batch: Annotated[Batch | None, Field(exclude_if=lambda table: table is None)] = None

    @model_validator(mode="before")
    @classmethod
    def _hold_no_secret(cls, data: Any) -> Any:
        # About the whole table, whose values no message repeats: one of these may be the key.
        if isinstance(data, dict):
            for name, problem in (("key", _secret_in_key), ("base_url", _secret_in_address)):
                given = data.get(name)
                if isinstance(given, str) and (found := problem(given)) is not None:
                    raise ValueError(found)
            extra = data.get("extra")
            if isinstance(extra, dict) and (found := _secret_in_extra(extra)) is not None:
                raise ValueError(found)
        return data

    def conflicts(self) -> Iterator[Conflict]:
        """Members of a body that the recipe sets elsewhere, and a batch whose price is open."""
        if self.batch is not None and self.prices is not None and self.prices.batch is None:
            yield Conflict(
                "prices.batch",
                "is missing: set it to the share of these prices that a batch costs, such as 0.5",
            )
        if taken := sorted(BODY & self.extra.keys()):
            yield Conflict("extra", f"cannot hold {few(taken)}: the recipe sets that itself")
