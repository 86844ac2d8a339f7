"""What a comparison means, in a line each, in every language of the report."""

from __future__ import annotations

from collections.abc import Iterator

from evaluators import LinearFit
from evaluators.report.wording import Note
from submission.compare.comparison import Comparison
from submission.compare.stability import flips
from submission.terminal.numbers import scored

SHOWN_FLIPS = 5


def explanations(comparison: Comparison) -> list[Note]:
    """How to read the numbers, most important first."""
    return [
        *_proxy(comparison),
        *_tests(comparison),
        *_folds(comparison),
        *_public(comparison),
        *_agreement(comparison),
        *_calibration(comparison),
    ]


def _proxy(comparison: Comparison) -> Iterator[Note]:
    if comparison.proxy:
        yield Note("note.proxy", {"reason": comparison.proxy})


def _tests(comparison: Comparison) -> Iterator[Note]:
    tested = [row for row in comparison.rows if row.p_value is not None]
    if any(not each.answered for system in comparison.scored for each in system.examples):
        yield Note("note.skipped")
    if tested:
        yield Note("note.tests", {"baseline": comparison.baseline, "n": len(tested)})
        if tested[0].others:
            yield Note("note.untested")
    if any(row.detectable is not None for row in tested):
        yield Note("note.detectable")


def _folds(comparison: Comparison) -> Iterator[Note]:
    for each in comparison.folds:
        counted = [value for value in each.scores.values() if value is not None]
        yield Note(
            "note.folds",
            {
                "run": each.run,
                "mean": scored(each.mean),
                "deviation": scored(each.deviation),
                "n": len(counted),
                "scores": ", ".join(map(scored, each.scores.values())),
            },
        )


def _public(comparison: Comparison) -> Iterator[Note]:
    public = comparison.public
    if public is None:
        return
    found, share = flips(public), f"{public.share:.0%}"
    for flip in found[:SHOWN_FLIPS]:
        yield Note(
            "note.flip",
            {"one": flip.one, "other": flip.other, "rate": _percent(flip.rate), "share": share},
        )
    if len(found) > SHOWN_FLIPS:
        yield Note("note.more_flips", {"n": len(found) - SHOWN_FLIPS})
    if not found:
        yield Note("note.no_flips", {"share": share})
    else:
        yield Note(
            "note.winner",
            {"share": share, "rate": _percent(public.winner_kept), "draws": public.draws},
        )


def _percent(share: float) -> str:
    """Whole percents, but for what would read as never or always and is not."""
    return f"{share:.0%}" if share in (0, 1) or 0.01 <= share < 0.995 else f"{share:.1%}"


def _agreement(comparison: Comparison) -> Iterator[Note]:
    for each in comparison.agreement:
        filled: dict[str, str | float] = {
            "one": each.one,
            "other": each.other,
            "kendall": f"{each.kendall:+.2f}",
            "spearman": f"{each.spearman:+.2f}",
        }
        if each.over == "runs":
            filled["n"] = each.n
        yield Note(f"note.agreement_{each.over}", filled)


def _calibration(comparison: Comparison) -> Iterator[Note]:
    calibration = comparison.calibration
    if calibration.fit is not None:
        yield _line(calibration.fit)
        for name, expected in calibration.predictions.items():
            yield Note(
                "note.expected",
                {
                    "run": name,
                    "value": f"{expected.value:.4f}",
                    "low": f"{expected.low:.4f}",
                    "high": f"{expected.high:.4f}",
                },
            )
    yield from calibration.notes


def _line(fit: LinearFit) -> Note:
    return Note(
        "note.line",
        {
            "intercept": f"{fit.intercept:.4f}",
            "slope": f"{fit.slope:.3f}",
            "n": fit.n,
            "low": f"{fit.slope_low:.3f}",
            "high": f"{fit.slope_high:.3f}",
            "correlation": f"{fit.correlation:.2f}",
        },
    )
