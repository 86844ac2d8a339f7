"""The results of an ablation: every trial's scores, and the effect of each choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from baselines.grid.cells import Grid
from baselines.grid.inputs import Inputs
from baselines.grid.journal import Journal
from baselines.grid.scores import Finished, outcomes_of, score_trials
from evaluators.effects import Design, Effects, effects
from evaluators.report.wording import Note
from submission.errors import few
from submission.runs.ledger import Ledger
from submission.scoring.scored import Scored
from submission.scoring.scorer import Scorer


@dataclass(frozen=True)
class Results:
    """An ablation's results; ``effects`` is None where there are none to tell, as notes then say.

    ``failed`` maps a run's name to its error.
    """

    grid: Grid
    finished: Sequence[Finished]
    failed: Mapping[str, str]
    effects: Effects | None
    notes: Sequence[Note]
    scorer: Scorer
    inputs: Inputs


def collect(
    grid: Grid,
    inputs: Inputs,
    scorer: Scorer,
    ledger: Ledger,
    journal: Journal,
    failed: Mapping[str, str],
) -> Results:
    """Score every trial that did not fail, and estimate the effects from the cells there are."""
    finished, unscored = score_trials(grid, inputs, scorer, ledger, journal, failed)
    by_cell: dict[tuple[str, ...], list[Scored]] = {}
    for each in finished:
        by_cell.setdefault(each.trial.cell.labels, []).append(each.scored)
    found, why = _effects(grid, by_cell, scorer)
    return Results(
        grid=grid,
        finished=finished,
        failed={**failed, **unscored},
        effects=found,
        notes=[*_notes(grid, finished), *why, *_caveats(found)],
        scorer=scorer,
        inputs=inputs,
    )


def _effects(
    grid: Grid, by_cell: Mapping[tuple[str, ...], Sequence[Scored]], scorer: Scorer
) -> tuple[Effects | None, list[Note]]:
    if len(by_cell) < 2:
        return None, [Note("note.effects_few")]
    outcomes = outcomes_of(list(by_cell.values()), scorer)
    if outcomes is None:
        return None, [Note("note.effects_none", {"metric": scorer.cached_formula.name})]
    design = Design(grid.axes, tuple(by_cell))
    against, notes = _reference(grid, design)
    if len(by_cell) < len(grid.cells):
        counts = {"finished": len(by_cell), "cells": len(grid.cells)}
        notes.append(Note("note.effects_partial", counts))
    return effects(design, outcomes, against), notes


def _caveats(found: Effects | None) -> list[Note]:
    return [
        Note(f"note.effects_{each.kind}", {"term": each.term})
        for each in (found.caveats if found else [])
    ]


def _reference(grid: Grid, design: Design) -> tuple[tuple[str, ...], list[Note]]:
    """The baseline's levels, another in place of each that no finished cell has, and notes."""
    against, notes = [], []
    for axis, (name, label) in enumerate(zip(grid.axes, grid.baseline.labels, strict=True)):
        there = design.levels(axis)
        labels = dict.fromkeys(cell.labels[axis] for cell in grid.cells)
        gone = [each for each in labels if each not in there]
        if gone:
            filled = {"axis": name, "levels": few(gone)}
            notes.append(Note("note.effects_unfinished", filled))
        if label not in there:
            filled = {"axis": name, "level": there[0], "baseline": label}
            notes.append(Note("note.effects_reference", filled))
        against.append(label if label in there else there[0])
    return tuple(against), notes


def _notes(grid: Grid, finished: Sequence[Finished]) -> list[Note]:
    notes = []
    greedy = sum(1 for trial in grid.trials if trial.seed is None)
    if greedy and len(grid.seeds) > 1:
        notes.append(Note("note.effects_greedy", {"greedy": greedy, "cells": len(grid.cells)}))
    if any(each.cost.run.reused for each in finished):
        notes.append(Note("note.effects_reused"))
    return notes
