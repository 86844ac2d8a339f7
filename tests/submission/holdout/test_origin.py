"""Rows that were made from one another are held out together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from submission.competitions import find_competition
from submission.holdout import Options, hold_out, hold_out_folds
from tests.submission.holdout.test_holdout import HEADER, column, seeded, word, write_rows

PROFILE = find_competition("sample-wallpaper").profile


def train_file(path: Path, *, columns: tuple[str, str] = ("parent", "group")) -> Path:
    """Sixty rows that share no text: two children of each of ten, and ten groups of three."""
    rng = seeded(5)
    rows = []
    for number in range(60):
        family, place = divmod(number, 3)
        cells = dict.fromkeys(HEADER, "") | {
            "id": f"T{number:02}", "질문_1": f"{word(rng)}?", "category": "가",
            "답변_1": f"{word(rng)} {word(rng)}.",
        }  # fmt: skip
        parent = f"T{number - place:02}" if place and family < 10 else ""
        rows.append([*cells.values(), parent, f"f{family}" if family >= 10 else ""])
    return write_rows(path, [*HEADER, *columns], rows)


@pytest.mark.parametrize("seed", range(3))
def test_a_row_and_its_parent_stay_on_one_side(seed: int, tmp_path: Path) -> None:
    train, out = train_file(tmp_path / "train.csv"), tmp_path / "out"
    report = hold_out(PROFILE, train, out, Options(seed=seed, joined=0.0))
    assert (report.groups.total, report.groups.largest) == (20, 3)
    left = {int(row_id[1:]) // 3 for row_id in column(out / "train.csv")}
    held = set(range(20)) - left
    assert len(held) == 4
    assert len(column(out / "train.csv")) == 3 * len(left)


def test_so_they_do_in_folds(tmp_path: Path) -> None:
    train, out = train_file(tmp_path / "train.csv"), tmp_path / "out"
    hold_out_folds(PROFILE, train, out, Options(folds=4, joined=0.0), 4)
    for fold in range(1, 5):
        left = column(out / f"fold-{fold}" / "train.csv")
        assert len(left) == 3 * len({int(row_id[1:]) // 3 for row_id in left}) < 60


def test_a_column_of_that_name_alone_says_nothing(tmp_path: Path) -> None:
    train = train_file(tmp_path / "train.csv", columns=("memo", "group"))
    report = hold_out(PROFILE, train, tmp_path / "out", Options(joined=0.0))
    assert report.groups.total == 60
