"""Numbers for people: how many digits each kind has."""

from __future__ import annotations

from math import isnan

from evaluators.report.leaderboard import UNDEFINED


def score(value: float | None) -> str:
    """A score on its own scale, or nothing."""
    return "" if value is None else f"{value:.4f}"


def scored(value: float | None) -> str:
    """A score on its own scale; a dash where the rows have none."""
    return UNDEFINED if value is None else score(value)


def difference(value: float | None) -> str:
    """What was gained or lost, with its sign."""
    return "" if value is None else f"{value:+.4f}"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Two ends, with signs where they bound a difference; a dash for ends not defined (NaN)."""
    if low is None or high is None:
        return ""
    if isnan(low) or isnan(high):
        return UNDEFINED
    return f"{low:+.3f} … {high:+.3f}" if signed else f"{low:.3f} … {high:.3f}"


def money(amount: float, currency: str) -> str:
    """An amount of money, to a hundredth of a cent: single requests cost that."""
    return f"{amount:.4f} {currency}"


def seconds(value: float) -> str:
    """A length of time, without its unit."""
    return f"{value:.1f}"


def minute(moment: str) -> str:
    """A time of the ledger's (ISO 8601, UTC) to the minute."""
    return moment[:16].replace("T", " ")
