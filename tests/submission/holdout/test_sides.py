"""Which rows are held out: by a column, by time, and fold by fold."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from submission.cli import run
from submission.competitions import find_competition
from submission.errors import InputError
from submission.holdout import Options, hold_out, hold_out_folds
from submission.holdout.dates import read_dates
from submission.tables import read_table
from tests.submission.holdout.test_holdout import (
    HEADER,
    SAMPLES,
    WALLPAPER,
    column,
    contents,
    many_rows,
    seeded,
    word,
    write_rows,
)

PROFILE = find_competition("sample-wallpaper").profile
CHOICE = SAMPLES / "choice" / "train.csv"


def dated(path: Path, dates: list[str], planted: dict[int, str] | None = None) -> Path:
    rng = seeded(9)
    rows = []
    for number, date in enumerate(dates):
        answer = (planted or {}).get(number, f"{word(rng)} {word(rng)}.")
        cells = dict.fromkeys(HEADER, "") | {
            "id": f"T{number:02}", "질문_1": f"{word(rng)}?", "category": "가", "답변_1": answer,
        }  # fmt: skip
        rows.append([*cells.values(), date])
    return write_rows(path, [*HEADER, "날짜"], rows)


def days(count: int) -> list[str]:
    start = datetime(2024, 1, 1)  # noqa: DTZ001 -- a day
    return [(start + timedelta(days=n)).date().isoformat() for n in range(count)]


# --- by a column


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_a_group_stay_on_one_side(tmp_path: Path, seed: int) -> None:
    train = dated(tmp_path / "train.csv", [f"작성자 {n % 7}" if n % 10 else "" for n in range(60)])
    out = tmp_path / "out"
    options = Options(seed=seed, group_by="날짜", joined=0.0)
    report = hold_out(PROFILE, train, out, options)
    group_of = dict(zip(column(train), column(train, "날짜"), strict=True))
    left = {group_of[row_id] for row_id in column(out / "train.csv")} - {""}
    held = {group_of[row_id] for row_id in set(group_of) - set(column(out / "train.csv"))} - {""}
    assert not left & held
    assert report.groups.total == 7 + 6  # rows without a group are on their own


# --- by time


def test_the_latest_rows_are_held_out(tmp_path: Path) -> None:
    dates = days(20)
    seeded(1).shuffle(dates)
    train = dated(tmp_path / "train.csv", dates)
    hold_out(PROFILE, train, tmp_path / "out", Options(by_time="날짜", joined=0.0))
    date_of = dict(zip(column(train), column(train, "날짜"), strict=True))
    left = {date_of[row_id] for row_id in column(tmp_path / "out/train.csv")}
    assert sorted(left) == days(20)[:16]


def test_rows_of_one_date_stay_on_one_side(tmp_path: Path) -> None:
    dates = ["2024-01-01"] * 14 + ["2024-02-01"] * 6
    train = dated(tmp_path / "train.csv", dates)
    report = hold_out(PROFILE, train, tmp_path / "out", Options(by_time="날짜", joined=0.0))
    assert report.counts.held_out == 6
    assert report.warnings == ("6 rows held out, 4 wanted; rows of one date stay on one side.",)


def test_earlier_rows_that_belong_to_later_ones_go_with_them(tmp_path: Path) -> None:
    planted = {0: "같은 답변입니다.", 19: "같은 답변입니다."}
    train = dated(tmp_path / "train.csv", days(20), planted)
    report = hold_out(PROFILE, train, tmp_path / "out", Options(by_time="날짜", joined=0.0))
    left = set(column(tmp_path / "out/train.csv"))
    assert not {"T00", "T19"} & left
    assert "1 of the rows held out are from before 2024-01-18" in report.warnings[0]


def test_rows_of_one_date_alone_cannot_be_divided(tmp_path: Path) -> None:
    train = dated(tmp_path / "train.csv", ["2024-01-01"] * 10)
    with pytest.raises(InputError, match="all rows have the same latest date"):
        hold_out(PROFILE, train, tmp_path / "out", Options(by_time="날짜"))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-01-31", datetime(2024, 1, 31)),  # noqa: DTZ001
        ("20240131", datetime(2024, 1, 31)),  # noqa: DTZ001
        ("2024. 1. 31.", datetime(2024, 1, 31)),  # noqa: DTZ001
        ("2024.01.31 14:05", datetime(2024, 1, 31, 14, 5)),  # noqa: DTZ001
        ("2024/1/3", datetime(2024, 1, 3)),  # noqa: DTZ001
        ("2024년 1월 31일", datetime(2024, 1, 31)),  # noqa: DTZ001
        ("2024년 1월 31일(수) 오후 3시 20분", datetime(2024, 1, 31, 15, 20)),  # noqa: DTZ001
        ("2024년 3월", datetime(2024, 3, 1)),  # noqa: DTZ001
        ("2024-01-31 오전 12:10", datetime(2024, 1, 31, 0, 10)),  # noqa: DTZ001
    ],
)
def test_dates_are_read_as_they_are_written(tmp_path: Path, text: str, date: datetime) -> None:
    table = read_table(dated(tmp_path / "train.csv", [text]))
    assert read_dates(table, "날짜") == [date]


@pytest.mark.parametrize(
    "text", ["어제", "", "2024-13-01", "2024-02-30", "31/01/2024", "2024-1-1 25:00"]
)
def test_a_cell_that_is_no_date_is_named(tmp_path: Path, text: str) -> None:
    table = read_table(dated(tmp_path / "train.csv", ["2024-01-01", text]))
    with pytest.raises(InputError, match=r"row 3, column '날짜': .* is not a date such as"):
        read_dates(table, "날짜")


def test_dates_with_and_without_a_time_zone_are_refused(tmp_path: Path) -> None:
    dates = ["2024-01-01T09:00:00+09:00", "2024-01-01T00:00:00Z", "2024-01-02"]
    with pytest.raises(InputError, match="row 4, column '날짜': '2024-01-02' has no time zone"):
        read_dates(read_table(dated(tmp_path / "train.csv", dates)), "날짜")
    read = read_dates(read_table(dated(tmp_path / "two.csv", dates[:2])), "날짜")
    assert read[0] == read[1]


# --- folds


@pytest.mark.parametrize("folds", [2, 5])
def test_every_row_is_held_out_once(tmp_path: Path, folds: int) -> None:
    out = tmp_path / "out"
    hold_out_folds(PROFILE, WALLPAPER, out, Options(folds=folds), folds)
    everything, held = set(column(WALLPAPER)), Counter[str]()
    tested: list[tuple[str, str]] = []
    for number in range(1, folds + 1):
        place = out / f"fold-{number}"
        held.update(everything - set(column(place / "train.csv")))
        test = column(place / "test.csv")
        assert test == column(place / "references.csv") == column(place / "sample_submission.csv")
        made_of = json.loads((place / "holdout.json").read_text("utf-8"))["test"]
        assert {row for rows in made_of.values() for row in rows} == everything - set(
            column(place / "train.csv")
        )
        tested += [(test_id, str(number)) for test_id in test]
    assert held == Counter(everything)
    assert tested == list(
        zip(column(out / "folds.csv"), column(out / "folds.csv", "fold"), strict=True)
    )
    assert column(out / "references.csv") == [test_id for test_id, _ in tested]
    assert len(tested) == len({test_id for test_id, _ in tested})


def test_categories_and_labels_are_spread_over_the_folds(tmp_path: Path) -> None:
    profile = find_competition("sample-choice").profile
    report = hold_out_folds(profile, CHOICE, tmp_path / "out", Options(folds=5), 5)
    for fold in report.folds:
        assert all(abs(each.held_out - each.wanted) <= 1 for each in fold.categories)
        assert all(abs(each.held_out - each.rows / 5) <= 1 for each in fold.labels)
        assert fold.counts.held_out in (7, 8, 9)


def test_groups_stay_in_one_fold(tmp_path: Path) -> None:
    train = dated(tmp_path / "train.csv", [f"작성자 {n % 9}" for n in range(60)])
    options = Options(folds=3, group_by="날짜", joined=0.0)
    hold_out_folds(PROFILE, train, tmp_path / "out", options, 3)
    group_of = dict(zip(column(train), column(train, "날짜"), strict=True))
    seen = Counter[str]()
    for number in (1, 2, 3):
        left = column(tmp_path / f"out/fold-{number}/train.csv")
        seen.update({group_of[row_id] for row_id in set(group_of) - set(left)})
    assert set(seen.values()) == {1}


def test_a_large_group_makes_folds_uneven_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = {i: {"답변_1": "늘 같은 답변입니다."} for i in range(20)}
    train = many_rows(tmp_path / "train.csv", 30, planted)
    command = ["holdout", "-c", "sample-wallpaper", "--train", str(train), "--folds", "3"]
    assert run([*command, "--joined", "0", "--out", str(tmp_path / "out")]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "Folds hold 5 to 20 rows" in told
    assert "the largest group: 20" in told


def test_the_same_seed_gives_the_same_folds(tmp_path: Path) -> None:
    for name in ("one", "other"):
        hold_out_folds(PROFILE, WALLPAPER, tmp_path / name, Options(folds=3, seed=4), 3)
    for place in ("", "fold-1", "fold-3"):
        one, other = tmp_path / "one" / place, tmp_path / "other" / place
        for file in one.glob("*.*"):
            assert file.read_bytes() == (other / file.name).read_bytes()


def test_a_killed_command_leaves_all_folds_or_none(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable, "-m", "submission.cli", "holdout", "-c", "sample-wallpaper",
        "--train", str(WALLPAPER), "--out", str(out), "--folds", "5",
    ]  # fmt: skip
    for delay in (0.4, 0.8, 1.2, 1.6, 2.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if out.exists():
            break
    else:
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert {path.name for path in out.iterdir()} == {
        *(f"fold-{n}" for n in range(1, 6)), "folds.csv", "references.csv", "holdout.json",
    }  # fmt: skip
    assert contents(out / "fold-5").keys() == {
        "train.csv", "test.csv", "references.csv", "sample_submission.csv", "holdout.json",
    }  # fmt: skip
