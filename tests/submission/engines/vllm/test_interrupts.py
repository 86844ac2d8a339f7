"""Ctrl-C that vLLM swallows, with a stand-in for its engine core."""

from __future__ import annotations

import contextlib
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from submission.engines.base import Completion, EngineContext, Finish
from submission.engines.vllm.engine import VllmEngine
from submission.machine.hardware import vllm_version
from submission.recipes import Recipe
from tests.requests import ask

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed"),
]


class Core:
    """Finishes one request in each step; the first step is interrupted and says nothing of it."""

    model_config = SimpleNamespace(max_model_len=16, get_vocab_size=lambda: 2)
    output_processor = SimpleNamespace(request_states={})

    def __init__(self) -> None:
        self.waiting: list[str] = []

    def add_request(self, key: str, *_: Any, **__: Any) -> None:
        self.waiting.append(key)

    def abort_request(self, _: list[str]) -> None:
        self.waiting.clear()

    def has_unfinished_requests(self) -> bool:
        return bool(self.waiting)

    def step(self) -> list[Any]:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        text = SimpleNamespace(text="습기", finish_reason="stop", token_ids=[1])
        return [
            SimpleNamespace(
                request_id=self.waiting.pop(0), finished=True, prompt_token_ids=[1], outputs=[text]
            )
        ]


def test_what_a_step_finished_before_an_interrupt_is_given_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    core = Core()
    engine = VllmEngine.__new__(VllmEngine)
    engine._llm, engine._alive = SimpleNamespace(llm_engine=core), True
    recipe = Recipe.model_validate({"name": "x"})
    monkeypatch.setattr(engine, "_context", EngineContext(recipe), raising=False)
    parts = {"thoughts": None, "choice_grammar": None}
    checkpoint = SimpleNamespace(require_embeddings=lambda *_: None, **parts)
    monkeypatch.setattr(engine, "_checkpoint", checkpoint, raising=False)
    monkeypatch.setattr(engine, "_lora", lambda: None)
    monkeypatch.setattr(engine, "_sampling", lambda _: None)
    rows = engine.complete([ask("a", "왜 우나요?", (1,)), ask("b", "왜 우나요?", (1,))])

    assert next(rows) == [Completion("a", "습기", Finish.STOP, 1, 1)]
    with pytest.raises(KeyboardInterrupt):
        next(rows)
    assert not core.waiting
