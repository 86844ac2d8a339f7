"""A local test set that is like the organizer's."""

from __future__ import annotations

import csv
import json
import os
import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from submission.cli import run
from submission.competitions import find_competition
from submission.errors import InputError
from submission.holdout import Options, hold_out
from submission.holdout.cells import Cell
from submission.holdout.closeness import compare_cells
from submission.holdout.match import match, spread_over
from submission.holdout.target import Target, read_target
from submission.prompts.compound import is_compound
from submission.records.read import read_questions, read_training

SAMPLE = Path(__file__).parents[3] / "data_sample" / "wallpaper"
PROFILE = find_competition("sample-wallpaper").profile
TRAIN, TEST = SAMPLE / "train.csv", SAMPLE / "test.csv"
REAL_DATA = os.environ.get("LEADERKIT_REAL_DATA")


def write_test(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([header, *rows])
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_sample_test_file_is_matched(tmp_path: Path) -> None:
    report = hold_out(PROFILE, TRAIN, tmp_path / "out", Options(), TEST)
    cells = [question.text for question in read_questions(PROFILE, tmp_path / "out" / "test.csv")]
    wanted = [question.text for question in read_questions(PROFILE, TEST)]
    assert sum(map(is_compound, wanted)) == 16
    assert sum(map(is_compound, cells)) / len(cells) == pytest.approx(16 / 36, abs=1 / len(cells))
    assert report.closeness is not None
    off = wasserstein_distance(*([len(text) for text in texts] for texts in (wanted, cells)))
    assert report.closeness.off == pytest.approx(off, abs=0.1)
    assert off < 3


def test_what_is_matched_is_nearer_than_what_is_drawn(tmp_path: Path) -> None:
    def distance(out: Path, like: Path | None) -> float:
        hold_out(PROFILE, TRAIN, out, Options(), like)
        lengths = [[len(each.text) for each in read_questions(PROFILE, path)]
                   for path in (TEST, out / "test.csv")]  # fmt: skip
        return float(wasserstein_distance(*lengths))

    assert distance(tmp_path / "matched", TEST) < distance(tmp_path / "drawn", None)


def test_the_same_files_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        hold_out(PROFILE, TRAIN, tmp_path / name, Options(seed=seed), TEST)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one")["test.csv"] != contents(tmp_path / "other")["test.csv"]


def test_no_answer_or_question_is_on_both_sides(tmp_path: Path) -> None:
    hold_out(PROFILE, TRAIN, tmp_path / "out", Options(share=0.3), TEST)
    story = json.loads((tmp_path / "out" / "holdout.json").read_text("utf-8"))
    held = {row_id for ids in story["test"].values() for row_id in ids}
    rows = {row.id: row for row in read_training(PROFILE, TRAIN)}
    left = read_training(PROFILE, tmp_path / "out" / "train.csv")
    assert held.isdisjoint(row.id for row in left)
    assert len(held) + len(left) == len(rows)
    known = {text for row in left for text in (*row.answers, *row.questions)}
    assert known.isdisjoint(text for each in held for text in rows[each].answers)
    assert known.isdisjoint(text for each in held for text in rows[each].questions)
    assert story["closest"]["similarity"] < 0.8
    assert story["match"]["file"] == "test.csv"


def test_categories_are_those_of_the_test_file_where_it_names_them(tmp_path: Path) -> None:
    category = PROFILE.train.category
    assert category is not None
    names = Counter(row.category for row in read_training(PROFILE, TRAIN)).most_common(2)
    (first, _), (second, _) = names
    given = [*[first] * 6, *[second] * 3, f"{first}+{second}"]
    rows = [[f"T{n}", "벽지가 들뜨는 이유는 무엇인가요?", name] for n, name in enumerate(given)]
    like = write_test(tmp_path / "named.csv", rows, ["id", "질문", category])
    report = hold_out(PROFILE, TRAIN, tmp_path / "out", Options(share=0.1), like)
    held = {each.category: each.held_out for each in report.categories if each.held_out}
    # Of 15 rows 7/11 and 4/11: a joined cell counts for both its categories.
    assert held == {first: 10, second: 5}
    got = {each.name: each.got for each in report.closeness.features}
    assert got[f"category {first}"] == pytest.approx(10 / 15, abs=1e-4)


def test_a_form_is_matched_by_the_length_of_what_it_asks(tmp_path: Path) -> None:
    profile = find_competition("dacon-236455").profile
    columns, category = profile.train.columns, profile.train.category
    assert category is not None
    rows = [[f"R{n:03}", *(f"{'가' * (n % 50 + 1)}{n}" for _ in columns[1:])] for n in range(100)]
    for row in rows:
        row[columns.index(category)] = "건축"
    train = write_test(tmp_path / "train.csv", rows, columns)
    named = [dict(zip(columns, row, strict=True)) for row in rows[30:50]]
    named = [{**row, profile.test.id: row[profile.train.id]} for row in named]
    tests = [[row[name] for name in profile.test.columns] for row in named]
    like = write_test(tmp_path / "real.csv", tests, profile.test.columns)
    report = hold_out(profile, train, tmp_path / "out", Options(similarity=0.99), like)
    assert report.counts.joined == 0
    assert report.closeness.off_share < 0.15


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        ([["T", "문?", "없는 것"]], ["id", "질문", "category"], "and train has 0, of which"),
        ([["T", "문" * 500]], ["id", "질문"], "its cells are 500 to 500 characters long"),
        ([["T", "짧?"]], ["id", "질문"], "its cells are 2 to 2 characters long"),
        ([], ["id", "질문"], "has a header but no rows"),
        ([["T", "문?"]], ["id", "문"], "missing"),
    ],
)
def test_what_cannot_be_matched_is_refused_and_nothing_written(
    rows: list[list[str]],
    header: list[str],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    like = write_test(tmp_path / "like.csv", rows, header)
    given = ["-c", "sample-wallpaper", "--train", str(TRAIN), "--match", str(like)]
    assert run(["holdout", *given, "--out", str(tmp_path / "out")]) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_more_of_a_category_than_there_is_is_refused(tmp_path: Path) -> None:
    rarest = Counter(row.category for row in read_training(PROFILE, TRAIN)).most_common()[-1][0]
    rows = [["T", "벽지가 들뜨는 이유는 무엇인가요?", rarest]]
    like = write_test(tmp_path / "like.csv", rows, ["id", "질문", "category"])
    with pytest.raises(InputError, match=rf"share of category '{rarest}' is 30 .* Lower --share"):
        hold_out(PROFILE, TRAIN, tmp_path / "out", Options(), like)


def test_match_and_joined_contradict_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["-c", "sample-wallpaper", "--train", str(TRAIN), "--match", str(TEST)]
    assert run(["holdout", *given, "--joined", "0.1", "--out", str(tmp_path / "out")]) == 2
    assert "--joined cannot be combined with --match" in capsys.readouterr().err


def test_the_table_stands_on_the_screen_and_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["-c", "sample-wallpaper", "--train", str(TRAIN), "--match", str(TEST)]
    assert run(["holdout", *given, "--out", str(tmp_path / "one")]) == 0
    assert "Like the test file" in capsys.readouterr().out
    assert run(["holdout", *given, "--out", str(tmp_path / "two"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["closeness"]
    assert found["features"][0]["name"] == "compound share"


@pytest.mark.parametrize(
    ("lengths", "count", "expected"),
    [([1, 2, 3, 4], 4, [1, 2, 3, 4]), ([1, 2, 3, 4], 2, [2, 4]), ([5], 3, [5, 5, 5]), ([], 0, [])],
)
def test_lengths_are_spread_over_as_many_cells_as_asked(
    lengths: list[int], count: int, expected: list[int]
) -> None:
    assert spread_over(lengths, count) == expected


def test_lengths_are_off_by_the_wasserstein_distance() -> None:
    target = Target("t", "", (10, 20, 30, 40), (), {})
    lengths = (10, 25, 28, 50, 60)
    cells = [Cell("가" * length, (place,)) for place, length in enumerate(lengths)]
    found = compare_cells(target, cells, [""] * 5, Fraction(0))
    expected = wasserstein_distance([10, 20, 30, 40], lengths)
    assert found.off == pytest.approx(expected, abs=0.01)
    assert found.off_share == pytest.approx(expected / 25, abs=0.001)


def test_a_cell_of_a_competition_that_never_joins_is_one_question(tmp_path: Path) -> None:
    rows = [["T", "하나인가요? 또한 둘인가요?"]]
    like = write_test(tmp_path / "like.csv", rows, ["id", "질문"])
    assert read_target(PROFILE, like, [], joins=True).joined == 1
    assert read_target(PROFILE, like, [], joins=False).joined == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.integers(2, 60)),
        min_size=4,
        max_size=30,
    ),
    st.lists(st.integers(4, 90), min_size=1, max_size=12),
    st.lists(st.integers(12, 120), max_size=12),
    st.integers(0, 5),
)
def test_groups_stay_whole_and_every_row_is_asked_once(
    made: list[tuple[int, str, int]], single: list[int], compound: list[int], seed: int
) -> None:
    groups: list[tuple[int, ...]] = []
    categories: list[str] = []
    phrasings: list[list[str]] = []
    for size, category, length in made:
        groups.append(tuple(range(len(categories), len(categories) + size)))
        categories += [category] * size
        phrasings += [["가" * length, "나" * (length + 1)]] * size
    target = Target("t", "", tuple(single), tuple(compound), {})
    rng = random.Random(seed)  # noqa: S311 -- a draw to repeat
    try:
        drawn, cells = match(phrasings, groups, categories, Fraction("0.3"), target, rng)
    except InputError:
        return
    rows = sorted(row for cell in cells for row in cell.rows)
    assert tuple(rows) == drawn.held_out
    held = set(rows)
    assert len(held) == len(rows)
    for group in groups:
        assert held.issuperset(group) or held.isdisjoint(group)
    for name in set(categories):
        assert any(categories[row] == name for row in range(len(categories)) if row not in held)
    for share in drawn.categories:
        assert share.held_out <= share.wanted


@pytest.mark.skipif(REAL_DATA is None, reason="LEADERKIT_REAL_DATA names no folder of real data")
def test_the_season_2_test_file(tmp_path: Path) -> None:
    folder = Path(REAL_DATA or "") / "dacon-236216"
    profile = find_competition("dacon-236216").profile
    report = hold_out(
        profile, folder / "train.csv", tmp_path / "out", Options(), folder / "test.csv"
    )
    features = {each.name: each for each in report.closeness.features}
    share = features["compound share"]
    assert share.target == pytest.approx(63 / 130, abs=1e-4)
    assert share.got == pytest.approx(share.target, abs=0.01)
    assert report.closeness.off < 2
    assert report.closest.similarity < 0.8
