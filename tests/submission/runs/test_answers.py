"""What answers are degenerate by is found once, kept in the ledger, and found anew when due."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submission.engines.base import Completion, Finish
from submission.recipes import Degenerate, DegenerateRules, Recipe
from submission.runs import degenerate
from submission.runs.answers import count_degenerate, run_answers
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run

LOOP = "환기를 합니다. " * 8
GOOD = "벽지를 새로 바르기 전에 벽면의 곰팡이를 닦고 충분히 말려야 합니다."
RECIPE = Recipe(name="test")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions whose answers the rules have looked at."""
    found: list[str] = []
    kinds = degenerate.Rules.kinds

    def noted(self: Any, given: degenerate.Given) -> Any:
        found.append(given.question)
        return kinds(self, given)

    monkeypatch.setattr(degenerate.Rules, "kinds", noted)
    return found


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db") as book:
        begin(book, RECIPE)
        book.record("run", [Completion("a", LOOP, Finish.STOP), Completion("b", GOOD, Finish.STOP)])
        yield book


def begin(book: Ledger, recipe: Recipe) -> None:
    run = Run("run", "f", "sample-wallpaper", recipe.model_dump_json(), "test.csv", "engine", "")
    parts = [PlannedPart(place, 0, 0, key, f"{key}?", key) for place, key in enumerate("abc")]
    book.begin(run, parts, fresh=False)


def kinds(book: Ledger) -> dict[str, frozenset[Degenerate]]:
    return {each.id: each.degenerate for each in run_answers(book, "run", partial=True)}


def test_an_answer_is_looked_at_once(ledger: Ledger, looked_at: list[str]) -> None:
    assert kinds(ledger) == {"a": {Degenerate.LOOPING}, "b": frozenset()}
    assert looked_at == ["a?", "b?"]

    assert kinds(ledger) == {"a": {Degenerate.LOOPING}, "b": frozenset()}
    assert count_degenerate(ledger, "run", partial=True)["looping"] == 1
    with Ledger(ledger.path) as another:
        assert kinds(another)["a"] == {Degenerate.LOOPING}
    assert looked_at == ["a?", "b?"]


def test_only_a_new_answer_is_looked_at(ledger: Ledger, looked_at: list[str]) -> None:
    kinds(ledger)
    ledger.record("run", [Completion("c", "", Finish.STOP)])

    assert kinds(ledger)["c"] == {Degenerate.EMPTY}
    assert looked_at == ["a?", "b?", "c?"]


def test_an_answer_in_place_of_another_is_looked_at(ledger: Ledger, looked_at: list[str]) -> None:
    kinds(ledger)
    ledger.record("run", [Completion("new a", GOOD, Finish.STOP)])
    ledger.adopt("run", {"a": "new a"}, "{}")

    assert kinds(ledger)["a"] == frozenset()
    assert looked_at == ["a?", "b?", "a?"]


def test_a_recipe_with_other_rules_has_every_answer_looked_at_again(
    ledger: Ledger, looked_at: list[str]
) -> None:
    kinds(ledger)
    rules = DegenerateRules(ignore=[Degenerate.LOOPING])
    begin(ledger, RECIPE.model_copy(update={"degenerate": rules}))

    assert kinds(ledger)["a"] == frozenset()
    assert looked_at == ["a?", "b?"] * 2


def test_a_version_with_other_rules_has_every_answer_looked_at_again(
    ledger: Ledger, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds(ledger)
    monkeypatch.setattr(degenerate, "VERSION", degenerate.VERSION + 1)

    kinds(ledger)

    assert looked_at == ["a?", "b?"] * 2


def test_one_more_copy_makes_copies_of_those_before_it(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.db") as book:
        run = Run("run", "f", "sample-wallpaper", RECIPE.model_dump_json(), "test.csv", "e", "")
        keys = [str(place) for place in range(5)]
        book.begin(run, [PlannedPart(int(k), 0, 0, k, f"{k}?", k) for k in keys], fresh=False)
        book.record("run", [Completion(key, GOOD, Finish.STOP) for key in keys[:4]])
        assert count_degenerate(book, "run", partial=True)["duplicated"] == 0

        book.record("run", [Completion("4", GOOD, Finish.STOP)])

        assert count_degenerate(book, "run")["duplicated"] == 5
