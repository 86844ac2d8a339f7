"""A person chooses, at a real terminal."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from submission.runs.ledger import Ledger
from tests.baselines.preference.conftest import KeepRun
from tests.baselines.preference.seated import Seated

COMMAND = ["prefer", "samples", "--ledger", "ledger.db", "--out", "pairs.jsonl"]
ANSWERS = {
    "벽지가 왜 우나요?": [["습기 때문입니다.", "볕 때문입니다.", "풀 때문입니다."]],
    "타일이 왜 깨지나요?": [["충격 때문입니다.", "추위 때문입니다."]],
    "마루가 왜 썩나요?": [["물이 스며서입니다.", "오래되어서입니다."]],
}


def pairs(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]


def mark_of(answer: str, screen: str) -> str:
    """The key of the panel that shows ``answer``."""
    mark = ""
    for line in screen.splitlines():
        if line.startswith("╭"):
            mark = line.strip("╭─╮ ")
        if answer in line:
            return mark
    raise AssertionError(f"{answer} is not in\n{screen}")


def test_the_best_answer_makes_a_pair_with_each_other(tmp_path: Path, keep_run: KeepRun) -> None:
    keep_run(ANSWERS)
    with Seated(COMMAND, tmp_path) as person:
        screen = person.question()
        assert "1 of 3" in screen
        assert "벽지가 왜 우나요?" in screen
        person.press(mark_of("풀 때문입니다.", screen))
        assert "2 of 3" in person.question()
        person.press("s")
        person.press(mark_of("물이 스며서입니다.", person.question()))
        assert person.end() == 0
    assert "3 pairs from 3 prompts. 1 skipped." in person.shown
    assert [
        (each["id"], each["chosen"], each["rejected"], each["by"]) for each in pairs(tmp_path)
    ] == [
        ("R0", "풀 때문입니다.", "습기 때문입니다.", "person"),
        ("R0", "풀 때문입니다.", "볕 때문입니다.", "person"),
        ("R2", "물이 스며서입니다.", "오래되어서입니다.", "person"),
    ]
    assert [(each["chosen_sample"], each["rejected_sample"]) for each in pairs(tmp_path)] == [
        (2, 0),
        (2, 1),
        (0, 1),
    ]


def test_no_decision_is_lost_to_a_kill(tmp_path: Path, keep_run: KeepRun) -> None:
    keep_run(ANSWERS)
    with Seated(COMMAND, tmp_path) as person:
        person.press(mark_of("볕 때문입니다.", person.question()))
        person.question()
        person.press("s")
        person.question()
        person.kill()
    assert not (tmp_path / "pairs.jsonl").exists()
    with Seated(COMMAND, tmp_path) as person:
        assert "3 of 3" in person.question()
        person.press("q")
        assert person.end() == 0
    assert "1 not decided yet (the same command continues); 1 skipped" in " ".join(
        person.shown.split()
    )
    assert {each["chosen"] for each in pairs(tmp_path)} == {"볕 때문입니다."}


def test_undo_asks_again_and_works_in_hangul_mode(tmp_path: Path, keep_run: KeepRun) -> None:
    keep_run(ANSWERS)
    with Seated(COMMAND, tmp_path) as person:
        screen = person.question()
        assert "u undoes" not in screen
        person.press("u")
        person.bell()
        person.press(mark_of("볕 때문입니다.", screen))
        assert "2 of 3" in person.question()
        person.press("ㅕ")
        again = person.question()
        assert "1 of 3" in again
        assert mark_of("볕 때문입니다.", again) == mark_of("볕 때문입니다.", screen)
        person.press(mark_of("습기 때문입니다.", again))
        person.question()
        person.press("ㅂ")
        assert person.end() == 0
    assert {each["chosen"] for each in pairs(tmp_path)} == {"습기 때문입니다."}


def test_an_interrupt_keeps_what_is_decided(tmp_path: Path, keep_run: KeepRun) -> None:
    keep_run(ANSWERS)
    with Seated(COMMAND, tmp_path) as person:
        person.press(mark_of("볕 때문입니다.", person.question()))
        person.question()
        person.press("\x03")
        assert person.end() == 130
    with Seated(COMMAND, tmp_path) as person:
        assert "2 of 3" in person.question()
        person.press("q")
        assert person.end() == 0
    assert len(pairs(tmp_path)) == 2


def test_the_order_tells_nothing_and_comes_from_the_seed(tmp_path: Path, keep_run: KeepRun) -> None:
    keep_run({f"{place}번 벽지가 왜 우나요?": [["습기", "볕"]] for place in range(12)})

    def first(seed: str) -> list[str]:
        found = []
        with Seated([*COMMAND, "--seed", seed, "--out", f"{seed}.jsonl"], tmp_path) as person:
            for _ in range(12):
                found.append(mark_of("습기", person.question()))
                person.press("s")
            person.end()
        (tmp_path / f"{seed}.decisions.jsonl").unlink()
        return found

    assert first("0") == first("0")
    assert first("0") != first("1")
    assert set(first("0")) == {"1", "2"}


def width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


def test_hangul_fits_the_terminal(tmp_path: Path, keep_run: KeepRun) -> None:
    long = "실크벽지는 표면이 질겨서 물걸레로 닦아도 되고, 색이 쉽게 바래지 않습니다. " * 3
    keep_run({"벽지가 왜 우나요? " * 5: [[long, "짧은 답"]]})
    with Seated(COMMAND, tmp_path, columns=41) as person:
        screen = person.question()
        person.press("q")
        person.end()
    lines = [line.rstrip("\r") for line in screen.splitlines()]
    framed = [line for line in lines if line.startswith(("╭", "│", "╰"))]
    assert len(framed) > 8
    assert {width(line) for line in framed} == {41}
    assert max(map(width, lines)) <= 41


def test_an_answer_cannot_steer_the_terminal(tmp_path: Path, keep_run: KeepRun) -> None:
    keep_run({"왜 우나요?": [["습기\x1b[2J\x1b]0;속임\x07 [red]붉은", "볕"]]})
    with Seated(COMMAND, tmp_path) as person:
        screen = person.question()
        person.press("q")
        person.end()
    assert r"습기\x1b[2J\x1b]0;속임\x07 [red]붉은" in screen
    assert "\x07" not in screen


def test_an_empty_answer_can_only_be_rejected(tmp_path: Path, book: Ledger) -> None:
    from submission.engines.base import Completion, Finish
    from submission.runs.rows import PlannedPart, Run
    from submission.tables import write_csv

    write_csv(tmp_path / "test.csv", ["id", "질문"], [("R0", "왜 우나요?")], bom=True)
    run = Run("samples", "f", "sample-wallpaper", "{}", "test.csv", "tiny", "")
    book.begin(run, [PlannedPart(0, 0, n, "R0", "왜 우나요?", f"{n}") for n in (0, 1)], fresh=True)
    book.record("samples", [Completion("0", " ", Finish.STOP)])
    book.record("samples", [Completion("1", "습기", Finish.STOP)])
    with Seated(COMMAND, tmp_path) as person:
        screen = person.question()
        assert "(empty)" in screen
        empty = {"1": "2", "2": "1"}[mark_of("습기", screen)]
        person.press(empty)
        person.bell()
        person.press({"1": "2", "2": "1"}[empty])
        assert person.end() == 0
    assert [(each["chosen"], each["rejected"]) for each in pairs(tmp_path)] == [("습기", "")]


def test_without_a_terminal_it_says_what_to_do(
    tmp_path: Path, keep_run: KeepRun, capsys: pytest.CaptureFixture[str]
) -> None:
    from submission.cli import run

    keep_run(ANSWERS)
    arguments = [*COMMAND]
    arguments[3] = str(tmp_path / "ledger.db")
    arguments[5] = str(tmp_path / "pairs.jsonl")
    assert run(arguments) == 2
    assert "needs a terminal" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir() if "pairs" in path.name) == []
