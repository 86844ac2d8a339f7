"""What a comparison means, in a line each."""

from __future__ import annotations

from collections.abc import Iterator

from evaluators import LinearFit
from submission.compare.comparison import Comparison
from submission.compare.stability import flips

SHOWN_FLIPS = 5


def explanations(comparison: Comparison) -> list[str]:
    """How to read the numbers, most important first."""
    return [
        *_proxy(comparison),
        *_tests(comparison),
        *_public(comparison),
        *_agreement(comparison),
        *_calibration(comparison),
    ]


def _proxy(comparison: Comparison) -> Iterator[str]:
    if comparison.proxy_reason:
        yield f"Proxy: {comparison.proxy_reason}."


def _tests(comparison: Comparison) -> Iterator[str]:
    tested = [row for row in comparison.rows if row.p_value is not None]
    if tested:
        yield (
            f"Differences are to {comparison.baseline}, row by row; 'p Holm' is p made stricter "
            f"for {len(tested)} comparison{'s' if len(tested) > 1 else ''}."
            f"{' Further metrics are not tested.' if tested[0].others else ''}"
        )
    if any(row.detectable is not None for row in tested):
        yield (
            "Detectable: the smallest true difference that these rows would show (p at most 0.05, "
            "one comparison) four times in five; a smaller one may go unseen."
        )


def _public(comparison: Comparison) -> Iterator[str]:
    public = comparison.public
    if public is None:
        return
    found = flips(public)
    for flip in found[:SHOWN_FLIPS]:
        yield (
            f"In {_percent(flip.rate)} of {public.share:.0%} draws the order of {flip.one} and "
            f"{flip.other} flips between public and private rows."
        )
    if len(found) > SHOWN_FLIPS:
        yield f"{len(found) - SHOWN_FLIPS} more pairs flip less often."
    if not found:
        yield f"In no {public.share:.0%} draw does the order of any two change."
    else:
        yield (
            f"The winner on {public.share:.0%} of the rows stays the winner in "
            f"{_percent(public.winner_kept)} of {public.draws} draws."
        )


def _percent(share: float) -> str:
    """Whole percents, but for what would read as never or always and is not."""
    return f"{share:.0%}" if share in (0, 1) or 0.01 <= share < 0.995 else f"{share:.1%}"


def _agreement(comparison: Comparison) -> Iterator[str]:
    for each in comparison.agreement:
        over = f"{each.n} runs" if each.over == "runs" else "rows, mean over runs"
        yield (
            f"{each.one} and {each.other} over {over}: Kendall {each.kendall:+.2f}, Spearman "
            f"{each.spearman:+.2f}."
        )


def _calibration(comparison: Comparison) -> Iterator[str]:
    calibration = comparison.calibration
    if calibration.fit is not None:
        yield _line(calibration.fit)
        for name, expected in calibration.predictions.items():
            yield (
                f"Expected public score of {name}: {expected.value:.4f}, 95 % prediction interval "
                f"{expected.low:.4f} … {expected.high:.4f}."
            )
    yield from calibration.notes


def _line(fit: LinearFit) -> str:
    return (
        f"Public = {fit.intercept:.4f} + {fit.slope:.3f} * local, by least squares over {fit.n} "
        f"runs; slope's 95 % interval {fit.slope_low:.3f} … {fit.slope_high:.3f}, "
        f"r = {fit.correlation:.2f}."
    )
