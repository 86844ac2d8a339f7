"""Numbers for people: how many digits each kind has."""

from __future__ import annotations


def score(value: float | None) -> str:
    """A score on its own scale, or nothing."""
    return "" if value is None else f"{value:.4f}"


def difference(value: float | None) -> str:
    """What was gained or lost, with its sign."""
    return "" if value is None else f"{value:+.4f}"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Two ends, with signs where they bound a difference."""
    if low is None or high is None:
        return ""
    return f"{low:+.3f} … {high:+.3f}" if signed else f"{low:.3f} … {high:.3f}"


def seconds(value: float) -> str:
    """A length of time, without its unit."""
    return f"{value:.1f}"


def minute(moment: str) -> str:
    """A time of the ledger's (ISO 8601, UTC) to the minute."""
    return moment[:16].replace("T", " ")
