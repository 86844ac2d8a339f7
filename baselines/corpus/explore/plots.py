"""The figures of an exploration, in the report's style."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from baselines.corpus.explore.explored import Exploration, Explored

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS: Final = 20
MOST_PANELS: Final = 9


class Drawing(NamedTuple):
    """A figure as SVG, with what it shows and how to read it."""

    title: str
    hint: str
    svg: bytes


def drawings(found: Exploration) -> Iterator[Drawing]:
    """Every figure that there is something for; the same exploration gives the same bytes."""
    from evaluators.report.plots.style import plot_style, svg

    both = len(found.corpora) == 2
    marks = " · the second corpus is dashed or below" if both else ""
    with plot_style():
        for title, hint, figure in (
            (
                "Lengths",
                "Share of the texts by characters (logarithmic)",
                _lengths(found),
            ),
            ("Categories", "Share of the records", _categories(found)),
            ("Commonest nouns", "Times in the sample, by Kiwi", _nouns(found)),
            ("Words that set categories apart", "z of the log-odds, first corpus", _apart(found)),
            ("Drift", "Jensen-Shannon divergence; the hollow mark is chance", _drift(found)),
        ):
            if figure is not None:
                shown = hint + (marks if title in ("Lengths", "Categories") else "")
                yield Drawing(title, shown, svg(figure))


def _colors() -> tuple[str, str]:
    from evaluators.report.plots.style import BLUE, VERMILION

    return BLUE, VERMILION


def _lengths(found: Exploration) -> Figure | None:
    names = list(dict.fromkeys(field.name for each in found.corpora for field in each.fields))
    if not names:
        return None
    from evaluators.report.plots.style import new_figure

    figure = new_figure(0.6 + 1.5 * len(names))
    grid = figure.subplots(len(names), 1, sharex=True, squeeze=False)
    for axes, name in zip(grid.flat, names, strict=True):
        for corpus, color, line in zip(found.corpora, _colors(), ("-", "--"), strict=False):
            _length_line(axes, corpus, name, color, line)
        axes.set_xscale("log")
        axes.set_title(name, fontsize=9, pad=4)
        axes.set_ylim(bottom=0)
        axes.grid(axis="both")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    grid.flat[-1].xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    grid.flat[-1].set_xlabel("characters")
    if len(found.corpora) == 2:
        handles, labels = _named(grid.flat)
        figure.legend(handles, labels, loc="outside upper right", frameon=False, ncols=2)
    return figure


def _named(panels: Iterable[Axes]) -> tuple[list[Artist], list[str]]:
    named: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        named.update(zip(labels, handles, strict=True))
    return list(named.values()), list(named)


def _length_line(axes: Axes, corpus: Explored, name: str, color: str, line: str) -> None:
    from baselines.corpus.explore.counts import bin_of
    from evaluators.report.plots.style import short

    field = next((each for each in corpus.fields if each.name == name), None)
    if field is None:
        return
    counts = {bin_of(low): count for low, count in field.lengths.histogram}
    numbers = range(min(counts), max(counts) + 1)
    axes.stairs(
        [counts.get(number, 0) / field.texts for number in numbers],
        [2 ** (number / 4) for number in (*numbers, numbers[-1] + 1)],
        color=color,
        linestyle=line,
        linewidth=1.4,
        fill=False,
        label=short(corpus.name),
    )
    axes.axvline(field.lengths.quantiles["50%"], color=color, linestyle=":", linewidth=0.9)


def _categories(found: Exploration) -> Figure | None:
    shares = [
        {each.name: each.records / corpus.records for each in corpus.categories if each.name}
        for corpus in found.corpora
    ]
    drawn = [(share, color) for share, color in zip(shares, _colors(), strict=False) if share]
    names = list(dict.fromkeys(name for each in shares for name in each))[:MOST_BARS]
    if not names:
        return None
    from evaluators.report.plots.style import list_names, new_figure

    figure = new_figure(0.8 + 0.32 * len(names))
    axes = figure.add_subplot()
    height = 0.7 / len(drawn)
    for number, (share, color) in enumerate(drawn):
        places = [place + (number - (len(drawn) - 1) / 2) * height for place in range(len(names))]
        axes.barh(places, [share.get(name, 0) for name in names], height=height, color=color)
    list_names(axes, names)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return figure


def _nouns(found: Exploration) -> Figure | None:
    from evaluators.report.plots.style import list_names, new_figure, short

    kept = [each for each in found.corpora if each.morphemes and each.morphemes.commonest]
    if not kept:
        return None
    most = max(len(each.morphemes.commonest) for each in kept if each.morphemes)
    figure = new_figure(0.8 + 0.22 * most)
    grid = figure.subplots(1, len(kept), squeeze=False)
    for axes, corpus, color in zip(grid.flat, kept, _colors(), strict=False):
        if corpus.morphemes is None:
            continue
        words, counts = zip(*corpus.morphemes.commonest, strict=True)
        axes.barh(range(len(words)), counts, height=0.65, color=color)
        list_names(axes, list(words))
        axes.set_title(short(corpus.name), fontsize=9, pad=4)
    return figure


def _apart(found: Exploration) -> Figure | None:
    from evaluators.report.plots.style import list_names, new_figure, short

    groups = [
        (category, list(words))
        for category, words in groupby(found.corpora[0].apart, key=lambda each: each.category)
    ][:MOST_PANELS]
    if not groups:
        return None
    columns = min(3, len(groups))
    lines = -(-len(groups) // columns)
    figure = new_figure(0.4 + 1.9 * lines)
    grid = figure.subplots(lines, columns, sharex=True, squeeze=False)
    for axes in grid.flat[len(groups) :]:
        axes.set_visible(False)
    for axes, (category, words) in zip(grid.flat, groups, strict=False):
        axes.barh(range(len(words)), [each.z for each in words], height=0.65, color=_colors()[0])
        list_names(axes, [each.word for each in words])
        axes.set_title(short(category), fontsize=9, pad=4)
        axes.tick_params(labelbottom=True)
    return figure


def _drift(found: Exploration) -> Figure | None:
    if not found.drift:
        return None
    from evaluators.report.plots.style import GREY, list_names, new_figure

    figure = new_figure(0.8 + 0.3 * len(found.drift))
    axes = figure.add_subplot()
    for place, each in enumerate(found.drift):
        axes.plot([0, each.divergence], [place, place], color=_colors()[0])
        axes.plot([each.divergence], [place], "o", color=_colors()[0], markersize=5.5)
        if each.by_chance is not None:
            axes.plot([each.by_chance], [place], "o", color=GREY, fillstyle="none", markersize=6)
    list_names(axes, [each.of for each in found.drift])
    axes.set_xlim(-0.02, 1.02)
    return figure
