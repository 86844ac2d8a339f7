"""What a comparison looks like, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators import render, render_more
from evaluators.ranking.sensitivity import render as render_sensitivity
from submission.compare import Comparison
from submission.compare.explanations import explanations
from submission.compare.serialize import GroupLine, group_lines, to_plain
from submission.terminal.numbers import score
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
        tell(str(note), style="yellow" if note.key == "note.proxy" else None)


def comparison_json(comparison: Comparison, files: Sequence[Path]) -> dict[str, Any]:
    """A comparison for programs, and where it was written: the leaderboard first."""
    written = [str(path) for path in files]
    return {**to_plain(comparison), "file": written[0] if written else None, "files": written}


def _print_groups(comparison: Comparison) -> None:
    """The formula by group, a column for each system; further metrics are in the files."""
    runs = [each.subject.name for each in comparison.scored]
    table: dict[tuple[str, str], dict[str, GroupLine]] = {}
    for line in group_lines(comparison):
        if line.metric == comparison.main.metric:
            # A further metric may have the formula's own name; the formula comes first.
            table.setdefault((line.dimension, line.group), {}).setdefault(line.run, line)
    print_table(
        ["By", "Group", "Rows", *runs],
        (
            [
                dimension,
                group or "(empty)",
                str(max(line.n for line in lines.values())),
                *(score(lines[run].score) if run in lines else "" for run in runs),
            ]
            for (dimension, group), lines in table.items()
        ),
        names=False,
    )
