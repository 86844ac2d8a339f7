"""One look for every plot, and files that are the same byte for byte from the same numbers."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's colours (2008), told apart by every kind of colour vision; not the yellow, which
vanishes on paper. What they tell apart, MARKERS tell apart too, for prints in grey."""
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
DASHES: Final = ("-", "--", "-.", ":")
INK, FAINT, GRID = "#1f2328", "#6e7781", "#d8dee4"
HEAT: Final = "cividis"
INCH: Final = 0.32
"""Height of a line in a list of names."""

_FONT: Final = "NanumSquareR.ttf"
_DPI: Final = 160


@contextmanager
def look() -> Iterator[None]:
    """Set fonts and lines for what is drawn and written within; Hangul is drawn everywhere."""
    import matplotlib as mpl
    from matplotlib import font_manager

    path = Path(str(resources.files("evaluators.report").joinpath("fonts", _FONT)))
    font_manager.fontManager.addfont(path)
    family = font_manager.FontProperties(fname=path).get_name()
    settings: Any = {
        "font.family": [family, "DejaVu Sans"],
        "font.size": 10,
        # The font lacks the sign; and names are text, whatever signs they hold.
        "axes.unicode_minus": False,
        "text.parse_math": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": FAINT,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.frameon": False,
        "figure.dpi": 100,
        "savefig.dpi": _DPI,
        # Outlines instead of characters: the file looks alike where the font is not installed.
        "svg.fonttype": "path",
        "svg.hashsalt": "leaderkit",
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # A sign that neither font has is drawn as a box, which is all that can be done.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure of this size in inches, and its axes."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained")
    return made, made.add_subplot()


def files(name: str, drawn: Figure) -> dict[str, bytes]:
    """Return the figure as ``NAME.svg`` and ``NAME.png``, without dates or program names."""
    nothing: dict[str, dict[str, None]] = {
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None},
    }
    found = {}
    for kind, metadata in nothing.items():
        buffer = io.BytesIO()
        drawn.savefig(buffer, format=kind, metadata=metadata)
        found[f"{name}.{kind}"] = buffer.getvalue()
    return found


def list_names(axes: Axes, names: Sequence[str]) -> None:
    """Write names down the left side, the first one on top."""
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")


def shortened(name: str, longest: int = 32) -> str:
    """Return a name short enough to stand beside a plot, on one line."""
    line = " ".join(name.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
