"""The tables of the published study, with its columns and, for each method, its files.

``comet_mt_adapter.csv`` and ``mismatch_mt_adapter.csv`` are of the tuned models, whatever was
tuned; ``comet_mt_gemma.csv`` and ``mismatch_mt_gemma.csv`` of the model before, whose figures are
repeated beside every rank and size, as programs that plot the two against each other expect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from baselines.grid.scores import Finished
from baselines.study.groups import Group, groups
from baselines.study.results import StudyResults, TaskResults
from evaluators.miss_rate import COLUMNS, count_misses
from submission.files.digest import digest
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
    empty for full fine-tuning. Mismatches are counted over all ranks and seeds of a size. Where a
    study varies more than method, size and rank, each variant has a folder in its method's.
    """
    written = []
    folders: dict[Path, list[Group]] = {}
    for each in groups(results):
        if each.task.plan.comet is not None:
            folder = results.study.out / each.method
            if each.variant:
                folder /= _file_name(each.variant)
            folders.setdefault(folder, []).append(each)
    for folder, found in folders.items():
        for who in WHO:
            comet, misses = folder / f"comet_{who}.csv", folder / f"mismatch_{who}.csv"
            write_csv(comet, comet_columns(who), _comet(found, who), bom=False)
            write_csv(misses, COLUMNS, _misses(found, who), bom=False)
            written += [comet, misses]
    return written


def _file_name(labels: Sequence[str]) -> str:
    """The labels as a folder's name, another one for other labels."""
    name = ",".join(labels)
    plain = re.sub(r"[^\w=+,. -]", "_", name).lstrip(".")
    return plain if plain == name else f"{plain}-{digest([name])[:6]}"


def miss_rate(task: TaskResults, answered: Sequence[Finished]) -> float | None:
    """The share of answers in the wrong language; None where that is not asked."""
    if task.plan.comet is None or not answered:
        return None
    examples = [example for each in answered for example in each.scored.examples]
    return count_misses(examples, task.plan.name, 0).miss_rate


def _answered(group: Group, who: Who) -> Sequence[Finished]:
    return group.finished if who == "mt_adapter" else group.task.base


def _comet(found: Sequence[Group], who: Who) -> Iterator[list[Cell]]:
    for each in found:
        answered = _answered(each, who)
        rank: Cell = "" if each.rank is None else each.rank
        for index, score in enumerate(each.task.rows(answered).tolist() if answered else []):
            yield [rank, index, each.task.plan.name, each.size, score]


def _misses(found: Sequence[Group], who: Who) -> Iterator[list[Cell]]:
    together: dict[tuple[str, int], list[Finished]] = {}
    for each in found:
        place = together.setdefault((each.task.plan.name, each.size), [])
        if who == "mt_adapter":
            place += each.finished
        elif not place:
            place += each.task.base
    for (name, size), answered in together.items():
        examples = [example for one in answered for example in one.scored.examples]
        if examples:
            counted = count_misses(examples, name, size)
            yield [name, size, counted.total_entries, counted.mismatch_count, counted.miss_rate]
