"""An index column without a name, as pandas writes it first."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from submission.cli import run
from submission.competitions import find_competition
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.holdout import Options, hold_out
from submission.records.read import read_questions, read_references, read_training
from tests.submission.contests import profile_of

DECLARED = """
name = "indexed"
title = "Indexed"
[test]
id = "id"
question = "q"
columns = ["", "id", "q"]
[train]
id = "id"
questions = ["q"]
answers = ["a"]
columns = [TRAIN"id", "q", "a"]
[submission]
id = "id"
answer = "a"
[score]
name = "em"
terms = [{ metric = "em" }]
"""


def indexed(folder: Path, train: str = '"", ') -> Profile:
    return profile_of(folder, DECLARED.replace("TRAIN", train))


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join([*lines, ""]), "utf-8")
    return path


TEST = [",id,q", "0,a,하나?", "1,b,둘?"]
TRAIN = [",id,q,a", *(f"{n},t{n},{chr(0xAC00 + 601 * n) * 6}?,답 {n}" for n in range(10))]


def test_the_declared_files_are_read(tmp_path: Path) -> None:
    profile = indexed(tmp_path)
    questions = read_questions(profile, written(tmp_path / "test.csv", TEST))
    assert [(each.id, each.text) for each in questions] == [("a", "하나?"), ("b", "둘?")]
    rows = read_training(profile, written(tmp_path / "train.csv", TRAIN))
    assert [row.id for row in rows] == [f"t{n}" for n in range(10)]
    references = read_references(profile, written(tmp_path / "references.csv", TRAIN))
    assert references[3].answers == ("답 3",)


def test_other_nameless_columns_are_refused(tmp_path: Path) -> None:
    profile = indexed(tmp_path, train="")
    with pytest.raises(InputError, match="column 1 has no name"):
        read_training(profile, written(tmp_path / "train.csv", TRAIN))
    with pytest.raises(InputError, match="column 2 has no name"):
        read_questions(profile, written(tmp_path / "test.csv", ["id,,q", "1,2,3"]))
    with pytest.raises(InputError, match="only the first of 'columns'"):
        indexed(tmp_path, train='"id", "", ')


@pytest.mark.parametrize("train", ['"", ', ""])
def test_hold_outs_have_the_columns_of_the_organizers_files(train: str, tmp_path: Path) -> None:
    profile = indexed(tmp_path, train)
    lines = TRAIN if train else [line.partition(",")[2] for line in TRAIN]
    source = written(tmp_path / "train.csv", lines)
    hold_out(profile, source, tmp_path / "out", Options())
    with (tmp_path / "out" / "test.csv").open(encoding="utf-8", newline="") as file:
        assert [row[:2] for row in csv.reader(file)] == [
            ["", "id"], ["0", "TEST_000"], ["1", "TEST_001"],
        ]  # fmt: skip
    assert len(read_training(profile, tmp_path / "out" / "train.csv")) == 8
    assert len(read_questions(profile, tmp_path / "out" / "test.csv")) == 2


def test_a_new_competition_declares_it_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    written(tmp_path / "test.csv", TEST)
    written(tmp_path / "train.csv", TRAIN)
    written(tmp_path / "sample.csv", [",id,a", "0,a,", "1,b,"])
    files = ["--test", "test.csv", "--train", "train.csv", "--sample", "sample.csv"]
    assert run(["competitions", "new", "mine", *files, "--yes"]) == 0
    profile = find_competition("./mine").profile
    assert (profile.test.id, profile.test.question) == ("id", "q")
    assert profile.test.columns == ["", "id", "q"]
    assert profile.train is not None
    assert (profile.train.id, profile.train.answers) == ("id", ["a"])
    assert run(["generate", "nearest", "-c", "./mine", "--test", "test.csv",
                "--train", "train.csv", "--run", "near"]) == 0  # fmt: skip
    submit = ["submit", "-c", "./mine", "--template", "sample.csv"]
    assert run([*submit, "--run", "near", "--out", "out.csv"]) == 0
    assert Path("out.csv").read_text("utf-8-sig").splitlines()[0] == ",id,a"
