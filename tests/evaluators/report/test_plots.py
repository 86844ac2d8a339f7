"""Plots as files: what is drawn when, the same bytes each time, and Hangul as outlines."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread

from evaluators import LeaderboardRow
from evaluators.report.data import (
    CalibrationFit,
    CalibrationPoint,
    Effect,
    GroupScore,
    Report,
    ReportMetric,
    ReportRow,
    ReportRun,
)
from evaluators.report.plots import render_effects, render_plots

CATEGORIES = ("마감재", "시공", "하자")
NAMES = ("미세조정 $x_1$", "nearest", "상수")


def board(rank: int, name: str, score: float) -> LeaderboardRow:
    return LeaderboardRow(
        rank=rank, name=name, kind="run", score=score, low=score - 0.05, high=score + 0.05
    )


def a_report() -> Report:
    draw = np.random.default_rng(0)
    rows = [
        ReportRow(id=f"T{n}", question=f"질문 {n}", category=CATEGORIES[n % 3]) for n in range(60)
    ]
    runs = [
        ReportRun(
            name=name,
            answers=["가" * int(draw.integers(1, 90)) for _ in rows],
            scores=draw.beta(2 + place, 3, size=len(rows)),
        )
        for place, name in enumerate(NAMES)
    ]
    return Report(
        title="시험",
        competition="sample",
        metric=ReportMetric(name="cosine", signature="cosine|v:1"),
        baseline="nearest",
        leaderboard=[
            board(1, "미세조정 $x_1$", 0.55),
            board(2, "nearest", 0.5),
            replace(board(3, "상수", 0.4), proxy=True),
            LeaderboardRow(rank=None, name="1st", kind="known", score=0.8),
        ],
        rows=rows,
        runs=runs,
        groups=[
            GroupScore(dimension="category", group=group, run=run, score=place / 10 + n / 20, n=20)
            for place, group in enumerate(CATEGORIES)
            for n, run in enumerate(NAMES[: 3 if place else 2])
        ],
        calibration=[
            CalibrationPoint(run=name, local=0.3 + n / 10, public=0.4 + n / 11)
            for n, name in enumerate(NAMES)
        ],
        fit=CalibrationFit(
            slope=0.9, intercept=0.1, n=3, local=[0.3, 0.5], low=[0.3, 0.5], high=[0.4, 0.6],
            prediction_low=[0.2, 0.4], prediction_high=[0.5, 0.7],
        ),
        effects=[
            Effect(axis="프롬프트", level="짧게", effect=-0.01, low=-0.03, high=0.01),
            Effect(axis="프롬프트", level="길게", effect=0.01, low=-0.01, high=0.03),
            Effect(axis="model", level="lora", effect=0.05, low=0.03, high=0.07),
        ],
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> dict[str, bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return render_plots(a_report())


def test_every_plot_comes_as_svg_and_png(drawn: dict[str, bytes]) -> None:
    names = ("scores", "by-category", "lengths", "effects", "calibration")
    assert set(drawn) == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    for name, data in drawn.items():
        if name.endswith("svg"):
            assert ElementTree.fromstring(data).tag.endswith("svg")  # noqa: S314 -- our own file
        else:
            pixels = imread(io.BytesIO(data))
            assert pixels.std() > 0.01
            assert min(pixels.shape[:2]) > 200


def test_the_same_report_gives_the_same_bytes(drawn: dict[str, bytes]) -> None:
    assert render_plots(a_report()) == drawn


def test_text_is_outlines_so_that_no_font_has_to_be_there(drawn: dict[str, bytes]) -> None:
    svg = drawn["scores.svg"].decode()
    assert "<text" not in svg
    # matplotlib names a comment after each text that it draws.
    assert "미세조정 $x_1$" in re.sub(r"\s+", " ", svg)
    assert not re.search(r"https?://(?!www\.w3\.org|purl\.org|creativecommons\.org)", svg)


def test_numbers_that_are_not_there_are_not_drawn() -> None:
    bare = replace(
        a_report(),
        runs=(),
        rows=(),
        groups=(),
        calibration=(),
        fit=None,
        effects=(),
        leaderboard=(),
    )
    assert render_plots(bare) == {}
    assert render_effects(()) == {}


def test_points_without_a_line_are_drawn_alone() -> None:
    assert "calibration.svg" in render_plots(replace(a_report(), fit=None))


def test_effects_are_drawn_without_a_report() -> None:
    assert set(render_effects(a_report().effects)) == {"effects.svg", "effects.png"}


def test_the_readers_own_settings_stay() -> None:
    before = dict(mpl.rcParams)
    render_effects(a_report().effects)
    assert dict(mpl.rcParams) == before


def test_rows_without_scores_and_a_single_row_are_drawn() -> None:
    whole = a_report()
    one = ReportRun(name="one", answers=["가"] * 60, scores=np.full(60, np.nan))
    one.scores[3] = 0.5
    found = render_plots(replace(whole, runs=[one]))
    assert "lengths.svg" in found


def test_a_dimension_of_any_name_becomes_a_file_name() -> None:
    groups = [GroupScore(dimension="../유형 1", group="가", run="상수", score=0.5, n=3)]
    assert "by-유형-1.svg" in render_plots(replace(a_report(), groups=groups))
