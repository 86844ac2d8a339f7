"""``leaderkit record``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.numbers import minute
from submission.terminal.output import note, print_json, say, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.runs.rows import OrganizerScore


@click.command()
@click.argument("run", required=False)
@click.option("--public", type=float, help="The public score, on the organizer's scale.")
@click.option("--private", type=float, help="The private score, once it is known.")
@options.ledger()
@options.as_json()
def command(
    run: str | None, public: float | None, private: float | None, ledger: Path, as_json: bool
) -> None:
    """Record a run's score on the organizer's leaderboard; without a score, list the recorded ones.

    Recording again replaces the score. compare then fits public scores by local ones, and predicts
    the next.
    """
    from submission.compare.calibration import record

    given = public is not None or private is not None
    if given and run is None:
        raise click.UsageError("Name the run that was submitted.")
    with options.open_existing(ledger) as book:
        if given and run is not None:
            score, before = record(book, run, public, private)
            scale = _scale(score.competition)
            if scale > 1 and 0 < score.public <= 1:
                note(
                    f"'{score.competition}' has scores from 0 to {scale:g}, and "
                    f"{score.public:g} was recorded; record it again if that is a mistake."
                )
            if before is not None:
                say(f"Replaced: {_described(before)}.")
            if not as_json:
                tell(f"Recorded for '{run}': {_described(score)}.")
                return
        elif run is not None:
            book.run(run)  # says which runs there are, if this is none
        found = [each for each in book.organizer_scores() if run in (None, each.run)]
    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        _print(found)
    else:
        of = f" of '{run}'" if run else ""
        tell(f"No public score{of} is recorded: leaderkit record RUN --public SCORE.")


def _scale(competition: str) -> float:
    """What a perfect score is, 1 where the competition is a folder that only its user knows."""
    from submission.competitions import find_competition
    from submission.errors import InputError

    try:
        return find_competition(competition).profile.score.scale
    except InputError:
        return 1.0


def _described(score: OrganizerScore) -> str:
    private = "" if score.private is None else f", private {score.private:g}"
    return f"public {score.public:g}{private}"


def _print(found: list[OrganizerScore]) -> None:

    print_table(
        ["Run", "Competition", "Public", "Private", "Recorded (UTC)"],
        [
            (
                each.run,
                each.competition,
                f"{each.public:g}",
                "" if each.private is None else f"{each.private:g}",
                minute(each.recorded),
            )
            for each in found
        ],
    )
