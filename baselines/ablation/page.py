"""An ablation as a report: its runs compared, and the effect of each choice."""

from __future__ import annotations

from dataclasses import replace

from baselines.ablation.results import Results
from evaluators.report.data import Effect, Report
from submission.compare.report import build_report
from submission.runs.ledger import Ledger


def ablation_report(results: Results, ledger: Ledger) -> Report:
    """The comparison of all finished runs with the baseline's first, and the main effects.

    Without the baseline, the first finished run takes its place; there must be one.
    """
    runs = [each.trial for each in results.finished]
    base = next((trial for trial in runs if trial.cell is results.grid.baseline), runs[0])
    inputs, contest = results.inputs, results.inputs.contest
    comparison = inputs.compare(results.scorer, ledger, [trial.run for trial in runs], base.run)
    report = build_report(comparison, contest.competition, inputs.references.rows, ledger)
    return replace(
        report,
        effects=[
            Effect(
                axis=each.axis,
                level=each.level,
                effect=each.effect.value,
                low=each.effect.low,
                high=each.effect.high,
            )
            for each in (results.effects.main if results.effects else [])
        ],
        notes=[*report.notes, *results.notes],
    )
