"""The tables that an ablation writes: its cells, main effects and interactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from baselines.ablation.results import Results
from baselines.grid.records import COST, DEGENERATE, DIFFERENCE, SCORE, Record, write_records
from baselines.grid.scores import Finished
from evaluators.effects import Interaction, MainEffect

TESTED = (*DIFFERENCE, "p_value", "p_adjusted")
EFFECT = ("effect", "low", "high")
MAIN = ("axis", "level", "mean")
INTERACTION = ("axis", "level", "other_axis", "other_level")


def cell_records(results: Results) -> list[Record]:
    """One record per trial, in the grid's order; a failed one has its error and no numbers."""
    finished = {each.trial.run: each for each in results.finished}
    seeds = Counter(each.trial.cell.labels for each in results.finished)
    return [
        {
            "run": trial.run,
            **dict(zip(results.grid.axes, trial.cell.labels, strict=True)),
            "seed": trial.seed,
            "seeds": seeds[trial.cell.labels],
            **(_figures(finished[trial.run]) if trial.run in finished else {}),
            "error": results.failed.get(trial.run),
        }
        for trial in results.grid.trials
    ]


def cell_columns(results: Results) -> list[str]:
    """The columns of the cells' table."""
    head, rest = ("run",), ("seed", "seeds", *SCORE)
    tail = (*DIFFERENCE, *DEGENERATE, *COST, "error")
    return [*head, *results.grid.axes, *rest, *results.grid.file.metrics, *tail]


def effect_records(results: Results) -> list[Record]:
    """One record per level of an axis."""
    return [_effect(each, MAIN) for each in results.effects.main] if results.effects else []


def interaction_records(results: Results) -> list[Record]:
    """One record per pair of levels of two axes."""
    found = results.effects.interactions if results.effects else []
    return [_effect(each, INTERACTION) for each in found]


def write_tables(results: Results) -> list[Path]:
    """``cells.csv``, ``effects.csv`` and ``interactions.csv``, each whole or not at all.

    Labels and errors that a spreadsheet would take for a formula have an apostrophe in front.
    """
    out = results.grid.file.out
    cells, effects, interactions = (
        out / f"{name}.csv" for name in ("cells", "effects", "interactions")
    )
    write_records(cells, cell_columns(results), cell_records(results))
    write_records(effects, (*MAIN, *EFFECT, *TESTED), effect_records(results))
    write_records(interactions, (*INTERACTION, *EFFECT, *TESTED), interaction_records(results))
    return [cells, effects, interactions]


def _figures(each: Finished) -> Record:
    return {
        **each.record(),
        **dict(zip(DEGENERATE, each.degenerate.values(), strict=True)),
    }


def _effect(effect: MainEffect | Interaction, about: Sequence[str]) -> Record:
    difference = effect.difference or [None] * len(TESTED)
    return {
        **{name: getattr(effect, name) for name in about},
        **dict(zip(EFFECT, effect.effect, strict=True)),
        **dict(zip(TESTED, difference, strict=True)),
    }
