"""What the threshold of usefulness does to the answers' score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evaluators import LeaderboardRow
from submission.compare.comparison import compare
from submission.competitions import Competition
from submission.errors import InputError
from submission.files.digest import digest
from submission.generation.generate import Job, generate
from submission.recipes import find_recipe
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references

KEY = "retrieval.docquest.threshold"


class Point(NamedTuple):
    """A threshold, the leaderboard's row of its run, and how many passages a prompt shows."""

    threshold: float
    row: LeaderboardRow
    passages: float


def sweep(
    recipe: str,
    overrides: Sequence[str],
    thresholds: Sequence[float],
    competition: Competition,
    test: Path,
    references: Path,
    book: Ledger,
    say: Callable[[str], None],
    encoder: str | None = None,
) -> list[Point]:
    """Answer and score with each threshold; the first one is what the others are tested against.

    Prompts that two thresholds share are answered once. Raises :class:`InputError` for a recipe
    without ``[retrieval.docquest]``.
    """
    runs = {}
    for threshold in thresholds:
        chosen = find_recipe(recipe, [*overrides, f"{KEY}={threshold}"])
        if chosen.retrieval is None or chosen.retrieval.docquest is None:
            raise InputError(
                f"recipe '{recipe}' has no [retrieval.docquest] whose threshold counts."
            )
        asked = digest([chosen.model_dump_json(), book.hash_file(test)])
        runs[threshold] = run = f"docquest-{chosen.name}-{threshold:g}-{asked[:8]}"
        job = Job(run=run, recipe=chosen, competition=competition, test=test, encoder=encoder)
        generate(job, book, say).require_whole()
    scorer = Scorer.of(competition, encoder)
    gold = load_references(competition.profile, references)
    names = list(runs.values())
    made = compare(competition, scorer, book, names[1:], names[0], gold)
    rows = {row.name: row for row in made.rows}
    return [Point(each, rows[run], _passages(book, run)) for each, run in runs.items()]


def _passages(book: Ledger, run: str) -> float:
    """How many passages a prompt of ``run`` shows, in the mean."""
    counts = [
        len(found["passages"])
        for part in book.parts(run, 0)
        if (found := book.evidence(run, part.position, part.part)) is not None
    ]
    return sum(counts) / max(len(counts), 1)


def plot(points: Sequence[Point]) -> Any:
    """Score by threshold with its 95 % interval, as a figure of matplotlib's."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    values = [each.row.score for each in points]
    below = [each.row.score - (each.row.low or 0.0) for each in points]
    above = [(each.row.high or 0.0) - each.row.score for each in points]
    axes.errorbar([each.threshold for each in points], values, yerr=[below, above], marker="o")
    axes.set_xlabel("threshold")
    axes.set_ylabel("score (95% interval)")
    return figure
