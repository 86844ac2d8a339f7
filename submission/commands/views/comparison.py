"""What a comparison looks like, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators import Score, render, render_more
from evaluators.ranking.sensitivity import render as render_sensitivity
from submission.commands.views.reports import print_folds
from submission.compare import Comparison
from submission.compare.explanations import explanations
from submission.compare.serialize import to_plain
from submission.terminal.numbers import score, scored
from submission.terminal.output import show, tell
from submission.terminal.tables import print_table, show_table


def print_comparison(comparison: Comparison, *, groups: bool = False) -> None:
    """A leaderboard, as wide as the terminal, or as it needs where there is none."""
    ranked = [row for row in comparison.rows if row.kind != "known"]
    known = [row for row in comparison.rows if row.kind == "known"]
    show_table(render(ranked, baseline=comparison.baseline))
    more = render_more(ranked)
    if more is not None:
        show_table(more)
    if comparison.folds:
        print_folds(comparison.folds)
    if groups:
        _print_groups(comparison)
    for found in comparison.sensitivity:
        show(render_sensitivity(found))
    if known:
        tell("Known scores of the organizer's leaderboard, on the organizer's rows:")
    for row in known:
        tell(f"  {score(row.score)}  {row.name}  ({row.note}; {row.source})")
    tell(f"Score: {comparison.signature}")
    for note in explanations(comparison):
        if note.key != "note.folds":  # the table above says it
            tell(str(note), style="yellow" if note.key == "note.proxy" else None)


def comparison_json(comparison: Comparison, files: Sequence[Path]) -> dict[str, Any]:
    """A comparison for programs, and where it was written: the leaderboard first."""
    written = [str(path) for path in files]
    return {**to_plain(comparison), "file": written[0] if written else None, "files": written}


def _print_groups(comparison: Comparison) -> None:
    """The formula by group, a column for each system; further metrics are in the files."""
    runs = [each.subject.name for each in comparison.scored]
    table: dict[tuple[str, str], dict[str, Score]] = {}
    for each in comparison.breakdowns:
        for part in each.slices:
            found = table.setdefault((each.dimension.name, part.value), {})
            if (formula := part.scores[0]) is not None:
                found[each.run] = formula
    print_table(
        ["By", "Group", "Rows", *runs],
        (
            [
                dimension,
                group or "(empty)",
                str(max((each.n for each in scores.values()), default=0)),
                *(scored(scores[run].value if run in scores else None) for run in runs),
            ]
            for (dimension, group), scores in table.items()
        ),
        names=False,
    )
