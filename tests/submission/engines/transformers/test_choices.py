"""Choices in transformers: what is generated under their grammar, and what scoring them takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from submission.engines.base import Finish, Request
from submission.engines.transformers.engine import TransformersEngine
from submission.errors import Stopped
from submission.prompts.choices import Choices
from tests.models import gpt2
from tests.requests import flat
from tests.submission.engines.tiny import QUESTIONS, context, prompts


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersEngine]:
    """Weights as they were drawn: every token is about as likely as any other."""
    folder = gpt2(tmp_path_factory.mktemp("random") / "gpt2")
    drawn = {"max_tokens": 40, "temperature": 1.0}
    choice = {"method": "constrained"}
    engine = TransformersEngine(context(folder, choice=choice, sampling=drawn))
    engine.start()
    yield engine
    engine.close()


def shapes(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Rows and their tokens, cached ones included, of each call of the model from here on."""
    found: list[tuple[int, int]] = []
    forward = type(model).forward

    @wraps(forward)
    def watched(self: Any, **inputs: Any) -> Any:
        found.append(tuple(inputs["attention_mask"].shape))
        return forward(self, **inputs)

    monkeypatch.setattr(type(model), "forward", watched)
    return found


def test_options_are_scored_within_the_tokens_of_a_batch(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [f"{number}번 도장 공사" for number in range(12)]
    rows = choosing(prompts(QUESTIONS), "가", *options, "나 다")
    folder = engine._checkpoint.model.folder
    at_once = shapes(engine._model, monkeypatch)

    def likelihoods(batch_tokens: int) -> dict[str, Any]:
        at_once.clear()
        other = TransformersEngine(context(folder, engine={"batch_tokens": batch_tokens}))
        other._model = engine._model
        return {each.key: each.likelihoods for each in flat(other.complete(rows))}

    whole = likelihoods(100_000)
    assert len(at_once) == 2
    few = likelihoods(300)
    assert len(at_once) > 2 * len(rows)
    assert all(count * tokens <= 300 for count, tokens in at_once)
    for key, found in whole.items():
        assert few[key] == pytest.approx(found, abs=1e-4)


def test_out_of_memory_with_one_choice_says_what_helps(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("submission.engines.transformers.engine.scored", full)
    with pytest.raises(Stopped, match=r"Lower engine\.batch_tokens"):
        list(engine.complete(choosing(prompts(QUESTIONS)[:1], "가", "나")))


def choosing(requests: list[Request], *options: str, generated: bool = False) -> list[Request]:
    tokens = tuple(each.tokens for each in prompts(list(options)))
    choices = Choices(options, options, tokens, generated=generated)
    return [replace(each, choices=choices) for each in requests]


@pytest.mark.parametrize(
    "options",
    [("벽", "벽지", "벽지 도장"), ("1", "10"), ("10", "1"), ("석고보드", "타일 시공")],
)
def test_constrained_can_choose_every_option_also_one_that_another_begins_with(
    engine: TransformersEngine, options: tuple[str, ...]
) -> None:
    rows = [replace(prompts(QUESTIONS)[0], key=str(seed), seed=seed) for seed in range(24)]
    done = flat(engine.complete(choosing(rows, *options, generated=True)))
    found = Counter(each.text for each in done)
    assert set(found) == set(options)
    assert {each.finish for each in done} == {Finish.STOP}


def test_rows_of_a_batch_have_options_of_their_own(engine: TransformersEngine) -> None:
    first, second = prompts(QUESTIONS)[:2]
    rows = [
        *choosing([first], "벽", "벽지", generated=True),
        *choosing([second], "타일", "장판", generated=True),
    ]
    done = {each.key: each.text for each in flat(engine.complete(rows))}
    assert done[first.key] in {"벽", "벽지"}
    assert done[second.key] in {"타일", "장판"}


def test_what_binds_a_choice_is_part_of_its_row_keys(model_folder: Path) -> None:
    def identity(**tables: Any) -> Mapping[str, str]:
        return TransformersEngine(context(model_folder, **tables)).identity

    assert "llguidance" in identity(choice={"method": "constrained"})
    assert "llguidance" not in identity(choice={"method": "labels"})
