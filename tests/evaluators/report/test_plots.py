"""The plots as files: which, the same every time, with Hangul, for any name."""

import io
import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from scipy import stats

from baselines.stand_ins.report import made_up_report
from evaluators import LeaderboardRow
from evaluators.base import Direction
from evaluators.report.data import Effect, Report, ReportMetric, ReportRun
from evaluators.report.fonts import FAMILY, FILE
from evaluators.report.length import LengthTrend, length_trend
from evaluators.report.plots import render_plots
from evaluators.report.plots.effects import draw_effects
from evaluators.report.plots.intervals import MOST, draw_intervals
from evaluators.report.plots.style import BLUE, GREY, VERMILION, plot_style, short

PLOTS = (
    "intervals",
    "by-category",
    "by-compound",
    "by-length",
    "length",
    "effects",
    "calibration",
    "reliability",
)
METRIC = ReportMetric(name="em", signature="em")


@pytest.fixture(scope="module")
def report() -> Report:
    return made_up_report(rows=40, runs=3)


@pytest.fixture(scope="module")
def rendered(report: Report) -> dict[str, bytes]:
    return render_plots(report)


def bare(**fields: Any) -> Report:
    return Report(
        title="t", competition="c", metric=METRIC, baseline="b",
        **{"leaderboard": [], **fields},
    )  # fmt: skip


def test_every_plot_comes_as_svg_and_png(rendered: dict[str, bytes]) -> None:
    assert set(rendered) == {f"{name}.{kind}" for name in PLOTS for kind in ("svg", "png")}
    for name, data in rendered.items():
        if name.endswith(".svg"):
            assert ElementTree.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
        else:
            assert data.startswith(b"\x89PNG")
            width, height = struct.unpack(">II", data[16:24])
            assert width == 1440
            assert height > 300


def test_the_same_report_gives_the_same_bytes_without_a_date(
    report: Report, rendered: dict[str, bytes]
) -> None:
    assert render_plots(report) == rendered
    for data in rendered.values():
        assert not re.search(rb"<dc:date>|tIME|Matplotlib v", data)


def test_matplotlibs_settings_are_left_as_they_were(report: Report) -> None:
    before = dict(mpl.rcParams)

    with plot_style():
        assert mpl.rcParams["font.family"] == [FAMILY, "DejaVu Sans"]

    assert dict(mpl.rcParams) == before


def test_plots_of_what_is_not_there_are_left_out() -> None:
    row = LeaderboardRow(rank=1, name="b", kind="run", score=0.5)

    assert render_plots(bare()) == {}
    assert set(render_plots(bare(leaderboard=[row]))) == {"intervals.svg", "intervals.png"}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name", ["뷁뛟 – 도배 $x_1$ & <b>", "\n\t\x00", "가" * 300, "--> ]]> 끝", "漢字 🎉"]
)
def test_any_name_can_be_drawn(name: str) -> None:
    row = LeaderboardRow(rank=1, name=name, kind="run", score=0.5, low=0.4, high=0.6)

    plots = render_plots(bare(leaderboard=[row]))

    ElementTree.fromstring(plots["intervals.svg"])  # noqa: S314


def test_the_font_holds_every_hangul_syllable_and_is_called_otherwise_than_its_origin() -> None:
    folder = files("evaluators.report.fonts")
    font = TTFont(io.BytesIO(folder.joinpath(FILE).read_bytes()))

    assert set(range(0xAC00, 0xD7A4)) <= set(font.getBestCmap())
    names = [font["name"].getDebugName(place) or "" for place in (1, 3, 4, 6)]
    assert not any("nanum" in name.lower() for name in names)
    assert "NAVER" in font["name"].getDebugName(0)
    assert "SIL OPEN FONT LICENSE" in folder.joinpath("OFL.txt").read_text("utf-8")


def test_long_names_keep_both_ends() -> None:
    assert short("짧은 이름") == "짧은 이름"
    shown = short("grid/lora,plain,split,retrieved,sampled@0")
    assert len(shown) == 32
    assert shown.startswith("grid/lora")
    assert shown.endswith("sampled@0")


def test_a_long_leaderboard_shows_its_best_and_says_so() -> None:
    rows = [LeaderboardRow(rank=n, name=f"r{n}", kind="run", score=1 - n / 200) for n in range(80)]

    with plot_style():
        (axes,) = draw_intervals(bare(leaderboard=rows)).axes

    assert [label.get_text() for label in axes.get_yticklabels()] == [f"r{n}" for n in range(MOST)]
    assert "80개 중 60개" in axes.get_xlabel()


@pytest.mark.parametrize(("direction", "helps"), [("higher", BLUE), ("lower", VERMILION)])
def test_only_effects_clear_of_zero_are_coloured(direction: Direction, helps: str) -> None:
    effects = [
        Effect(axis="a", level="up", effect=0.2, low=0.1, high=0.3),
        Effect(axis="a", level="none", effect=0.1, low=-0.1, high=0.3),
    ]

    with plot_style():
        (axes,) = draw_effects(effects, replace(METRIC, direction=direction), "en").axes

    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [point.get_color() for point in points] == [helps, GREY]


def trend_of(lengths: Sequence[int], scores: Sequence[float]) -> LengthTrend | None:
    return length_trend(
        ReportRun(name="r", answers=["가" * n for n in lengths], scores=np.asarray(scores))
    )


def test_the_trend_is_the_mean_of_equally_full_bins_with_the_normal_interval() -> None:
    lengths = [3, 1, 2, 5, 4, 10, 30, 20, 50, 40]
    scores = [0.1, 0.2, 0.4, 0.3, 0.5, 0.9, 0.7, 0.8, 0.6, 0.5]

    trend = trend_of(lengths, scores)

    assert trend.length.tolist() == [3, 30]
    assert trend.score == pytest.approx([0.3, 0.7])
    # scipy 1.17: the interval of the mean by the normal approximation.
    low, high = stats.norm.interval(0.95, loc=0.7, scale=stats.sem(scores[5:]))
    assert (trend.low[1], trend.high[1]) == pytest.approx((low, high))


def test_rows_without_a_score_are_left_out_of_the_trend() -> None:
    scores = [np.nan if n % 3 == 0 else n / 30 for n in range(30)]

    trend = trend_of(range(30), scores)

    assert np.isfinite(trend.score).all()
    assert trend.length.min() > 0


@pytest.mark.parametrize(
    ("lengths", "scores"),
    [([], []), (range(9), [0.5] * 9), ([7] * 40, [0.5] * 40), (range(20), [np.nan] * 20)],
    ids=["none", "few", "alike", "unscored"],
)
def test_there_is_no_trend_where_none_can_be_told(
    lengths: Sequence[int], scores: list[float]
) -> None:
    assert trend_of(lengths, scores) is None
