"""What requests will cost, told before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from submission.engines.account import Usage
from submission.engines.base import Request
from submission.engines.openai.budget import money
from submission.engines.openai.tokens import TokenCounter
from submission.recipes.openai import Prices

SAMPLED = 2000
"""Prompts that an estimate is made from."""


@dataclass(frozen=True)
class Estimate:
    """Prompts, their tokens (``exact``, or an estimate), and the most tokens of all answers.

    ``least`` and ``most`` bound the money: one token each to the last one; None without prices.
    ``batched`` is whether they are sent as batches, which the money is for.
    """

    prompts: int
    input_tokens: int
    exact: bool
    most_output: int
    least: float | None
    most: float | None
    currency: str
    batched: bool = False

    def __str__(self) -> str:
        tokens = f"{self.input_tokens:,} input tokens"
        if not self.exact:
            tokens = f"about {tokens} (an estimate)"
        cost = "cost unknown (set engine.openai.prices)"
        if self.least is not None and self.most is not None:
            about = "" if self.exact else "about "
            cost = f"{about}{self.least:.4f} to {self.most:.4f} {self.currency}"
        if self.batched:
            cost += " as a batch"
        return (
            f"{self.prompts:,} prompts: {tokens}, {self.prompts:,} to {self.most_output:,} output "
            f"tokens, {cost}"
        )


def estimate(
    requests: Sequence[Request],
    body: Callable[[Request], Mapping[str, Any]],
    counter: TokenCounter,
    max_tokens: int,
    prices: Prices | None,
    *,
    batched: bool = False,
) -> Estimate:
    """What the requests will cost, if each is answered at its first attempt.

    An estimate is made from :data:`SAMPLED` of them at most.
    """
    prompts = len(requests)
    sample = requests if counter.exact else requests[:: max(prompts // SAMPLED, 1)]
    counted = sum(counter.count(body(each)) for each in sample)
    tokens = round(counted * prompts / max(len(sample), 1))
    return Estimate(
        prompts=prompts,
        input_tokens=tokens,
        exact=counter.exact,
        most_output=prompts * max_tokens,
        least=money(prices, Usage(tokens, 0, prompts, 0)),
        most=money(prices, Usage(tokens, 0, prompts * max_tokens, 0)),
        currency=prices.currency if prices else "",
        batched=batched,
    )
