from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

from submission.engines.account import Account, Attempt, Doubt, Ending, Open, Sent, Usage
from submission.engines.base import Completion, Failure, Finish
from submission.errors import InputError, Stopped
from submission.recipes import Recipe
from submission.runs.answers import run_answers
from submission.runs.database import VERSION
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run

RECIPE = Recipe(name="test").model_dump_json()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "runs" / "ledger.db") as book:
        yield book


def a_run(name: str = "first", fingerprint: str = "f") -> Run:
    return Run(name, fingerprint, "sample-wallpaper", RECIPE, "test.csv", "engine", "leaderkit")


def parts(*keys: str) -> list[PlannedPart]:
    return [
        PlannedPart(place, 0, 0, f"ID_{place}", f"question {key}", key)
        for place, key in enumerate(keys)
    ]


def answer(key: str, text: str | None = None) -> Completion:
    return Completion(key, text or f"answer {key}", Finish.STOP, 5, 3)


def texts(book: Ledger, run: str = "first") -> list[str | None]:
    return [part.completion.text if part.completion else None for part in book.parts(run)]


def test_a_run_resumes_with_the_rows_it_lacks(ledger: Ledger) -> None:
    assert ledger.begin(a_run(), parts("a", "b", "c"), fresh=False) == 0
    ledger.record("first", [answer("b")])
    ledger.close()

    with Ledger(ledger.path) as again:
        assert again.begin(a_run(), parts("a", "b", "c"), fresh=False) == 1
        assert again.pending("first") == {"a", "c"}
        assert texts(again) == [None, "answer b", None]
        progress = again.progress("first")
        assert (progress.rows, progress.done, progress.completion_tokens) == (3, 1, 3)


def test_a_completion_comes_back_as_it_was_recorded(ledger: Ledger) -> None:
    given = Completion("a", '한글 "따옴표"\n\ttab \x00 끝 😀', Finish.PROMPT_TOO_LONG, 7, 0)
    ledger.begin(a_run(), parts("a"), fresh=False)
    ledger.record("first", [given])
    assert next(ledger.parts("first")).completion == given


def test_another_fingerprint_under_the_same_name_is_refused_and_changes_nothing(
    ledger: Ledger,
) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)
    ledger.record("first", [answer("a")])
    with pytest.raises(InputError, match=r"Run 'first' .*--fresh"):
        ledger.begin(a_run(fingerprint="other"), parts("x", "y"), fresh=False)
    assert texts(ledger) == ["answer a"]
    assert ledger.run("first").fingerprint == "f"


