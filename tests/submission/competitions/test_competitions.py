"""Shipped competitions against what their organizers published, and folders of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from submission.competitions import (
    find_competition,
    known_scores,
    shipped_competitions,
)
from submission.errors import InputError
from tests.bad_input.world import COMPETITION

REAL = os.environ.get("LEADERKIT_REAL_DATA")
WITHOUT_TRAIN = {"dacon-236527", "upstage-science-ir"}
SAMPLES = Path(__file__).parents[3] / "data_sample"


@pytest.mark.parametrize("name", shipped_competitions())
def test_every_shipped_declaration_is_valid_and_complete(name: str) -> None:
    competition = find_competition(name)
    profile = competition.profile
    assert competition.name == name
    assert profile.train is not None or name in WITHOUT_TRAIN
    if profile.train is not None:
        assert set(profile.test.columns) - {profile.test.question} <= set(profile.train.columns)
    assert {"columns", "submission", "score"} <= set(profile.certainty)
    assert all(known.source and known.certainty for known in known_scores(competition))


@pytest.mark.parametrize(
    ("name", "columns", "first", "last", "bom", "encoder", "public"),
    [
        # The organizers' sample_submission.csv files and rules pages.
        ("dacon-236216", 513, "id", "vec_511", False, "distiluse-base-multilingual-cased-v1", 0.4),
        ("dacon-236455", 770, "ID", "vec_767", True, "jhgan/ko-sbert-sts", 0.5),
        ("dacon-236291", 2, "id", "answer", False, None, None),
    ],
)
def test_the_submission_is_the_organizers(
    name: str, columns: int, first: str, last: str, bom: bool, encoder: str, public: float
) -> None:
    profile = find_competition(name).profile
    written = profile.submission.header
    assert (len(written), written[0], written[-1]) == (columns, first, last)
    assert profile.submission.bom is bom
    assert (profile.encoder.name if profile.encoder else None) == encoder
    assert profile.public_share == public


def test_the_season_3_formula_and_rule() -> None:
    competition = find_competition("dacon-236455")
    score = competition.profile.score
    assert [(term.metric, term.weight) for term in score.terms] == [
        ("cosine", 0.7), ("jaccard", 0.3),
    ]  # fmt: skip
    assert "submitted text" in competition.rule("vectors-from-text").text
    assert competition.rule("other") is None
    # The constant that participants report at 0.5465.
    assert competition.profile.constant_answer.startswith("작업전 안전교육 강화 및 작업장 위험요소")


def test_known_scores_are_on_the_organizers_scale() -> None:
    season_2 = {known.name: known for known in known_scores(find_competition("dacon-236216"))}
    assert season_2["OPEN-SOLAR-KO-10.7B"].public == 0.768472
    assert season_2["OPEN-SOLAR-KO-10.7B"].private == 0.752784
    assert season_2["kogpt2, 1 epoch"].private is None
    news = known_scores(find_competition("dacon-236291"))
    assert all(known.public > 1 for known in news)


@pytest.mark.parametrize(
    ("name", "folder"), [("sample-wallpaper", "wallpaper"), ("dacon-236291", "news")]
)
def test_the_sample_files_have_the_declared_columns(name: str, folder: str) -> None:
    profile = find_competition(name).profile
    for file, columns in (
        ("test.csv", profile.test.columns),
        ("train.csv", profile.train.columns),
        ("sample_submission.csv", profile.submission.header),
    ):
        path = SAMPLES / folder / file
        assert list(pd.read_csv(path, encoding="utf-8-sig", nrows=1).columns) == columns


@pytest.mark.skipif(not REAL, reason="LEADERKIT_REAL_DATA names no folder of competition files")
def test_the_real_files_have_the_declared_columns() -> None:
    profile = find_competition("dacon-236216").profile
    for file, columns in (
        ("test.csv", profile.test.columns),
        ("train.csv", profile.train.columns),
        ("sample_submission.csv", profile.submission.header),
    ):
        path = Path(REAL or "") / "dacon-236216" / file
        assert list(pd.read_csv(path, encoding="utf-8-sig", nrows=1).columns) == columns
        assert path.read_bytes().startswith(b"\xef\xbb\xbf") is (file != "sample_submission.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "competition.toml").write_text(COMPETITION, encoding="utf-8")
    return tmp_path


def test_a_folder_is_found_by_path_and_by_its_file(folder: Path) -> None:
    for spec in (str(folder), f"{folder}/", str(folder / "competition.toml")):
        assert find_competition(spec).name == "shop"
    assert Path(find_competition(str(folder)).folder) == folder


def test_a_folder_without_known_scores_has_none(folder: Path) -> None:
    assert known_scores(find_competition(str(folder))) == []


def test_a_folder_in_the_working_directory_needs_no_slash(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert find_competition(folder.name).name == "shop"
    monkeypatch.chdir(folder)
    assert find_competition(".").name == "shop"


def test_a_shipped_name_wins_over_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dacon-236216").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_competition("dacon-236216").profile.submission.header[-1] == "vec_511"
    with pytest.raises(InputError, match=r"needs a competition\.toml"):
        find_competition("./dacon-236216")
