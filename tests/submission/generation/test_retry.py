"""Degenerate answers generated again, with the transformers engine and a small model."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission import cli
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from submission.tables import write_csv

ROWS = 12
# Hot, so that every letter is about as likely: some answers stop, and some are cut off.
RECIPE = """
name = "small"

[engine]
name = "transformers"
batch_tokens = 1

[sampling]
max_tokens = 12
temperature = 5.0
stop = ["e", "i", "o"]

[retry]
temperature = 4.0
top_p = 1.0
repetition_penalty = 1.0
attempts = 2
max_tokens = 40
"""
COMMAND = ["generate", "recipe.toml", "-c", "sample-wallpaper", "--test", "test.csv",
           "--model", "model", "--json"]  # fmt: skip


@pytest.fixture
def work(tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    questions = [(f"T_{n:02}", f"벽지 {n}번은 왜 우나요?") for n in range(ROWS)]
    write_csv(tmp_path / "test.csv", ("id", "질문"), questions, bom=False)
    shutil.copytree(model_folder, tmp_path / "model")
    monkeypatch.setenv("LEADERKIT_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def generate(work: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def call(*arguments: str, run: str = "first", code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        ended = cli.run([*COMMAND, "--run", run, *arguments])
        out, err = capsys.readouterr()
        assert ended == code, err
        return {**(json.loads(out) if out else {}), "said": err}

    return call


def table(work: Path) -> dict[str, tuple[Any, ...]]:
    """Everything that the ledger has of each row of the run."""
    with sqlite3.connect(work / "ledger.db") as db:
        rows = db.execute(
            "SELECT part.*, completion.* FROM part JOIN completion ON completion.id = completion"
            " WHERE run = 'first'"
        )
        return {row[4]: row for row in rows}


def answers(work: Path) -> dict[str, Any]:
    with Ledger(work / "ledger.db") as book:
        return {answer.id: answer for answer in run_answers(book, "first")}


def computed(work: Path) -> int:
    with sqlite3.connect(work / "ledger.db") as db:
        return int(db.execute("SELECT count(*) FROM completion").fetchone()[0])


def test_a_structure_that_was_cut_off_is_generated_anew_and_kept_to(
    work: Path, generate: Any
) -> None:
    # Twenty-two tokens of bytes: more than the recipe's 12, and less than the retry's 40.
    before = generate("--set", "sampling.structure.regex=[가-힣]{6}다\\.")
    assert before["degenerate"]["malformed"] == before["degenerate"]["cut_off"] == ROWS

    report = generate("--set", "sampling.structure.regex=[가-힣]{6}다\\.", "--retry-degenerate")

    assert report["mended"] == ROWS
    assert report["degenerate"]["any"] == 0
    assert all(re.fullmatch("[가-힣]{6}다[.]", each.text) for each in answers(work).values())


def test_only_degenerate_rows_are_generated_anew(work: Path, generate: Any) -> None:
    before = generate()
    first = table(work)
    degenerate = {key for key, answer in answers(work).items() if answer.degenerate}
    assert 0 < len(degenerate) < ROWS, "the model must give both kinds of answers"
    assert (before["degenerate"]["any"], before["retried"]) == (len(degenerate), 0)

    with Ledger(work / "ledger.db") as book:
        book.save_score("first", "digest", {"metric": "em", "signature": "em"}, {})

    report = generate("--retry-degenerate")

    now = answers(work)
    mended = {key for key, answer in now.items() if answer.replaced}
    assert mended
    assert mended <= degenerate
    assert not any(now[key].degenerate for key in mended)
    assert (report["retried"], report["mended"]) == (len(degenerate), len(mended))
    assert report["degenerate"]["any"] == len(degenerate) - len(mended)
    # All else is what it was, byte for byte, and the first answers are still there.
    assert {key: row for key, row in table(work).items() if key not in mended} == {
        key: row for key, row in first.items() if key not in mended
    }
    with Ledger(work / "ledger.db") as book:
        kept = book.completions(row[6] for row in first.values())
        assert {each.text for each in kept.values()} == {row[11] for row in first.values()}
        how = book.retries("first")
        assert book.scores("first") == [], "they were of other answers"
    assert [(sampling["temperature"], rows) for sampling, rows in how] == [(4.0, len(mended))]


def test_a_second_retry_computes_nothing(work: Path, generate: Any) -> None:
    generate("--retry-degenerate")
    first, count = table(work), computed(work)
    left = generate("--retry-degenerate")
    assert left["mended"] == 0
    assert (table(work), computed(work)) == (first, count)
    assert "Loading" not in left["said"]
    assert generate()["degenerate"] == left["degenerate"], "the plain command resumes as ever"


def test_another_run_starts_from_the_first_answers(work: Path, generate: Any) -> None:
    plain = generate()
    generate("--retry-degenerate")
    assert generate(run="second")["degenerate"] == plain["degenerate"]


def test_a_killed_retry_goes_on_and_ends_the_same(work: Path, generate: Any) -> None:
    plain = generate(run="whole")
    generate("--retry-degenerate", run="whole")
    total = computed(work)
    with Ledger(work / "ledger.db") as book:
        whole = [answer.text for answer in run_answers(book, "whole")]
    (work / "ledger.db").rename(work / "whole.db")

    process = subprocess.Popen(
        [sys.executable, "-m", "submission.cli", *COMMAND, "--run", "first", "--retry-degenerate"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    wait_for(work / "ledger.db", plain["computed"] + 1, process)
    process.send_signal(signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said
    generate("--retry-degenerate")
    assert [answer.text for answer in answers(work).values()] == whole
    assert computed(work) == total, "nothing is computed twice"


def wait_for(ledger: Path, completions: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if ledger.exists():
            try:
                if computed(ledger.parent) >= completions:
                    return
            except sqlite3.OperationalError:
                pass
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    raise AssertionError("no row in time")


def test_a_choice_is_retried_for_the_rows_that_were_asked(work: Path, generate: Any) -> None:
    asked = [(f"T_{n}", f"{n}번 하자는?\n1. 들뜸\n2. 균열") for n in range(2)]
    write_csv(work / "test.csv", ("id", "질문"), [*asked, ("T_2", "벽지는 왜 우나요?")], bom=False)
    # A label and the space before it are two tokens.
    options = ["--set", "choice.method=constrained", "--set", "sampling.max_tokens=1"]
    report = generate(*options, "--limit", "2", "--retry-degenerate")
    assert (report["rows"], report["retried"], report["mended"]) == (2, 2, 2)
    assert {each.text for each in answers(work).values()} <= {"1", "2"}


def test_a_choice_by_likelihood_is_not_retried(work: Path, generate: Any) -> None:
    looping = [(f"{word}를 말립니다. " * 8).strip() for word in ("벽지", "타일")]
    options = ["--set", f"choice.options={json.dumps(looping)}", "--set", "sampling.temperature=0"]
    before = generate(*options, "--set", "choice.method=options")
    assert before["degenerate"]["looping"] == before["degenerate"]["any"] == ROWS
    report = generate(*options, "--set", "choice.method=options", "--retry-degenerate")
    assert (report["retried"], report["degenerate"]["any"]) == (0, ROWS)


def test_what_the_recipe_ignores_is_not_retried(work: Path, generate: Any) -> None:
    generate()
    every = 'degenerate.ignore=["empty", "cut_off", "echoed", "looping", "wrong_language"]'
    report = generate("--set", every, "--retry-degenerate")
    assert (report["retried"], report["degenerate"]["any"]) == (0, 0)


def test_a_prompt_that_does_not_fit_is_counted_and_not_retried(work: Path, generate: Any) -> None:
    write_csv(work / "test.csv", ("id", "질문"), [("T", "길" * 400)], bom=False)
    report = generate("--retry-degenerate")
    assert report["degenerate"]["too_long"] == 1
    assert report["retried"] == 0


def test_a_recipe_without_a_model_is_counted_and_not_retried(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["generate", "constant", "-c", "sample-wallpaper", "--test", "test.csv", "--run",
               "constant", "--retry-degenerate", "--json"]  # fmt: skip
    answer = "벽지는 벽을 충분히 말린 다음에 새로 바르는 것이 좋습니다."
    assert cli.run([*command, "--set", f"answer={answer}"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["degenerate"]["duplicated"], report["retried"]) == (ROWS, 0)
    assert "has no model: its answers would be the same again" in err


def test_a_greedy_retry_of_several_samples_is_refused(work: Path, generate: Any) -> None:
    sampled = ["--set", "sampling.temperature=2.0", "--samples", "2", "--limit", "2"]
    said = generate(*sampled, "--retry-degenerate", "--set", "retry.temperature=0", code=2)["said"]
    assert "retry.temperature" in said
    report = generate(*sampled, "--retry-degenerate")
    assert report["retried"] >= report["mended"]


def test_people_are_told_how_many_were_replaced(
    work: Path, generate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    report = generate("--retry-degenerate", run="json")
    capsys.readouterr()
    words = [each for each in COMMAND if each != "--json"]
    assert cli.run([*words, "--run", "words", "--retry-degenerate"]) == 0
    out = capsys.readouterr().out
    assert f"{report['mended']} of {report['retried']} degenerate answers replaced." in out
    assert cli.run(["show", "json"]) == 0
    out = capsys.readouterr().out
    assert f"{report['mended']} rows" in out
    assert "temperature 4.0" in out
    assert cli.run(["show", "json", "--json"]) == 0
    (retried,) = json.loads(capsys.readouterr().out)["retries"]
    assert (retried["rows"], retried["sampling"]["temperature"]) == (report["mended"], 4.0)
