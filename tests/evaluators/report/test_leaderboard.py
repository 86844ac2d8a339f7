from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from evaluators import LeaderboardRow, Score, render, render_more, to_frame
from evaluators.report.leaderboard import column_names
from evaluators.text.cells import neutralize, one_line

RUN = LeaderboardRow(
    rank=1,
    name="kogpt2",
    kind="run",
    score=0.66776,
    low=0.64,
    high=0.69,
    n=130,
    difference=0.0820,
    difference_low=0.05,
    difference_high=0.11,
    p_value=0.0003,
    wins=80,
    ties=10,
    losses=40,
    public_low=0.61,
    public_high=0.72,
    degenerate={"empty": 0, "cut_off": 2, "echoed": None},
    any_degenerate=2,
    proxy="another encoder",
)
KNOWN = LeaderboardRow(rank=None, name="OPEN-SOLAR", kind="known", score=0.752784, source="DACON")
COLUMNS = column_names(RUN.degenerate)


def shown(*rows: LeaderboardRow, **settings: str) -> str:
    out = io.StringIO()
    Console(file=out, width=250, color_system=None).print(render(rows, **settings))
    return out.getvalue()


def shown_more(*rows: LeaderboardRow) -> str:
    out = io.StringIO()
    Console(file=out, width=250, color_system=None).print(render_more(rows))
    return out.getvalue()


def test_the_frame_keeps_columns_order_and_types() -> None:
    frame = to_frame([RUN, KNOWN])
    assert tuple(frame.columns) == COLUMNS
    assert COLUMNS[:4] == ("rank", "name", "kind", "score")
    assert str(frame["wins"].dtype) == "Int64"
    assert str(frame["score"].dtype) == "float64"
    assert frame["rank"].isna().tolist() == [False, True]
    assert frame["low"].isna().tolist() == [False, True]


def test_degenerate_answers_have_a_column_for_each_kind_and_one_for_their_number() -> None:
    frame = to_frame([KNOWN, RUN])
    columns = ["empty", "cut_off", "echoed", "degenerate"]
    place = list(frame.columns).index("empty")
    assert list(frame.columns)[place : place + 4] == columns
    assert frame.loc[1, columns].tolist() == [0, 2, pd.NA, 2]
    assert frame.loc[0, columns].isna().all()
    assert {str(frame[column].dtype) for column in columns} == {"Int64"}


def test_a_csv_leaves_out_what_does_not_apply_and_keeps_whole_numbers_whole() -> None:
    lines = to_frame([RUN, KNOWN]).to_csv(index=False).splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1].startswith("1,kogpt2,run,0.66776,0.64,0.69,130,")
    assert ",80,10,40," in lines[1]
    assert lines[2].startswith(",OPEN-SOLAR,known,0.752784,,,,")


def test_no_rows_give_an_empty_frame_with_all_columns() -> None:
    assert tuple(to_frame([]).columns) == column_names([])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_text_that_a_spreadsheet_would_run_is_made_plain(start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    row = LeaderboardRow(rank=1, name=text, kind="file", score=-0.5, note=text, source=text)
    frame = to_frame([row])
    assert frame.loc[0, ["name", "note", "source"]].tolist() == [f"'{text}"] * 3
    assert frame.loc[0, "score"] == -0.5
    assert neutralize("plain = text") == "plain = text"


def test_the_table_shows_intervals_and_the_difference_with_its_sign() -> None:
    text = shown(RUN, KNOWN, title="dacon-236216", baseline="constant")
    for part in (
        "dacon-236216",
        "0.6678",
        "0.640 … 0.690",
        "vs constant",
        "+0.0820",
        "+0.050 … +0.110",
        "80/10/40",
        "proxy",
        "0.7528",
        "DACON",
    ):
        assert part in text


def test_a_second_table_has_public_scores_and_further_metrics() -> None:
    chrf = Score("chrf", 0.31, 0.3, 0.32, 130, "higher", "chrf|v:1", "a stand-in", np.zeros(130))
    row = replace(RUN, public=0.7, expected=0.71, expected_low=0.6, expected_high=0.82)
    text = shown_more(replace(row, others={"chrf": chrf}, any_degenerate=3))
    for part in ("kogpt2", "0.610 … 0.720", "0.7000 / -", "0.600 … 0.820", "3", "0.3100 proxy"):
        assert part in text
    assert render_more([KNOWN]) is None


def test_further_metrics_are_columns_of_the_frame() -> None:
    chrf = Score("chrf", 0.31, 0.3, 0.32, 130, "higher", "chrf|v:1", "a stand-in", np.zeros(130))
    frame = to_frame([replace(RUN, others={"chrf": chrf}), KNOWN])
    added = ["chrf", "chrf_low", "chrf_high", "chrf_n", "chrf_proxy", "chrf_signature"]
    assert list(frame.columns) == [*COLUMNS, *added]
    assert frame.loc[0, added].tolist() == [0.31, 0.3, 0.32, 130, True, "chrf|v:1"]
    assert frame.loc[1, added].isna().all()


def test_columns_that_nobody_fills_are_left_out() -> None:
    text = shown(KNOWN)
    assert "win/" not in text
    assert "95%" not in text
    assert "source" in text


def test_names_cannot_style_or_drive_the_terminal() -> None:
    text = shown(LeaderboardRow(rank=1, name="[red]a[/red]\x1b[2Jb\nc", kind="file", score=1.0))
    assert "[red]a[/red]" in text
    assert "\x1b" not in text
    assert one_line(" a\nb\x07 ") == "a b\\x07"


def test_an_empty_leaderboard_is_still_a_table() -> None:
    assert render([]).row_count == 0
