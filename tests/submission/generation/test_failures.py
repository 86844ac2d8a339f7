"""Rows that fail, by an engine of an installed package, as the command line shows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any

import pytest

from submission import cli
from submission.engines import choose
from submission.tables import write_csv
from tests.submission.generation.flaky import Flaky

QUESTIONS = [
    ("T_0", "벽지에 곰팡이가 왜 생기나요?"),
    ("T_1", "결로를 막는 방법은 무엇인가요?"),
    ("T_2", "도배 하자는 무엇인가요?"),
]

Call = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Run a command with ``--json``; its document, and what it said."""
    flaky = EntryPoint("flaky", f"{Flaky.__module__}:Flaky", choose.ENTRY_POINTS)

    def installed(group: str) -> EntryPoints:
        return EntryPoints([*entry_points(group=group), flaky])

    monkeypatch.setattr(choose, "entry_points", installed)
    monkeypatch.setattr(Flaky, "failing", {"결로": "the server hung up"})
    monkeypatch.setattr(Flaky, "asked", [])
    monkeypatch.setenv("LEADERKIT_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.chdir(tmp_path)
    Path("recipe.toml").write_text('name = "x"\n[engine]\nname = "flaky"\n', encoding="utf-8")
    write_csv(Path("test.csv"), ("id", "질문"), QUESTIONS, bom=False)

    def run(*arguments: str, code: int = 0) -> tuple[dict[str, Any], str]:
        capsys.readouterr()
        ended = cli.run([*arguments, "--json"])
        out, said = capsys.readouterr()
        assert ended == code, said
        return (json.loads(out) if out else {}), said

    return run


GENERATE = (
    *("generate", "recipe.toml", "-c", "sample-wallpaper"),
    *("--test", "test.csv", "--run", "first"),
)


def test_the_other_rows_are_kept_and_the_command_ends_with_3(call: Call) -> None:
    report, said = call(*GENERATE, code=3)
    assert report["computed"] == 2
    assert report["failures"] == {"the server hung up": 1}
    assert "1 prompts failed: the server hung up (1)" in said
    shown, _ = call("show", "first")
    assert (shown["done"], shown["rows"], shown["finished"]) == (2, 3, None)
    assert shown["failures"] == {"the server hung up": 1}


def test_only_what_failed_is_asked_again(call: Call) -> None:
    call(*GENERATE, code=3)
    Flaky.asked.clear()
    Flaky.failing.clear()
    report, _ = call(*GENERATE)
    assert [QUESTIONS[1][1]] == Flaky.asked
    assert (report["computed"], report["reused"], report["failures"]) == (1, 2, {})
    shown, _ = call("show", "first")
    assert shown["done"] == 3
    assert shown["failures"] == {}
    assert shown["finished"]


def test_nothing_is_retried_while_rows_are_missing(call: Call) -> None:
    report, said = call(*GENERATE, "--retry-degenerate", code=3)
    assert report["retried"] == 0
    assert len(Flaky.asked) == 3
    assert "retried" not in said


def test_reasons_are_counted_the_most_common_first(call: Call) -> None:
    Flaky.failing.update({"도배": "too slow", "벽지": "too slow"})
    report, said = call(*GENERATE, code=3)
    assert list(report["failures"].items()) == [("too slow", 2), ("the server hung up", 1)]
    assert "3 prompts failed: too slow (2), the server hung up (1)" in said


def test_what_an_engine_really_runs_with_is_kept_and_a_difference_told(call: Call) -> None:
    _, said = call(*GENERATE, code=3)
    told = "Warning: kv_cache_dtype is bfloat16 in the running engine, and the recipe asks for fp8."
    assert told in said
    assert said.count("Warning:") == 1
    shown, _ = call("show", "first")
    assert shown["settings"] == [
        {"name": "kv_cache_dtype", "applied": "bfloat16", "asked": "fp8", "differs": True},
        {"name": "max_num_seqs", "applied": "4", "asked": "4", "differs": False},
        {"name": "quantization", "applied": "null", "asked": None, "differs": False},
    ]


def test_show_lists_failures_and_settings(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call(*GENERATE, code=3)
    assert cli.run(["show", "first"]) == 0
    out = capsys.readouterr().out
    assert "1: the server hung up" in out
    assert "kv_cache_dtype bfloat16 (asked: fp8)" in out
