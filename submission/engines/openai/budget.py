"""Money: what tokens cost, and whether one more request may be sent."""

from __future__ import annotations

from collections.abc import Callable

from submission.engines.account import Attempt, Ending, Usage
from submission.engines.openai.reply import UNSEEN, Kind, Reply
from submission.recipes.openai import Prices

_PER = 1_000_000


def money(prices: Prices | None, usage: Usage | None) -> float | None:
    """What ``usage`` costs; None where that is not known."""
    if prices is None or usage is None:
        return None
    cached = prices.input if prices.cached is None else prices.cached
    return (
        (usage.prompt - usage.cached) * prices.input
        + usage.cached * cached
        + usage.completion * prices.output
    ) / _PER


def attempt_of(
    identifier: str, reply: Reply, prices: Prices | None, *, unseen: bool = False
) -> Attempt:
    """How the attempt ended that got ``reply``, and what it cost.

    ``unseen``: an earlier reply to the same id was lost, and may have been charged.
    """
    if reply.usage is not None or reply.kind in (Kind.ANSWERED, Kind.USELESS):
        ending = Ending.REPLIED
    else:
        ending = Ending.LOST if unseen or reply.kind in UNSEEN else Ending.REFUSED
    cost = money(prices, reply.usage)
    currency = prices.currency if prices is not None and cost is not None else ""
    return Attempt(identifier, ending, reply.usage, cost, currency)


class Budget:
    """Keeps what is spent, and what requests in flight may cost at most, below ``most``.

    Where ``most`` is None there is no bound, and nothing is reserved.
    """

    def __init__(self, most: float | None, spent: float, currency: str) -> None:
        self.most = most
        self.currency = currency
        self.spent = spent
        self._reserved: dict[str, float] = {}
        self._held = 0.0

    def reserve(self, row: str, bound: Callable[[], float | None]) -> bool:
        """Whether a request may be sent that costs ``bound`` at most, which is reserved then."""
        if self.most is None:
            return True
        cost = bound() or 0.0
        if self.spent + self._held + cost > self.most:
            return False
        self._hold(row, cost)
        return True

    def hold(self, row: str, bound: Callable[[], float | None]) -> None:
        """Reserve ``bound``, till now taken for spent, for a request that the server has."""
        if self.most is not None:
            cost = bound() or 0.0
            self.spent = max(self.spent - cost, 0.0)
            self._hold(row, cost)

    def _hold(self, row: str, cost: float) -> None:
        self._reserved[row] = cost
        self._held += cost

    def settle(self, row: str, cost: float | None, *, perhaps: bool = False) -> None:
        """A request ended and cost this; where nobody knows but ``perhaps`` it did, its bound."""
        reserved = self._reserved.pop(row, 0.0)
        # Nothing is left of rounding where nothing is reserved.
        self._held = self._held - reserved if self._reserved else 0.0
        self.spent += cost if cost is not None else reserved if perhaps else 0.0
