"""Every trial's scores and costs."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from baselines.grid.cells import Grid, Trial
from baselines.grid.execute import FAILURES, reason_of
from baselines.grid.inputs import Inputs
from baselines.grid.journal import Journal, Taken
from baselines.grid.records import DIFFERENCE, SCORE, Record, tenth
from evaluators import Totals
from evaluators.base import finite, is_corpus_metric, is_summed_metric
from evaluators.effects import Difference, Outcomes, RowOutcomes, SummedOutcomes
from submission.runs.answers import degenerate_counts
from submission.runs.costs import RunCost, run_cost
from submission.runs.ledger import Ledger
from submission.scoring.scored import Scored, score_subject
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import run_subject


@dataclass(frozen=True)
class Cost:
    """What a trial took of time, tokens and money, and of memory."""

    run: RunCost
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
    degenerate: Mapping[str, int]
    cost: Cost

    def record(self) -> Record:
        """The columns ``SCORE``, ``DIFFERENCE`` and ``COST``, and the further metrics."""
        main, cost = self.scored.main, self.cost
        difference = self.difference[:3] if self.difference is not None else (None, None, None)
        score = (main.value, finite(main.low), finite(main.high), main.n)
        return {
            **dict(zip(SCORE, score, strict=True)),
            **self.metrics,
            **dict(zip(DIFFERENCE, map(finite, difference), strict=True)),
            "seconds": round(cost.run.seconds, 3),
            "prompts": cost.run.prompts,
            "reused_prompts": cost.run.reused,
            "prompt_tokens": cost.run.prompt_tokens,
            "completion_tokens": cost.run.completion_tokens,
            "peak_memory_mib": tenth(cost.memory.peak_memory_mib),
            "gpu_peak_memory_mib": tenth(cost.memory.gpu_peak_memory_mib),
        }


def score_trials(
    grid: Grid,
    inputs: Inputs,
    scorer: Scorer,
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
                run_subject(inputs.contest.competition.profile, ledger, trial.run),
                inputs.references,
                grid.file.metrics,
                ledger,
            )
        except FAILURES as error:
            unscored[trial.run] = reason_of(error)
    done = [trial for trial in grid.trials if trial.run in scored]
    base = [scored[trial.run] for trial in done if trial.cell is grid.baseline]
    finished = []
    for trial in done:
        found, difference = scored[trial.run], None
        if base and trial.cell is not grid.baseline:
            outcomes = outcomes_of([[found], base], scorer)
            difference = outcomes.test(np.array([1.0, -1.0])) if outcomes is not None else None
        further = found.further(len(grid.file.metrics))
        finished.append(
            Finished(
                trial=trial,
                scored=found,
                metrics={
                    spec: each.value for spec, each in zip(grid.file.metrics, further, strict=True)
                },
                difference=difference,
                degenerate=degenerate_counts(found.subject.answers),
                cost=_cost(trial.run, ledger, journal),
            )
        )
    return finished, unscored


def outcomes_of(cells: Sequence[Sequence[Scored]], scorer: Scorer) -> Outcomes | None:
    """The cells' scores on the organizer's scale, each averaged over its seeds.

    None where the score is neither a mean nor a sum over rows.
    """
    metric = scorer.cached_formula
    if is_summed_metric(metric):
        totals = [[Totals.of_metric(metric, each.examples) for each in cell] for cell in cells]
        return SummedOutcomes(totals, scale=scorer.scale)
    if is_corpus_metric(metric):
        return None
    return RowOutcomes(
        np.array([np.mean([each.main.rows for each in cell], axis=0) for cell in cells])
    )


def _cost(run: str, ledger: Ledger, journal: Journal) -> Cost:
    return Cost(run_cost(ledger, run), journal.taken(run))
