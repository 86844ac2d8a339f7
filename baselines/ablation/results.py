"""What came of a grid: every trial's scores and costs, and what each choice is worth."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from baselines.grid.cells import Grid, Trial
from baselines.grid.execute import FAILURES, reason_of
from baselines.grid.journal import Journal, Taken
from evaluators import Totals
from evaluators.base import is_corpus_metric, is_summed_metric
from evaluators.effects import (
    Design,
    Difference,
    Effects,
    Outcomes,
    RowOutcomes,
    SummedOutcomes,
    effects,
)
from submission.records.rows import Reference
from submission.runs.answers import Degenerate, degenerate, run_answers
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scored, Scorer, score_subject
from submission.scoring.subjects import run_subject


@dataclass(frozen=True)
class Cost:
    """What a trial took.

    ``reused`` of its prompts had been answered by an earlier run, which no second of it counts.
    """

    seconds: float
    prompts: int
    reused: int
    prompt_tokens: int
    completion_tokens: int
    memory: Taken


@dataclass(frozen=True)
class Finished:
    """A trial that was generated and scored.

    ``metrics`` are the further ones that the grid names, in its order. ``difference`` is against
    the baseline cell, over whose seeds is averaged; the baseline's own trials have none.
    """

    trial: Trial
    scored: Scored
    metrics: Mapping[str, float]
    difference: Difference | None
    degenerate: Degenerate
    cost: Cost


@dataclass(frozen=True)
class Results:
    """An ablation's results; ``effects`` is None where there are none to tell, as notes then say.

    ``failed`` maps a run's name to its error.
    """

    grid: Grid
    finished: Sequence[Finished]
    failed: Mapping[str, str]
    effects: Effects | None
    notes: Sequence[str]
    scorer: Scorer
    references: Sequence[Reference]


def collect(
    grid: Grid,
    scorer: Scorer,
    references: Sequence[Reference],
    ledger: Ledger,
    journal: Journal,
    failed: Mapping[str, str],
) -> Results:
    """Score every trial that did not fail, and estimate the effects from the cells there are."""
    finished, unscored = score_trials(grid, scorer, references, ledger, journal, failed)
    by_cell: dict[tuple[str, ...], list[Scored]] = {}
    for each in finished:
        by_cell.setdefault(each.trial.cell.labels, []).append(each.scored)
    notes = _notes(grid, finished)
    found, why = _effects(grid, by_cell, scorer)
    return Results(
        grid=grid,
        finished=finished,
        failed={**failed, **unscored},
        effects=found,
        notes=[*notes, *why, *(found.notes if found else [])],
        scorer=scorer,
        references=references,
    )


def score_trials(
    grid: Grid,
    scorer: Scorer,
    references: Sequence[Reference],
    ledger: Ledger,
    journal: Journal,
    failed: Container[str],
) -> tuple[list[Finished], dict[str, str]]:
    """Every trial of the grid whose run is not among ``failed``, scored.

    Beside those, the runs that could not be scored, and why.
    """
    scored: dict[str, Scored] = {}
    unscored: dict[str, str] = {}
    for trial in grid.trials:
        if trial.run in failed:
            continue
        try:
            scored[trial.run] = score_subject(
                scorer,
                run_subject(ledger, trial.run),
                references,
                grid.file.metrics,
                ledger,
                grid.file.references,
            )
        except FAILURES as error:
            unscored[trial.run] = reason_of(error)
    base = [
        scored[trial.run]
        for trial in grid.trials
        if trial.cell is grid.baseline and trial.run in scored
    ]
    finished = [
        _finished(trial, scored[trial.run], base, grid, scorer, ledger, journal)
        for trial in grid.trials
        if trial.run in scored
    ]
    return finished, unscored


def _finished(
    trial: Trial,
    scored: Scored,
    base: Sequence[Scored],
    grid: Grid,
    scorer: Scorer,
    ledger: Ledger,
    journal: Journal,
) -> Finished:
    further = scored.scores[len(scored.scores) - len(grid.file.metrics) :]
    difference = None
    if base and trial.cell is not grid.baseline:
        outcomes = _outcomes([[scored], base], scorer)
        difference = outcomes.test(np.array([1.0, -1.0])) if outcomes is not None else None
    parts = [part.completion for part in ledger.parts(trial.run) if part.completion is not None]
    return Finished(
        trial=trial,
        scored=scored,
        metrics={spec: each.value for spec, each in zip(grid.file.metrics, further, strict=True)},
        difference=difference,
        degenerate=degenerate(run_answers(ledger, trial.run)),
        cost=Cost(
            seconds=ledger.run(trial.run).seconds,
            prompts=len(parts),
            reused=ledger.taken_over(trial.run),
            prompt_tokens=sum(part.prompt_tokens for part in parts),
            completion_tokens=sum(part.completion_tokens for part in parts),
            memory=journal.taken(trial.run),
        ),
    )


def _effects(
    grid: Grid, by_cell: Mapping[tuple[str, ...], Sequence[Scored]], scorer: Scorer
) -> tuple[Effects | None, list[str]]:
    if len(by_cell) < 2:
        return None, ["effects need two finished cells at least"]
    outcomes = _outcomes(list(by_cell.values()), scorer)
    if outcomes is None:
        name = scorer.remembering.name
        return None, [f"no effects and differences: {name} is neither a mean nor a sum over rows"]
    design = Design(grid.axes, tuple(by_cell))
    against, notes = _reference(grid, design)
    if len(by_cell) < len(grid.cells):
        notes.append(f"effects are over {len(by_cell)} of {len(grid.cells)} cells")
    return effects(design, outcomes, against), notes


def _reference(grid: Grid, design: Design) -> tuple[tuple[str, ...], list[str]]:
    """The baseline's levels, another in place of each that no finished cell has, and notes."""
    against, notes = [], []
    for axis, (name, label) in enumerate(zip(grid.axes, grid.baseline.labels, strict=True)):
        there = design.levels(axis)
        gone = [each for each in _labels(grid, axis) if each not in there]
        if gone:
            notes.append(f"{name}: no cell with {', '.join(gone)} finished, so it has no effect")
        if label not in there:
            notes.append(f"{name}: effects are against {there[0]}, not the baseline's {label}")
        against.append(label if label in there else there[0])
    return tuple(against), notes


def _labels(grid: Grid, axis: int) -> list[str]:
    return list(dict.fromkeys(cell.labels[axis] for cell in grid.cells))


def _outcomes(cells: Sequence[Sequence[Scored]], scorer: Scorer) -> Outcomes | None:
    """The cells' scores on the organizer's scale, each averaged over its seeds."""
    metric = scorer.remembering
    if is_summed_metric(metric):
        totals = [[Totals.of_metric(metric, each.examples) for each in cell] for cell in cells]
        return SummedOutcomes(totals, scale=scorer.scale)
    if is_corpus_metric(metric):
        return None
    return RowOutcomes(
        np.array([np.mean([each.main.rows for each in cell], axis=0) for cell in cells])
    )


def _notes(grid: Grid, finished: Sequence[Finished]) -> list[str]:
    notes = []
    greedy = sum(1 for trial in grid.trials if trial.seed is None)
    if greedy and len(grid.file.seeds) > 1:
        notes.append(
            f"{greedy} of {len(grid.cells)} cells decode greedily and ran once, whatever the seeds"
        )
    if any(each.cost.reused for each in finished):
        notes.append(
            "seconds count what a run computed itself; earlier runs answered its reused prompts"
        )
    return notes
