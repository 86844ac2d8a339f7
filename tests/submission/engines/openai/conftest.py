"""Runs of the command line against the server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from submission import cli
from submission.engines.account import Account
from submission.engines.openai import concurrency, dispatch
from submission.runs.ledger import Ledger
from submission.tables import write_csv
from tests.submission.engines.openai.openai_server import MODEL, Charges

KEY = "sk-test-do-not-show-3141592653"

# For a million tokens: binary fractions, so that sums are exact.
PRICES = {"input": 2.0, "cached": 0.5, "output": 8.0}

Generate = Callable[..., dict[str, Any]]


def questions(count: int) -> dict[str, str]:
    return {f"T_{number:02}": f"물음 {number:02} 번" for number in range(count)}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Short pauses, a key in the environment, and a folder of the test's own."""
    monkeypatch.setattr(dispatch, "BACKOFF_S", 0.01)
    monkeypatch.setattr(dispatch, "GRACE_S", 1.0)
    monkeypatch.setattr(concurrency, "PAUSE_S", 0.02)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("LEADERKIT_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.chdir(tmp_path)


def recipe(url: str, **settings: object) -> str:
    """A recipe for the server at ``url``; ``settings`` are of [engine.openai]."""
    given = {"base_url": url, "timeout": 0.5, "deadline": 10.0, **settings}
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
    prices = "\n".join(f"{name} = {value}" for name, value in PRICES.items())
    return "\n".join(
        [
            f'name = "asked"\n[model]\nname = "{MODEL}"\n[engine]\nname = "openai"',
            "[engine.openai]",
            *lines,
            f"[engine.openai.prices]\n{prices}",
            '[prompt]\nchat = true\nsystem = "짧게 답하세요."\n[sampling]\nmax_tokens = 16\n',
        ]
    )


@pytest.fixture
def generate(capsys: pytest.CaptureFixture[str]) -> Generate:
    """Run ``leaderkit generate … --json``; its report if it ends well, and what it ``said``."""

    def call(
        url: str,
        *arguments: str,
        rows: int = 12,
        run: str = "asked",
        code: int | Sequence[int] = 0,
        **settings: object,
    ) -> dict[str, Any]:
        Path("recipe.toml").write_text(recipe(url, **settings), encoding="utf-8")
        write_csv(Path("test.csv"), ("id", "질문"), list(questions(rows).items()), bom=False)
        capsys.readouterr()
        ended = cli.run(
            ["generate", "recipe.toml", "-c", "sample-wallpaper", "--test", "test.csv",
             "--run", run, "--json", *arguments]
        )  # fmt: skip
        out, said = capsys.readouterr()
        assert ended in ([code] if isinstance(code, int) else code), said
        assert KEY not in out + said
        assert "Traceback" not in said
        return {**(json.loads(out) if out.strip() else {}), "said": said, "code": ended}

    return call


def kept(run: str = "asked") -> dict[str, str]:
    """The answers in the ledger, by row id."""
    with Ledger(Path("ledger.db")) as book:
        return {
            part.row_id: part.completion.text
            for part in book.parts(run)
            if part.completion is not None
        }


def account(run: str = "asked") -> Account:
    with Ledger(Path("ledger.db")) as book:
        return book.account(run)


def money(charges: Charges) -> float:
    """What the server charges for the tokens that it counted."""
    fresh = charges.prompt - charges.cached
    return (
        fresh * PRICES["input"]
        + charges.cached * PRICES["cached"]
        + charges.completion * PRICES["output"]
    ) / 1e6


def same(found: Account, charges: Charges, share: float = 1.0) -> bool:
    """Whether the account is the server's, to the token, at that share of the prices."""
    told = asdict(found)
    counted = {
        name: told[f"{name}_tokens"] for name in ("prompt", "cached", "completion", "reasoning")
    }
    return counted == {name: getattr(charges, name) for name in counted} and found.money.get(
        "USD", 0.0
    ) == pytest.approx(share * money(charges), abs=1e-12)
