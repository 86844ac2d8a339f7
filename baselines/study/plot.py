"""The study's plot, one for each task: the mean score against the size of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from baselines.study.groups import Group, groups
from baselines.study.results import Outcome, StudyResults, TaskResults
from submission.files.atomic import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TUNED, BEFORE = "#0072b2", "#d1242f"
"""As published: tuned models in solid blue, the model before in dashed red."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def write_plots(results: StudyResults) -> list[Path]:
    """Write ``plots/TASK.svg`` and ``.png`` for each task with a finished cell."""
    from evaluators.report.plots.style import plot_style, svg_and_png

    written = []
    found = groups(results)
    with plot_style():
        for task in results.tasks:
            mine = [each for each in found if each.task is task]
            if not mine:
                continue
            drawn = svg_and_png(_draw(task, _lines(mine)))
            for kind, data in zip(("svg", "png"), drawn, strict=True):
                path = results.study.out / "plots" / f"{task.plan.name}.{kind}"
                write_bytes(path, data)
                written.append(path)
    return written


def _lines(found: Sequence[Group]) -> dict[str, dict[int, float]]:
    """Mean score by size, for each line by what it is called."""
    lines: dict[str, dict[int, float]] = {}
    for each in sorted(found, key=lambda group: group.size):
        lines.setdefault(_name(each), {})[each.size] = each.task.value(each.finished)
    return {name: lines[name] for name in dict.fromkeys(map(_name, found))}


def _name(group: Group) -> str:
    method = {"full": "전체 미세조정(FFT)", "lora": "LoRA", "qlora": "QLoRA"}[group.method]
    rank = [] if group.rank is None else [f"rank {group.rank}"]
    return ", ".join([method, *rank, *group.variant])


def _draw(task: TaskResults, lines: dict[str, dict[int, float]]) -> Figure:
    from evaluators.report.plots.style import new_figure

    drawn = new_figure(4.4)
    axes = drawn.add_subplot()
    axes.grid(visible=True)
    sizes = sorted({size for line in lines.values() for size in line})
    for place, (name, line) in enumerate(lines.items()):
        axes.plot(
            list(line), list(line.values()), label=name, color=TUNED, linestyle="-", linewidth=1.6,
            marker=MARKERS[place % len(MARKERS)], markersize=7,
            markerfacecolor=TUNED if place < len(MARKERS) else "white",
        )  # fmt: skip
    if task.base:
        before = task.value(task.base)
        axes.plot(
            sizes, [before] * len(sizes), label="미세조정 전", color=BEFORE, linestyle="--",
            linewidth=1.6, marker="x", markersize=6,
        )  # fmt: skip
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.margins(x=0.08)
    axes.set_xlabel("학습 데이터 수")
    axes.set_ylabel(_measured(task))
    axes.set_title(task.plan.title)
    axes.legend(fontsize=9, loc="best")
    return drawn


def _measured(task: TaskResults) -> str:
    if task.plan.comet is not None:
        return "평균 COMET (언어 불일치 0점)"
    first: Sequence[Outcome] = [each for each in task.outcomes if each.finished]
    proxy = " · 비공식(근사)" if task.proxy else ""
    return f"{first[0].finished[0].scored.main.metric}{proxy}"