def test_answers_are_reused_across_runs_by_row_key(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    ledger.record("first", [answer("a")])
    ledger.record("first", [answer("b")])
    assert ledger.begin(a_run("second", "g"), parts("b", "c", "a"), fresh=False) == 2
    assert ledger.pending("second") == {"c"}
    assert texts(ledger, "second") == ["answer b", None, "answer a"]


def test_fresh_takes_nothing_over_and_leaves_other_runs_alone(ledger: Ledger) -> None:
    for name in ("first", "second"):
        ledger.begin(a_run(name), parts("a", "b"), fresh=False)
    ledger.record("first", [answer("a", "old a")])
    ledger.record("first", [answer("b", "old b")])
    ledger.begin(a_run("second"), parts("a", "b"), fresh=False)

    assert ledger.begin(a_run("first", "new"), parts("a", "b"), fresh=True) == 0
    assert ledger.pending("first") == {"a", "b"}
    ledger.record("first", [answer("a", "new a")])

    assert texts(ledger) == ["new a", None]
    assert texts(ledger, "second") == ["old a", "old b"]
    assert ledger.run("first").fingerprint == "new"


def test_one_completion_answers_every_part_with_its_key(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("same", "other", "same", "same"), fresh=False)
    ledger.record("first", [answer("same")])
    assert texts(ledger) == ["answer same", None, "answer same", "answer same"]
    assert ledger.pending("first") == {"other"}


def test_more_rows_may_be_added_to_a_run_and_it_is_then_unfinished(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)
    ledger.record("first", [answer("a")])
    ledger.spent("first", 1.5, 30, finished=True)
    assert ledger.run("first").finished

    assert ledger.begin(a_run(), parts("a", "b"), fresh=False) == 1
    assert ledger.run("first").finished is None
    assert ledger.run("first").seconds == 1.5


def test_only_the_parts_asked_for_are_counted_as_answered(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b", "c"), fresh=False)
    ledger.record("first", [answer("a"), answer("c")])
    assert ledger.begin(a_run(), parts("a", "b"), fresh=False) == 1
    assert texts(ledger) == ["answer a", None, "answer c"]


def test_an_interrupt_at_the_commit_keeps_nothing_and_leaves_the_ledger_usable(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)

    def interrupted(sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        if sql == "COMMIT":
            raise KeyboardInterrupt
        return sqlite3.Connection.execute(ledger._db, sql, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(ledger._db, "execute", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ledger.record("first", [answer("a")])

    assert texts(ledger) == [None]
    ledger.spent("first", 1.5, 0, finished=False)
    assert ledger.run("first").seconds == 1.5


def test_half_a_surrogate_pair_in_an_answer_is_kept_as_the_replacement_character(
    ledger: Ledger,
) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    ledger.record("first", [answer("a", "끝 \ud83d"), answer("b", "\udc00 😀")])
    assert texts(ledger) == ["끝 \ufffd", "\ufffd 😀"]


def test_a_run_begun_again_without_new_rows_stays_finished(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)
    ledger.record("first", [answer("a")])
    ledger.spent("first", 1.0, 0, finished=True)
    finished = ledger.run("first").finished
    ledger.begin(a_run(), parts("a"), fresh=False)
    assert ledger.run("first").finished == finished


def test_answers_of_an_unfinished_run_are_refused(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b", "c"), fresh=False)
    ledger.record("first", [answer("b")])
    with pytest.raises(InputError, match=r"not finished: 1 of 3 rows.*Resume"):
        run_answers(ledger, "first")
    for key in "ac":
        ledger.record("first", [answer(key)])
    assert [each.text for each in run_answers(ledger, "first")] == [
        "answer a", "answer b", "answer c",
    ]  # fmt: skip


def test_an_unknown_run_is_named_with_those_there_are(ledger: Ledger) -> None:
    with pytest.raises(InputError, match=r"No run 'nope' in .*: it is empty"):
        run_answers(ledger, "nope")
    ledger.begin(a_run(), parts("a"), fresh=False)
    with pytest.raises(InputError, match=r"No run 'nope' in .*: it has first"):
        run_answers(ledger, "nope")


def test_a_run_has_no_answers_for_a_sample_it_did_not_draw(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)
    ledger.record("first", [answer("a")])
    with pytest.raises(InputError, match="no sample 1"):
        run_answers(ledger, "first", sample=1)


HOLDER = """
import sys
from pathlib import Path
from submission.runs.ledger import Ledger
with Ledger(Path(sys.argv[1])) as book, book.writing(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(ledger: Ledger) -> Iterator[subprocess.Popen[str]]:
    """A process that is the writer of the run 'first'."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(ledger.path), "first"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_as_writer(
    ledger: Ledger, holder: subprocess.Popen[str]
) -> None:
    with (
        pytest.raises(InputError, match="'first' is being written by another process"),
        ledger.writing("first"),
    ):
        pass
    with ledger.writing("second"):
        pass


def test_a_killed_writer_leaves_its_run_free(ledger: Ledger, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with ledger.writing("first"):
        pass


def test_rows_can_be_read_while_another_connection_writes(ledger: Ledger) -> None:
    keys = [f"k{number}" for number in range(120)]
    ledger.begin(a_run(), parts(*keys), fresh=False)

    def write() -> None:
        with Ledger(ledger.path) as writer:
            for key in keys:
                writer.record("first", [answer(key)])

    writer = threading.Thread(target=write)
    writer.start()
    seen = [0]
    while writer.is_alive():
        with Ledger(ledger.path) as reader:
            progress = reader.progress("first")
            assert progress.done >= seen[-1]
            assert all(
                part.completion is None or part.completion.text == f"answer {part.completion.key}"
                for part in reader.parts("first")
            )
        seen.append(progress.done)
    writer.join()
    assert ledger.progress("first").done == len(keys)


def test_a_new_ledger_may_be_opened_by_several_processes_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from submission.runs.ledger import Ledger; "
        "Ledger(pathlib.Path(sys.argv[1])).close()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ledger.db")]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("id,answer\n" * 200)
    before = file.read_bytes()
    with pytest.raises(InputError, match=r"answers\.csv: cannot be used as a ledger.*--ledger"):
        Ledger(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("place", ["folder", "file/ledger.db"])
def test_a_place_that_cannot_hold_a_ledger_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be used as a ledger"):
        Ledger(tmp_path / place)


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version={VERSION + 1}")
    raw.close()
    with pytest.raises(InputError, match=f"schema {VERSION + 1}, this one reads {VERSION}"):
        Ledger(path)


def test_a_ledger_of_the_first_version_gets_the_tables_that_were_added(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    with sqlite3.connect(path) as raw:
        for added in (
            "special_token", "completion_extra", "failure", "example_use", "engine_setting",
            "attempt", "attempt_bound", "batch", "evidence",
        ):  # fmt: skip
            raw.execute(f"DROP TABLE {added}")
        raw.execute("PRAGMA user_version=1")
    raw.close()
    with Ledger(path) as ledger:
        run = Run("run", "f", "c", "{}", "t", "e", "", special_tokens=("[끝]", "[시작]"))
        ledger.begin(run, [], fresh=True)
        assert ledger.special_tokens("run") == ["[끝]", "[시작]"]
        ledger.begin(replace(run, special_tokens=()), [], fresh=True)
        assert ledger.special_tokens("run") == []


SENT = "leaderkit-1"


def test_what_may_have_been_charged_is_bounded_by_each_sending(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    ledger.sent("first", [Sent(f"leaderkit-{number}", "a", 0.5) for number in range(5)])
    # In flight twice; lost; refused; replied without a count of tokens; with one.
    ledger.sent("first", [Sent("leaderkit-0", "a", 0.25)])
    ledger.ended(
        [
            Attempt("leaderkit-1", Ending.LOST),
            Attempt("leaderkit-2", Ending.REFUSED),
            Attempt("leaderkit-3", Ending.REPLIED),
            Attempt("leaderkit-4", Ending.REPLIED, Usage(1, 0, 1, 0), 0.1, "USD"),
        ]
    )
    assert ledger.doubt("first") == Doubt(4 * 0.5, 0)
    ledger.sent("first", [Sent("leaderkit-5", "b")])
    assert ledger.doubt("first") == Doubt(4 * 0.5, 1)
    assert ledger.doubt("another") == Doubt()


def test_an_answer_and_what_it_cost_are_one_transaction(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    ledger.sent("first", [Sent(SENT, "a"), Sent("leaderkit-2", "b")])
    assert ledger.open_attempts("first") == {
        "a": Open(SENT, in_flight=True),
        "b": Open("leaderkit-2", in_flight=True),
    }
    said: list[str] = []
    ledger._db.set_trace_callback(said.append)
    attempt = Attempt(SENT, Ending.REPLIED, Usage(9, 5, 4, 2), 0.25, "USD")
    ledger.record("first", [replace(answer("a"), attempt=attempt)])
    ledger._db.set_trace_callback(None)
    assert said.count("COMMIT") == 1
    assert ledger.account("first") == Account(
        attempts=2, replies=1, prompt_tokens=9, cached_tokens=5, completion_tokens=4,
        reasoning_tokens=2, uncertain=1, money={"USD": 0.25},
    )  # fmt: skip


def test_what_was_sent_again_under_its_id_is_one_attempt_that_may_be_charged_more_than_once(
    ledger: Ledger,
) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)
    for _ in range(3):
        ledger.sent("first", [Sent(SENT, "a")])
    assert (ledger.account("first").attempts, ledger.account("first").uncertain) == (1, 3)
    ledger.ended([Attempt(SENT, Ending.LOST)])
    assert ledger.account("first").uncertain == 3
    assert ledger.open_attempts("first") == {"a": Open(SENT, in_flight=False)}
    ledger.ended([Attempt(SENT, Ending.REFUSED)])
    assert ledger.account("first").uncertain == 2
    assert ledger.open_attempts("first") == {}


def test_what_was_sent_outlives_a_run_that_nothing_answered_and_not_a_fresh_start(
    ledger: Ledger,
) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)
    ledger.sent("first", [Sent(SENT, "a")])
    ledger.begin(a_run(fingerprint="other"), parts("a"), fresh=False)
    assert ledger.open_attempts("first") == {"a": Open(SENT, in_flight=True)}
    ledger.begin(a_run(), parts("a"), fresh=True)
    assert (ledger.open_attempts("first"), ledger.account("first")) == ({}, Account())


def test_a_failed_row_keeps_its_reason_until_it_is_answered(ledger: Ledger) -> None:
    ledger.begin(Run("run", "f", "c", "{}", "t", "e", ""), parts("a", "b"), fresh=False)
    answer = Completion("a", "가", Finish.STOP, thinking="음", likelihoods={"가": -0.5, "나": -1.5})
    ledger.record("run", [answer, Failure("b", "timed out")])
    assert ledger.completions(["a", "b"]) == {"a": answer}
    assert ledger.pending("run") == {"b"}
    assert ledger.failures("run") == {"b": "timed out"}
    ledger.record("run", [Completion("b", "나", Finish.STOP)])
    assert ledger.pending("run") == set()
    assert ledger.failures("run") == {}
    assert [part.completion for part in ledger.parts("run")] == [
        answer,
        Completion("b", "나", Finish.STOP),
    ]


def test_a_run_made_by_another_version_is_refused_with_what_to_do(ledger: Ledger) -> None:
    old = Run("old", "f", "sample-wallpaper", '{"name": "x", "gone": 1}', "t", "e", "c")
    ledger.begin(old, parts("a"), fresh=False)
    with pytest.raises(InputError, match=r"another version of leaderkit.*--fresh"):
        run_answers(ledger, "old")


def test_a_hash_is_cached_until_size_or_time_changes(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"one")
    time = (1_700_000_000_000_000_000, 1_700_000_000_000_000_000)
    os.utime(file, ns=time)
    first = ledger.hash_file(file)

    file.write_bytes(b"two")
    os.utime(file, ns=time)
    assert ledger.hash_file(file) == first, "same size and time: not read again"

    os.utime(file, ns=(time[0], time[1] + 1))
    second = ledger.hash_file(file)
    assert second != first

    file.write_bytes(b"three")
    os.utime(file, ns=(time[0], time[1] + 1))
    assert ledger.hash_file(file) not in (first, second)


def test_a_hash_is_that_of_the_file_behind_a_link(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "v1").write_bytes(b"1")
    (tmp_path / "v2").write_bytes(b"2")
    link = tmp_path / "link"
    link.symlink_to("v1")
    first = ledger.hash_file(link)
    link.unlink()
    link.symlink_to("v2")
    assert ledger.hash_file(link) == ledger.hash_file(tmp_path / "v2") != first


def test_a_run_that_nothing_was_answered_for_may_be_begun_in_another_way(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a"), fresh=False)

    ledger.begin(a_run(fingerprint="other"), parts("x", "y"), fresh=False)

    assert ledger.pending("first") == {"x", "y"}
    assert ledger.run("first").fingerprint == "other"


def test_other_prompts_under_the_same_fingerprint_are_refused(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    ledger.record("first", [answer("a")])

    for asked in (("a", "c"), ("x", "b")):
        with pytest.raises(InputError, match="another definition of the competition"):
            ledger.begin(a_run(), parts(*asked), fresh=False)
    ledger.begin(a_run(), parts("a"), fresh=False)
    assert ledger.pending("first") == {"b"}


def test_a_full_disk_stops_and_keeps_what_is_there(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    ledger.record("first", [answer("a")])
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count={pages}")

    with pytest.raises(Stopped, match=r"the disk is full.*is kept"):
        ledger.record("first", [answer("b", "long " * 10_000)])

    assert texts(ledger) == ["answer a", None]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    with Ledger(path) as book:
        book.begin(a_run(), parts(*map(str, range(500))), fresh=False)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(InputError, match=r"l\.db: cannot be used as a ledger: .*--ledger"):
        list(Ledger(path).parts("first"))


def test_a_ledger_of_a_pre_release_is_refused_with_what_to_do_and_left_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "l.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE run (name TEXT PRIMARY KEY)")
        old.execute("PRAGMA user_version=2")
    before = path.read_bytes()

    with pytest.raises(InputError, match=r"l\.db: .*pre-release of leaderkit.*--ledger.*again"):
        Ledger(path)

    assert path.read_bytes() == before


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE note (text TEXT)")
    before = path.read_bytes()

    with pytest.raises(InputError, match=r"notes\.db: not a ledger.*another program.*--ledger"):
        Ledger(path)

    assert path.read_bytes() == before


def test_what_finishes_together_is_one_transaction(ledger: Ledger) -> None:
    keys = [f"k{number}" for number in range(500)]
    ledger.begin(a_run(), parts(*keys), fresh=False)
    said: list[str] = []
    ledger._db.set_trace_callback(said.append)

    ledger.record("first", [answer(key) for key in keys])

    assert (said.count("BEGIN IMMEDIATE"), said.count("COMMIT")) == (1, 1)
    assert texts(ledger) == [f"answer {key}" for key in keys]


def test_completions_that_cannot_all_be_kept_are_none_of_them(ledger: Ledger) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    nothing = Completion("b", "", Finish.STOP, prompt_tokens=None)  # type: ignore[arg-type]

    with pytest.raises(sqlite3.IntegrityError):
        ledger.record("first", [answer("a"), nothing])

    assert texts(ledger) == [None, None]


@pytest.mark.parametrize("fetch", [list, methodcaller("fetchone"), methodcaller("fetchall")])
def test_what_is_damaged_shows_on_fetching_and_is_named_then(ledger: Ledger, fetch: Any) -> None:
    ledger.begin(a_run(), parts("a", "b"), fresh=False)
    with closing(sqlite3.connect(ledger.path)) as bare, bare:
        bare.execute("UPDATE part SET question = CAST(x'61ff62' AS TEXT)")

    rows = ledger._db.execute("SELECT question FROM part")
    with pytest.raises(InputError, match="cannot be used as a ledger: Could not decode"):
        fetch(rows)
