"""What a run took: time, tokens and money."""

from __future__ import annotations

from dataclasses import dataclass

from submission.engines.account import Account
from submission.runs.ledger import Ledger


@dataclass(frozen=True)
class RunCost:
    """What a run took; ``reused`` of its prompts had been answered by an earlier run.

    No second counts those. Tokens are of the run's answers; what further attempts cost is in the
    ``account``, which is None where no server was asked.
    """

    seconds: float
    prompts: int
    reused: int
    prompt_tokens: int
    completion_tokens: int
    account: Account | None

    @property
    def money(self) -> tuple[float, str] | None:
        """What it cost, and the currency; None where that is not known, or in several."""
        account = self.account
        if account is None or account.unpriced or len(account.money) != 1:
            return None
        ((currency, amount),) = account.money.items()
        return amount, currency


def spent_on(ledger: Ledger, run: str) -> Account | None:
    """What a server has been asked for ``run``; None where none was."""
    account = ledger.account(run)
    return account if account.attempts else None


def run_cost(ledger: Ledger, run: str) -> RunCost:
    """What ``run`` took so far."""
    prompts, read, written = ledger.tokens(run)
    return RunCost(
        seconds=ledger.run(run).seconds,
        prompts=prompts,
        reused=ledger.taken_over(run),
        prompt_tokens=read,
        completion_tokens=written,
        account=spent_on(ledger, run),
    )
