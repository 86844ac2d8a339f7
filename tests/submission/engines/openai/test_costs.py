"""What is told before a run, what bounds it, and what is told of it later."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path

import pytest

from submission import cli
from submission.engines.account import Usage
from submission.engines.base import EngineContext
from submission.engines.openai import dispatch
from submission.engines.openai.budget import money
from submission.engines.openai.concurrency import START
from submission.engines.openai.engine import OpenAIEngine
from submission.recipes.openai import Prices
from submission.recipes.schema import Recipe
from submission.tables import write_csv
from tests.requests import ask, flat
from tests.submission.engines.openai.conftest import (
    KEY,
    Generate,
    account,
    kept,
    questions,
    recipe,
    same,
)
from tests.submission.engines.openai.conftest import money as charged
from tests.submission.engines.openai.openai_server import Fault, openai_server


def test_money_counts_cached_tokens_apart() -> None:
    prices = Prices(input=2.0, cached=0.5, output=8.0)
    # By hand: (1,000 - 400) x 2 + 400 x 0.5 + 100 x 8 = 2,200 millionths.
    assert money(prices, Usage(1000, 400, 100, 50)) == pytest.approx(0.0022, abs=1e-15)
    # Without a price of its own a cached token costs what any other does.
    assert money(Prices(input=2.0, output=8.0), Usage(1000, 400, 100, 0)) == pytest.approx(0.0028)
    assert money(None, Usage(1, 0, 1, 0)) is None
    assert money(prices, None) is None


def test_before_anything_is_sent_the_run_is_told(generate: Generate) -> None:
    with openai_server(lambda _prompt, _before: Fault(works=False, hang=True)) as log:
        said = generate(log.url, rows=12, code=3, timeout=0.1, deadline=0.2)["said"]
        assert log.charges.works == 0
    assert re.search(
        r"12 prompts: about \d+ input tokens \(an estimate\), 12 to 192 output tokens, "
        r"about 0\.\d{4} to 0\.\d{4} USD\.",
        said,
    )


def test_a_plan_tells_the_cost_without_a_key_and_sends_nothing(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with openai_server(key=KEY) as log:
        found = generate(log.url, "--plan", rows=12)["estimate"]
        assert (log.bodies, log.charges.works) == ([], 0)
    assert (found["prompts"], found["most_output"], found["exact"]) == (12, 12 * 16, False)
    # By hand: 12 answers of 1 and of 16 tokens, at 8 a million.
    assert found["most"] - found["least"] == pytest.approx(12 * 15 * 8 / 1e6)


def test_with_the_models_tokenizer_the_tokens_are_counted(
    generate: Generate, model_folder: Path
) -> None:
    from transformers import AutoTokenizer

    tokenizer = ["--set", f"model.tokenizer={model_folder}", "--set", "prompt.chat=false"]
    plain = ["--set", "prompt.template=물음: {{ question }}"]
    with openai_server() as log:
        found = generate(log.url, "--plan", *tokenizer, *plain, rows=3)["estimate"]
    tokens = AutoTokenizer.from_pretrained(model_folder)
    asked = [f"물음: {text}" for text in questions(3).values()]
    assert found["exact"]
    assert found["input_tokens"] == sum(len(tokens(text)["input_ids"]) for text in asked)


def test_a_probe_tells_what_the_rest_will_cost(generate: Generate) -> None:
    with openai_server() as log:
        found = generate(log.url, "--probe", "3", rows=12)
        assert log.charges.works == 3
        # By hand: 9 rows at the mean of 3.
        assert found["expected_money"] == {"USD": pytest.approx(3 * charged(log.charges))}
        log.forget()
        generate(log.url, rows=12)
        assert found["expected_money"]["USD"] == pytest.approx(charged(log.charges), rel=0.05)


def test_an_engine_that_is_asked_twice_tells_its_estimate_once_and_keeps_its_pace() -> None:
    said: list[str] = []
    with openai_server(seconds=1.0) as log:
        made = Recipe.model_validate(tomllib.loads(recipe(log.url, timeout=5.0)))
        engine = OpenAIEngine(EngineContext(made, say=said.append))
        keys = iter(range(100))
        for count in (START, 2 * START):
            rows = [ask(str(next(keys)), f"물음 {count}") for _ in range(count)]
            assert len(flat(engine.complete(rows))) == count
        assert log.most_at_once > START
    assert sum("an estimate" in line for line in said) == 1


@pytest.mark.parametrize("connections", [1, 8])
def test_max_cost_is_never_passed_and_the_run_goes_on_with_a_higher_one(
    generate: Generate, connections: int
) -> None:
    with openai_server() as log:
        generate(log.url, rows=1, run="one")
        # With room for the bound of a few requests, which is above what they cost.
        most = 12 * charged(log.charges)
        log.forget()
        said = generate(log.url, "--max-cost", str(most), rows=40, code=3, connections=connections)[
            "said"
        ]
        assert "--max-cost: one more request may cost more than is left" in said
        assert 0 < charged(log.charges) <= most
        assert 1 < len(kept()) < 40
        assert same(account(), log.charges)

        # The bound is for the run, not for the command.
        before = len(log.bodies)
        generate(log.url, "--max-cost", str(most), rows=40, code=3, connections=connections)
        assert charged(log.charges) <= most
        assert len(log.bodies) - before <= 2
        generate(log.url, "--max-cost", "1", rows=40)
        assert len(kept()) == 40
        assert same(account(), log.charges)


@pytest.mark.parametrize("lost", [False, True])
def test_max_cost_counts_what_got_no_reply_before(
    generate: Generate, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    def stopped(*_: object) -> None:
        time.sleep(0.2)
        raise KeyboardInterrupt

    with openai_server() as log:
        generate(log.url, rows=1, run="one")
        most = 12 * charged(log.charges)
    # A server that cannot tell what is sent again, and works on when nobody listens.
    with openai_server(lambda _prompt, _before: Fault(hang=True), idempotent=False) as log:
        with monkeypatch.context() as patched:
            if not lost:
                # What is in the ledger then is what a kill leaves there.
                patched.setattr(dispatch.Dispatch, "_arrived", stopped)
            for _ in range(9):
                generate(
                    log.url, "--max-cost", str(most), rows=40, code=(3, 130),
                    timeout=0.2, deadline=0.3,
                )  # fmt: skip
        said = generate(log.url, "--max-cost", str(most), rows=40, code=3)["said"]
        assert "--max-cost: one more request may cost more than is left" in said
        assert 0 < charged(log.charges) <= most


def test_max_cost_in_another_currency_than_what_was_paid_is_refused(generate: Generate) -> None:
    euro = ("--set", 'engine.openai.prices.currency="EUR"')
    with openai_server() as log:
        generate(log.url, "--limit", "2", rows=4)
        said = generate(log.url, "--max-cost", "1", *euro, rows=4, code=2)["said"]
        assert "prices are in EUR, and the run has paid in USD" in said
        assert log.charges.works == 2


def test_a_bound_without_prices_or_for_another_engine_is_refused(
    generate: Generate, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as log:
        generate(log.url, rows=1)
        asked = len(log.bodies)
        said = generate(
            log.url, "--max-cost", "1", "--engine", "constant", "--set", "answer=x", code=2
        )["said"]
        assert "--max-cost: engine 'constant' has no prices. Use --engine openai" in said
        assert len(log.bodies) == asked


def test_fresh_begins_a_new_account(generate: Generate) -> None:
    with openai_server() as log:
        first = generate(log.url, rows=3)["account"]
        again = generate(log.url, "--fresh", rows=3)["account"]
        assert again == first
        assert log.charges.works == 6


def test_the_progress_the_report_show_and_runs_tell_what_a_run_cost(
    generate: Generate, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> str:
        capsys.readouterr()
        assert cli.run([*arguments]) == 0
        return capsys.readouterr().out

    with openai_server() as log:
        report = generate(log.url, rows=4)
        cost = charged(log.charges)
        assert re.search(rf"4/4 rows, .* tokens/s, 0 in flight, {cost:.4f} USD", report["said"])
        assert report["account"]["money"] == {"USD": pytest.approx(cost)}
        shown = json.loads(told("show", "asked", "--json"))["account"]
        (listed,) = json.loads(told("runs", "--json"))
        assert shown == listed["account"] == report["account"]
        assert f"{cost:.4f} USD" in told("show", "asked")
        assert f"{log.charges.prompt} input tokens ({log.charges.cached} cached)" in told(
            "show", "asked"
        )


def test_what_no_server_answered_has_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(Path("test.csv"), ("id", "질문"), [("T_0", "물음")], bom=False)
    command = ["generate", "constant", "-c", "sample-wallpaper", "--test", "test.csv"]
    assert cli.run([*command, "--run", "plain", "--set", "answer=답", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["account"] is None
