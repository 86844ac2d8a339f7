"""``leaderkit prefer`` with a metric."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baselines.preference.pairs import read_pairs
from submission.cli import run
from submission.tables import write_csv
from tests.baselines.preference.conftest import KeepRun

ANSWERS: dict[str, list[list[str | None]]] = {
    "왜 우나요?": [["습기 때문입니다.", "전혀 다른 말", None]],
    "왜 깨지나요?": [["충격", "충격", "충격"]],
    "왜 썩나요? 또한, 왜 휘나요?": [["물", "비", "눈"], ["열", "볕", "불"]],
}


@pytest.fixture
def arguments(tmp_path: Path, keep_run: KeepRun) -> list[str]:
    keep_run(ANSWERS)
    references = [(f"R{place}", "벽지", "습기 때문입니다.") for place in range(3)]
    write_csv(tmp_path / "references.csv", ["id", "category", "답변_1"], references, bom=True)
    return [
        "prefer", "samples", "--ledger", str(tmp_path / "ledger.db"),
        "--out", str(tmp_path / "pairs.jsonl"),
    ]  # fmt: skip


def by_metric(tmp_path: Path, *more: str) -> list[str]:
    return ["--by", "score", "--references", str(tmp_path / "references.csv"), *more]


def test_every_prompt_is_accounted_for(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, *by_metric(tmp_path, "--json")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["by"].startswith("cosine|")
    assert {
        key: printed[key] for key in ("prompts", "pairs", "alike", "joined", "ties", "cut_off")
    } == {"prompts": 4, "pairs": 1, "alike": 1, "joined": 2, "ties": 0, "cut_off": 1}
    (pair,) = read_pairs(tmp_path / "pairs.jsonl")
    assert (pair.question, pair.chosen, pair.rejected) == (
        "왜 우나요?",
        "습기 때문입니다.",
        "전혀 다른 말",
    )


def test_a_margin_that_nothing_reaches_leaves_ties(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, *by_metric(tmp_path, "--margin", "2")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "0 pairs from 4 prompts. 1 ties" in told
    assert "1 with fewer than two different answers; 1 answers cut off by length" in told


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--by", "score"], "belong together"),
        (["--references", "{}/references.csv"], "belong together"),
        (["--margin", "0.1"], "--margin needs --by"),
        (["--out", "pairs.csv"], "a name that ends in .jsonl"),
        (["--by", "chrff", "--references", "{}/references.csv"], "chrf"),
        (["--by", "score", "--references", "absent.csv"], "absent.csv"),
        (["--test", "absent.csv"], "absent.csv"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_written(
    tmp_path: Path,
    arguments: list[str],
    more: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*arguments, *(each.format(tmp_path) for each in more)]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("pairs*"))
