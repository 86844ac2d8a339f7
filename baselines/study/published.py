"""The tables of the published study, with its columns and, for each method, its files.

``comet_mt_adapter.csv`` and ``mismatch_mt_adapter.csv`` are of the tuned models, whatever was
tuned; ``comet_mt_gemma.csv`` and ``mismatch_mt_gemma.csv`` of the model before, whose figures are
repeated beside every rank and size, as programs that plot the two against each other expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from baselines.ablation.results import Finished
from baselines.study.results import Outcome, StudyResults, TaskResults
from evaluators.miss_rate import COLUMNS, count_misses
from submission.tables import write_csv
from submission.tables.write import Cell

Who = Literal["mt_adapter", "mt_gemma"]
WHO: tuple[Who, ...] = ("mt_adapter", "mt_gemma")


def comet_columns(who: Who) -> list[str]:
    """The columns of a table of COMET scores."""
    return ["Rank", "File_Index", "Translation_Type", "Dataset_Size", f"Comet_Score_{who}"]


def write_published(results: StudyResults) -> list[Path]:
    """Write four tables into a folder for each method; nothing without a finished translation.

    ``File_Index`` is the test row's place, from 0, and the score the mean over seeds. ``Rank`` is
    empty for full fine-tuning. Mismatches are counted over all ranks and seeds of a size.
    """
    written = []
    methods = {
        each.tuned.method: None
        for task in results.tasks
        for each in task.outcomes
        if task.plan.comet is not None and each.finished
    }
    for method in methods:
        folder = results.study.out / method
        for who in WHO:
            comet, misses = folder / f"comet_{who}.csv", folder / f"mismatch_{who}.csv"
            write_csv(comet, comet_columns(who), _comet(results, method, who), bom=False)
            write_csv(misses, COLUMNS, _misses(results, method, who), bom=False)
            written += [comet, misses]
    return written


def miss_rate(task: TaskResults, answered: Sequence[Finished]) -> float | None:
    """The share of answers in the wrong language; None where that is not asked."""
    if task.plan.comet is None or not answered:
        return None
    examples = [example for each in answered for example in each.scored.examples]
    return count_misses(examples, task.plan.name, 0).miss_rate


def _of_method(results: StudyResults, method: str) -> Iterator[tuple[TaskResults, Outcome]]:
    for task in results.tasks:
        for each in task.outcomes:
            if task.plan.comet is not None and each.tuned.method == method and each.finished:
                yield task, each


def _answered(task: TaskResults, outcome: Outcome, who: Who) -> Sequence[Finished]:
    return outcome.finished if who == "mt_adapter" else task.base


def _comet(results: StudyResults, method: str, who: Who) -> Iterator[list[Cell]]:
    for task, each in _of_method(results, method):
        answered = _answered(task, each, who)
        rank: Cell = "" if each.tuned.rank is None else each.tuned.rank
        for index, score in enumerate(task.rows(answered).tolist() if answered else []):
            yield [rank, index, task.plan.name, each.tuned.size, score]


def _misses(results: StudyResults, method: str, who: Who) -> Iterator[list[Cell]]:
    together: dict[tuple[str, int], list[Finished]] = {}
    for task, each in _of_method(results, method):
        place = together.setdefault((task.plan.name, each.tuned.size), [])
        if who == "mt_adapter":
            place += each.finished
        elif not place:
            place += task.base
    for (name, size), answered in together.items():
        examples = [example for each in answered for example in each.scored.examples]
        if examples:
            found = count_misses(examples, name, size)
            yield [name, size, found.total_entries, found.mismatch_count, found.miss_rate]
