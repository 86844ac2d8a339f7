"""What requests to a server cost: tokens and money, by attempt and in all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol


class Usage(NamedTuple):
    """Tokens as a server counts them.

    ``cached`` are those of the prompt's that it had in its cache, ``reasoning`` those of the
    completion's that were thought.
    """

    prompt: int
    cached: int
    completion: int
    reasoning: int


class Ending(StrEnum):
    """How an attempt ended: with a reply, with a refusal, or with neither, and perhaps charged."""

    REPLIED = "replied"
    REFUSED = "refused"
    LOST = "lost"


class Sent(NamedTuple):
    """An attempt at the request with the row key ``key``; ``id`` is what the server is told.

    ``bound`` is the most that it may cost, None where that is not known.
    """

    id: str
    key: str
    bound: float | None = None


class Open(NamedTuple):
    """An attempt without a reply; ``in_flight`` where a kill came before its end was seen."""

    id: str
    in_flight: bool


class Batch(NamedTuple):
    """Requests that go to a server as one file.

    ``id`` is what the server is told. ``file`` and ``name`` are the server's own ids, of the file
    and of the batch: None until they are known.
    """

    id: str
    run: str = ""
    file: str | None = None
    name: str | None = None

    def attempt(self, key: str) -> str:
        """The id of the attempt at the request with the row key ``key``."""
        return f"{self.id}/{key}"


class Doubt(NamedTuple):
    """What may have been charged beyond an account's money: ``bound`` at most.

    Of so many ``unbounded`` attempts the most is not known either.
    """

    bound: float = 0.0
    unbounded: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How the attempt ``id`` ended, and what it cost; None is not known."""

    id: str
    ending: Ending
    usage: Usage | None = None
    money: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class Account:
    """What a run's attempts cost.

    ``money`` is by currency. Of the ``replies``, ``unmetered`` came without a count of tokens and
    ``unpriced`` without a price. ``uncertain`` is how often something was sent that got no reply:
    it may have been charged.
    """

    attempts: int = 0
    replies: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    unmetered: int = 0
    unpriced: int = 0
    uncertain: int = 0
    money: Mapping[str, float] = field(default_factory=dict)

    def of_more(self, replies: int) -> dict[str, float]:
        """What so many more replies cost, each the mean of those whose price is known."""
        priced = self.replies - self.unpriced
        if not priced:
            return {}
        return {currency: replies * each / priced for currency, each in self.money.items()}


class Journal(Protocol):
    """Keeps what one run asks of a server that may charge for it, so that no kill hides it."""

    def open(self) -> Mapping[str, Open]:
        """The attempts that got no reply, by row key.

        To send one again under its id is no second request, to a server that can tell.
        """

    def sent(self, attempts: Sequence[Sent]) -> None:
        """Make durable that these are about to be sent; one that is there already is sent again."""

    def ended(self, attempts: Sequence[Attempt]) -> None:
        """How attempts ended that got their row no outcome."""

    def batches(self) -> Sequence[Batch]:
        """The run's batches, also those that are over."""

    def begin_batch(self, identifier: str, bounds: Mapping[str, float | None]) -> Batch:
        """Make durable that the requests with these row keys are about to be sent as one file.

        The bounds are as those of :class:`Sent`.
        """

    def keep_batch(self, batch: Batch) -> None:
        """Make durable by which ids the server knows a batch that was begun."""

    def account(self) -> Account:
        """What the run has cost so far."""

    def doubt(self) -> Doubt:
        """What the run may have cost beyond that: what was sent and got no reply, or no price."""

    def answered(self) -> bool:
        """Whether the run has any answer."""

    def tried(self) -> Collection[str]:
        """The row keys of which an attempt has ended."""


class NoJournal:
    """A journal where no answer is kept."""

    def open(self) -> Mapping[str, Open]:
        """None."""
        return {}

    def sent(self, attempts: Sequence[Sent]) -> None:
        """Nothing is kept."""

    def ended(self, attempts: Sequence[Attempt]) -> None:
        """Nothing is kept."""

    def batches(self) -> Sequence[Batch]:
        """None."""
        return ()

    def begin_batch(self, identifier: str, bounds: Mapping[str, float | None]) -> Batch:
        """Nothing is kept."""
        del bounds
        return Batch(identifier)

    def keep_batch(self, batch: Batch) -> None:
        """Nothing is kept."""

    def account(self) -> Account:
        """An empty one."""
        return Account()

    def doubt(self) -> Doubt:
        """None."""
        return Doubt()

    def answered(self) -> bool:
        """Nothing is known of any."""
        return False

    def tried(self) -> Collection[str]:
        """None."""
        return ()
