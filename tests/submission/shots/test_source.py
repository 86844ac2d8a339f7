"""Files of examples: none may hold what a local test set holds out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from submission.competitions import find_competition
from submission.errors import InputError
from submission.holdout.make import hold_out
from submission.holdout.options import Options
from submission.recipes.examples import Examples
from submission.records.read import read_questions
from submission.shots import Asked, Chooser, Source, load_source
from submission.tables import read_table, write_csv

TRAIN = Path("data_sample/wallpaper/train.csv")
PROFILE = find_competition("dacon-236216").profile
EXAMPLES = Examples(count=3)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("holdout") / "local"
    hold_out(PROFILE, TRAIN, folder, Options(seed=1))
    return folder


def load(folder: Path, train: Path) -> Source:
    test = folder / "test.csv"
    return load_source(EXAMPLES, PROFILE, train, test, read_questions(PROFILE, test))


def test_the_train_file_beside_a_local_test_set_gives_examples(local: Path) -> None:
    source = load(local, local / "train.csv")
    questions = read_questions(PROFILE, local / "test.csv")
    made_of = json.loads((local / "holdout.json").read_text("utf-8"))["test"]
    held = {row_id for ids in made_of.values() for row_id in ids}
    assert held.isdisjoint(row.id for row in source.rows)
    asked = [Asked(each.id, 0, each.text) for each in questions]
    assert all(len(shots) == 3 for shots in Chooser(EXAMPLES, source).choose(asked))


@pytest.mark.parametrize("changed", [False, True], ids=["whole", "another file of its rows"])
def test_held_out_rows_are_refused_whatever_file_they_stand_in(
    local: Path, tmp_path: Path, *, changed: bool
) -> None:
    made_of = json.loads((local / "holdout.json").read_text("utf-8"))["test"]
    held = {row_id for ids in made_of.values() for row_id in ids}
    train = TRAIN
    if changed:
        table = read_table(TRAIN)
        rows = [[f"X{n}", *list(each.values.values())[1:]] for n, each in enumerate(table.records)]
        train = tmp_path / "mine.csv"
        write_csv(train, table.columns, rows, bom=False)
    with pytest.raises(InputError, match=f"holds {len(held)} rows of the test set"):
        load(local, train)


def test_the_files_of_the_test_set_are_refused(local: Path) -> None:
    for name in ("test.csv", "references.csv"):
        with pytest.raises(InputError, match="is the test set itself"):
            load(local, local / name)


def test_a_story_that_names_no_held_out_rows_is_refused(local: Path, tmp_path: Path) -> None:
    folder = tmp_path / "local"
    shutil.copytree(local, folder)
    (folder / "holdout.json").write_text("{}", "utf-8")
    with pytest.raises(InputError, match="does not say which rows are held out"):
        load(folder, folder / "train.csv")


def test_rows_with_the_same_sentence_as_answer_are_one_group(tmp_path: Path) -> None:
    columns = ["id", "질문_1", "질문_2", "category", "답변_1"]
    cells = [
        ("T0", "벽지가 우는 까닭은?", "벽지는 왜 우나요?", "벽지", "물기로 늘어난 탓입니다."),
        ("T1", "도배한 면이 들뜬 이유", "들뜸의 원인", "벽지", "물기로, 늘어난 탓입니다"),
        *[(f"T{n}", f"물음 {n * 7919}", f"다른 {n * 104729}", "기타", f"{n * 31}쪽에 있습니다.")
          for n in range(2, 8)],
    ]  # fmt: skip
    train = tmp_path / "train.csv"
    write_csv(train, columns, cells, bom=False)
    source = load_source(EXAMPLES, PROFILE, train, Path("data_sample/wallpaper/test.csv"), [])
    (shots,) = Chooser(EXAMPLES, source).choose([Asked("Q", 0, "벽지는 왜 우나요?")])
    assert [shot.question for shot in shots] == [row.questions[0] for row in source.rows[2:5]]


def test_a_file_that_is_not_there_is_told_with_its_key(tmp_path: Path) -> None:
    examples = EXAMPLES.model_copy(update={"file": str(tmp_path / "none.csv")})
    with pytest.raises(InputError, match=r"^prompt\.examples\.file: .*none\.csv"):
        load_source(examples, PROFILE, None, tmp_path / "test.csv", [])
