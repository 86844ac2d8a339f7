"""A loaded model is kept for the engine that needs the same, and for no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from submission.engines.slot import ModelSlot
from submission.engines.transformers.engine import TransformersEngine
from tests.requests import flat
from tests.submission.engines.tiny import QUESTIONS, context, prompts


class Weights:
    def __init__(self, log: list[str], name: str) -> None:
        self._log, self._name = log, name
        log.append(f"load {name}")

    def close(self) -> None:
        self._log.append(f"close {self._name}")


def test_the_same_model_is_loaded_once_and_another_takes_its_place() -> None:
    log: list[str] = []
    with ModelSlot(shared=True) as slot:
        first = slot.take("a", lambda: Weights(log, "a"))
        slot.leave()
        assert slot.take("a", lambda: Weights(log, "a")) is first
        slot.take("b", lambda: Weights(log, "b"))
    assert log == ["load a", "close a", "load b", "close b"]


def test_a_slot_of_one_engine_is_empty_when_that_is_closed() -> None:
    log: list[str] = []
    slot = ModelSlot()
    slot.take("a", lambda: Weights(log, "a"))
    slot.leave()
    slot.leave()
    assert log == ["load a", "close a"]


def test_a_model_that_cannot_be_loaded_leaves_nothing_behind() -> None:
    log: list[str] = []
    slot = ModelSlot(shared=True)
    slot.take("a", lambda: Weights(log, "a"))
    with pytest.raises(MemoryError):
        slot.take("b", no_room)
    slot.take("a", lambda: Weights(log, "a"))
    assert log == ["load a", "close a", "load a"]


def no_room() -> Weights:
    raise MemoryError


def test_engines_of_other_prompts_and_sampling_share_a_model_and_its_answers(
    model_folder: Path,
) -> None:
    said: list[str] = []
    requests = prompts(QUESTIONS[:3])
    with ModelSlot(shared=True) as slot:
        answers = []
        for tokens in (4, 12, 4):
            made = context(model_folder, sampling={"max_tokens": tokens})
            engine = TransformersEngine(replace(made, slot=slot, say=said.append))
            engine.start()
            answers.append({each.key: each.text for each in flat(engine.complete(requests))})
            engine.close()
    assert len(said) == 1
    assert answers[0] == answers[2]
    assert all(answers[1][key].startswith(text) for key, text in answers[0].items())


def test_another_precision_is_another_model(model_folder: Path) -> None:
    said: list[str] = []
    with ModelSlot(shared=True) as slot:
        for dtype in ("float32", "bfloat16"):
            made = context(model_folder, engine={"dtype": dtype})
            engine = TransformersEngine(replace(made, slot=slot, say=said.append))
            engine.start()
            engine.close()
    assert len(said) == 2
