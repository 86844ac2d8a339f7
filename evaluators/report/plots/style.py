"""How every plot looks, and how it becomes files that are the same byte for byte.

Two hues of the palette of Okabe and Ito (2008, "Color Universal Design"), blue and vermilion, which
colour-blind readers tell apart and which differ in grey too, and cividis (Nuñez et al. 2018,
https://doi.org/10.1371/journal.pone.0199239) for scales. Nothing is told by colour alone.
"""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from evaluators.report.fonts import FAMILY, FILE
from evaluators.text.cells import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
INK: Final = "#1d1d1f"
GREY: Final = "#6e6e73"
FAINT: Final = "#d9d9dd"
SCALE: Final = "cividis"

WIDTH: Final = 7.2
"""Inches: what fits the text of an A4 page."""

_RESOLUTION: Final = 200
_LONGEST_NAME: Final = 32
_RULES: Final[dict[Any, Any]] = {
    "font.family": [FAMILY, "DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    # A name may hold a dollar sign.
    "text.parse_math": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelcolor": GREY,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.4,
    "figure.dpi": 100,
    "svg.fonttype": "path",
    "svg.hashsalt": "leaderkit",
}


@contextmanager
def plot_style() -> Iterator[None]:
    """Draw and save in here: matplotlib's own settings are as before afterwards."""
    _register_font()
    with mpl.rc_context(), warnings.catch_warnings():
        # A name may hold what no font has; it shows as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(_RULES)
        yield


def new_figure(height: float) -> Figure:
    """Return an empty figure of the common width and ``height`` inches."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def svg_and_png(figure: Figure) -> tuple[bytes, bytes]:
    """Return the figure as an SVG and a PNG file, without dates or versions."""
    png = io.BytesIO()
    drawn = svg(figure)
    figure.savefig(png, format="png", metadata={"Software": None}, dpi=_RESOLUTION)
    return drawn, png.getvalue()


def svg(figure: Figure) -> bytes:
    """Return the figure as an SVG file, without its date or a version."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None}, dpi=_RESOLUTION)
    return drawn.getvalue()


def short(name: str) -> str:
    """Return a name as it fits beside an axis; a long one loses its middle, as names of variants
    differ at their ends.
    """
    shown = one_line(name)
    if len(shown) <= _LONGEST_NAME:
        return shown
    start = _LONGEST_NAME // 3
    return f"{shown[:start]}…{shown[start + 1 - _LONGEST_NAME :]}"


def whiskers(
    axes: Axes, place: float, value: float, low: float | None, high: float | None, color: str
) -> None:
    """Draw a point and, where its ends are known, its interval, on the line ``place``."""
    if low is not None and high is not None:
        axes.plot([low, high], [place, place], color=color, solid_capstyle="butt", linewidth=1.8)
    axes.plot([value], [place], "o", color=color, markersize=5.5)


def list_names(axes: Axes, names: list[str]) -> None:
    """Name the lines of a plot from the top down, one unit apart."""
    axes.set_yticks(range(len(names)), [short(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


@cache
def _register_font() -> None:
    with as_file(files("evaluators.report.fonts").joinpath(FILE)) as path:
        fontManager.addfont(path)
