from __future__ import annotations

from pathlib import Path

import pytest

from baselines.preference.candidates import Choices, read_choices
from submission.competitions import find_competition
from submission.engines.base import Completion, Finish
from submission.errors import InputError
from submission.records.read import read_questions
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart
from submission.tables import write_csv
from tests.baselines.preference.conftest import KeepRun


def choices(book: Ledger, test: Path) -> Choices:
    profile = find_competition("sample-wallpaper").profile
    return read_choices(book, "samples", read_questions(profile, test))


def test_equal_answers_are_one_candidate_and_cut_off_ones_are_none(
    tmp_path: Path, book: Ledger, keep_run: KeepRun
) -> None:
    keep_run(
        {
            "왜 우나요?": [["습기", " 습기\n", "열", None]],
            "왜 깨지나요?": [["충격", "충격 ", "충격", "충격"]],
            "왜 썩나요?": [["물", None, None, None]],
        }
    )
    found = choices(book, tmp_path / "test.csv")
    assert [choice.id for choice in found.choices] == ["R0"]
    assert [(each.text, each.sample) for each in found.choices[0].candidates] == [
        ("습기", 0),
        ("열", 2),
    ]
    assert (found.alike, found.cut_off) == (2, 4)
    assert found.choices[0].row == {"id": "R0", "질문": "왜 우나요?"}


def test_a_nul_which_no_file_may_hold_is_left_out(
    tmp_path: Path, book: Ledger, keep_run: KeepRun
) -> None:
    keep_run({"왜 우나요?": [["습\0기", "습기", "열\0"]]})
    (choice,) = choices(book, tmp_path / "test.csv").choices
    assert [(each.text, each.sample) for each in choice.candidates] == [("습기", 0), ("열", 2)]


def test_each_question_of_a_joined_row_is_a_choice_of_its_own(
    tmp_path: Path, book: Ledger, keep_run: KeepRun
) -> None:
    keep_run({"왜 우나요? 또한, 왜 깨지나요?": [["습기", "열"], ["충격", "추위"]]})
    found = choices(book, tmp_path / "test.csv").choices
    assert [(each.part, each.parts, each.question) for each in found] == [
        (0, 2, "왜 우나요?"),
        (1, 2, "왜 깨지나요?"),
    ]
    assert found[0].key != found[1].key


def test_a_choice_is_another_once_an_answer_is(
    tmp_path: Path, book: Ledger, keep_run: KeepRun
) -> None:
    keep_run({"왜 우나요?": [["습기", "열"]], "왜 썩나요?": [["물", "비"]]})
    before = [each.key for each in choices(book, tmp_path / "test.csv").choices]
    keep_run({"왜 우나요?": [["습기", "볕"]], "왜 썩나요?": [["물", "비"]]})
    after = [each.key for each in choices(book, tmp_path / "test.csv").choices]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_run_with_one_answer_each_is_told_how_to_get_more(
    tmp_path: Path, book: Ledger, keep_run: KeepRun
) -> None:
    keep_run({"왜 우나요?": [["습기"]]})
    with pytest.raises(InputError, match=r"one answer per prompt.*--samples 4"):
        choices(book, tmp_path / "test.csv")


def test_another_test_file_is_refused(tmp_path: Path, book: Ledger, keep_run: KeepRun) -> None:
    keep_run({"왜 우나요?": [["습기", "열"]]})
    other = tmp_path / "other.csv"
    write_csv(other, ["id", "질문"], [("R0", "왜 썩나요?")], bom=True)
    with pytest.raises(InputError, match=r"row 1 is not 'R0'.*--test"):
        choices(book, other)


def test_an_unfinished_run_is_refused(tmp_path: Path, book: Ledger, keep_run: KeepRun) -> None:
    keep_run({"왜 우나요?": [["습기", "열"]]})
    run = book.run("samples")
    asked = [
        PlannedPart(part.position, part.part, part.sample, part.row_id, part.question, part.key)
        for part in book.parts("samples")
    ]
    new = PlannedPart(0, 0, 2, "R0", "왜 우나요?", "new")
    book.begin(run, [*asked, new], fresh=False)
    with pytest.raises(InputError, match="not finished: 1 of 3 answers are missing"):
        choices(book, tmp_path / "test.csv")
    book.record("samples", [Completion("new", "볕", Finish.STOP)])
    assert len(choices(book, tmp_path / "test.csv").choices[0].candidates) == 3
