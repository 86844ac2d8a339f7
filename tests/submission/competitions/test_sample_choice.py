"""The sample of multiple-choice and short-answer questions, and the competition over it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from evaluators.text.choices import choice
from evaluators.text.options import listed_options
from submission.cli import run
from submission.competitions import find_competition
from submission.prompts.compound import is_compound
from submission.records.read import read_questions, read_references, read_training
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import file_subject

SAMPLE = Path(__file__).parents[3] / "data_sample/choice"
CHOICE = find_competition("sample-choice")
CATEGORIES = {"금융", "문화", "언어", "생활안전"}
BOM = b"\xef\xbb\xbf"


def table(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def answered() -> list[dict[str, str]]:
    """Every question with its gold, of both files."""
    asked = {each["id"]: each["Question"] for each in table("test.csv")}
    held = [each | {"Question": asked[each["id"]]} for each in table("references.csv")]
    return table("train.csv") + held


def predictions(path: Path, answers: dict[str, str]) -> Path:
    pd.DataFrame({"id": answers.keys(), "Answer": answers.values()}).to_csv(path, index=False)
    return path


def score(path: Path) -> float:
    references = read_references(CHOICE.profile, SAMPLE / "references.csv")
    subject = file_subject(CHOICE.profile, path, None)
    scorer = Scorer.of(CHOICE)
    return scorer.score(scorer.examples(subject.predictions, references, subject.name)).value


def test_the_files_have_the_declared_columns_and_the_same_ids() -> None:
    profile = CHOICE.profile
    for name, columns in (
        ("test.csv", profile.test.columns),
        ("train.csv", profile.train.columns if profile.train else []),
        ("sample_submission.csv", profile.submission.header),
    ):
        assert list(table(name)[0]) == columns
    ids = [[each["id"] for each in table(name)] for name in (
        "test.csv", "references.csv", "sample_submission.csv",
    )]  # fmt: skip
    assert ids[0] == ids[1] == ids[2]
    assert (len(table("train.csv")), len(ids[0])) == (40, 20)


@pytest.mark.parametrize("name", ["train.csv", "test.csv"])
def test_the_organizers_files_have_a_bom_and_lf(name: str) -> None:
    content = (SAMPLE / name).read_bytes()
    assert content.startswith(BOM)
    assert b"\r" not in content


def test_pandas_and_leaderkit_read_the_same_multi_line_cells() -> None:
    cells = pd.read_csv(SAMPLE / "test.csv", encoding="utf-8-sig")["Question"].tolist()
    assert [each.text for each in read_questions(CHOICE.profile, SAMPLE / "test.csv")] == cells
    assert sum("\n" in cell for cell in cells) >= 13


def test_both_files_are_drawn_alike_from_every_type_and_category() -> None:
    train = Counter((each["question_type"], each["category"]) for each in table("train.csv"))
    test = Counter((each["question_type"], each["category"]) for each in table("references.csv"))
    assert (
        set(train)
        == set(test)
        == {(kind, category) for kind in ("선다형", "단답형") for category in CATEGORIES}
    )
    for kind, total in (("선다형", 10), ("단답형", 5)):
        for category in CATEGORIES:
            assert train[kind, category] + test[kind, category] == total
            assert 0 <= test[kind, category] - total // 5 <= 2


def test_no_question_is_asked_twice() -> None:
    asked = [each["Question"] for each in answered()]
    assert len(set(asked)) == len(asked) == 60


def test_no_question_is_taken_for_two() -> None:
    assert not [each["Question"] for each in answered() if is_compound(each["Question"])]


def test_the_type_can_be_read_from_the_cell() -> None:
    for each in answered():
        count = len(listed_options(each["Question"]))
        assert count in ({4, 5} if each["question_type"] == "선다형" else {0})


def test_a_multiple_choice_gold_is_the_number_of_one_of_different_options() -> None:
    for each in answered():
        if each["question_type"] == "선다형":
            count = len(listed_options(each["Question"]))
            lines = each["Question"].splitlines()[-count:]
            assert len({line.split(" ", 1)[1] for line in lines}) == count
            assert [line.split(" ", 1)[0] for line in lines] == [
                str(number) for number in range(1, count + 1)
            ]
            assert 1 <= int(each["Answer"]) <= count
            assert choice(each["Answer"], lines) == each["Answer"]


def test_short_golds_have_different_alternatives_without_stray_spaces() -> None:
    golds = [each["Answer"] for each in answered() if each["question_type"] == "단답형"]
    assert any("#" in gold for gold in golds)
    for gold in golds:
        parts = gold.split("#")
        assert all(part and part == part.strip() for part in parts)
        assert len(set(parts)) == len(parts)


def test_leaderkit_reads_types_and_categories() -> None:
    rows = read_training(CHOICE.profile, SAMPLE / "train.csv")
    assert {row.row["question_type"] for row in rows} == {"선다형", "단답형"}
    assert {row.category for row in rows} == CATEGORIES
    references = read_references(CHOICE.profile, SAMPLE / "references.csv")
    assert Counter(each.category for each in references) == dict.fromkeys(CATEGORIES, 5)


def test_any_alternative_of_every_gold_scores_one_and_the_gold_cell_itself_does_not(
    tmp_path: Path,
) -> None:
    golds = {each["id"]: each["Answer"] for each in table("references.csv")}
    for place in (0, -1):
        right = {row_id: gold.split("#")[place] for row_id, gold in golds.items()}
        assert score(predictions(tmp_path / "right.csv", right)) == 1.0
    split = sum("#" in gold for gold in golds.values())
    whole = score(predictions(tmp_path / "whole.csv", golds))
    assert whole == pytest.approx(1 - split / len(golds))


def test_a_submission_of_the_right_form_passes_the_check_and_an_incomplete_one_does_not(
    tmp_path: Path,
) -> None:
    golds = {each["id"]: each["Answer"].split("#")[0] for each in table("references.csv")}
    command = ["check", "-c", "sample-choice", "--template", str(SAMPLE / "sample_submission.csv")]
    whole = predictions(tmp_path / "whole.csv", golds)
    assert run([*command, "--submission", str(whole)]) == 0
    golds.popitem()
    short = predictions(tmp_path / "short.csv", golds)
    assert run([*command, "--submission", str(short)]) == 1


@pytest.mark.parametrize(("recipe", "right"), [("constant", 2), ("nearest", None)])
def test_from_the_sample_files_to_a_score(
    recipe: str, right: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = ["--test", str(SAMPLE / "test.csv"), "--train", str(SAMPLE / "train.csv")]
    common = ["-c", "sample-choice", "--ledger", "ledger.db"]
    assert run(["generate", recipe, *common, *files, "--run", "r"]) == 0
    assert run(["export", "r", "--ledger", "ledger.db", "--out", "r.csv"]) == 0
    value = score(Path("r.csv"))
    assert 0 <= value < 1
    if right is not None:
        assert value == pytest.approx(right / 20)
