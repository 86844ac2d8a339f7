"""Real processes with the transformers engine; each has a small model of its own."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from submission.engines.base import Completion, EngineContext, Outcome, Request
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.workers.engine import WorkersEngine
from submission.engines.workers.pool import RESTARTS
from submission.errors import InputError, Stopped
from submission.machine.hardware import processors
from submission.recipes import find_recipe
from tests.crash.processes import engine_processes, wait_until_gone
from tests.submission.engines.tiny import context, prompts

pytestmark = pytest.mark.skipif(len(processors()) < 2, reason="two workers need two processors")

# A row at a time, so that there is a middle to be killed in.
ENGINE = {"name": "transformers", "batch_tokens": 1}
SAMPLING = {"max_tokens": 24, "temperature": 1.0}

Start = Callable[..., WorkersEngine]


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    return prompts([f"{number}번 벽지에 곰팡이가 왜 생기나요?" for number in range(60)])


@pytest.fixture(scope="module")
def alone(model_folder: Path, requests: list[Request]) -> dict[str, Outcome]:
    engine = TransformersEngine(context(model_folder, engine=ENGINE, sampling=SAMPLING))
    engine.start()
    return answered(engine.complete(requests))


@contextmanager
def two_workers(model: Path, said: list[str], **settings: Any) -> Iterator[Start]:
    """Starts engines of two workers, all over the same processes."""
    engine = {**ENGINE, "workers": 2, **settings}
    with ModelSlot(shared=True) as slot:

        def start(**sampling: Any) -> WorkersEngine:
            recipe = context(model, engine=engine, sampling={**SAMPLING, **sampling})
            made = make_engine(replace(recipe, say=said.append, slot=slot))
            assert isinstance(made, WorkersEngine)
            made.start()
            return made

        yield start
    assert wait_until_gone(os.getpid()) == {}


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def start(model_folder: Path, said: list[str]) -> Iterator[Start]:
    with two_workers(model_folder, said) as start:
        yield start


def answered(steps: Iterable[Sequence[Outcome]]) -> dict[str, Outcome]:
    outcomes = [each for step in steps for each in step]
    found = {each.key: each for each in outcomes}
    assert len(found) == len(outcomes), "answered twice"
    return found


def worker_ids() -> list[int]:
    return sorted(engine_processes(os.getpid()))


def test_two_workers_give_what_one_engine_gives_in_the_same_rows(
    start: Start,
    said: list[str],
    model_folder: Path,
    requests: list[Request],
    alone: dict[str, Outcome],
) -> None:
    engine = start()
    one = TransformersEngine(context(model_folder, engine=ENGINE, sampling=SAMPLING))
    assert engine.identity == one.identity
    question = requests[0].question
    assert engine.prompt(question, "타일") == one.prompt(question, "타일")
    assert len(worker_ids()) == 2
    assert answered(engine.complete(requests)) == alone
    assert said[0] == "Starting 2 workers."
    assert len(said) == 2, "what each of them says is heard once"


def test_another_sampling_needs_no_other_workers(start: Start, requests: list[Request]) -> None:
    start().close()
    before = worker_ids()
    short = [each for step in start(max_tokens=3).complete(requests) for each in step]
    counts = [each.completion_tokens for each in short if isinstance(each, Completion)]
    assert len(counts) == len(requests)
    assert max(counts) == 3
    assert worker_ids() == before


def test_a_killed_worker_costs_only_what_it_had_not_returned(
    start: Start, said: list[str], requests: list[Request], alone: dict[str, Outcome]
) -> None:
    engine = start()
    steps = engine.complete(requests)
    first = next(step for step in steps if step)
    victim, other = worker_ids()
    os.kill(victim, signal.SIGKILL)
    assert answered([first, *steps]) == alone
    assert any("ended (SIGKILL, perhaps for lack of memory): its" in text for text in said)

    # The one in its place is there for what comes next.
    assert answered(engine.complete(requests)) == alone
    assert other in worker_ids()
    assert victim not in worker_ids()
    assert len(worker_ids()) == 2


def test_what_one_engine_refuses_is_refused(start: Start, requests: list[Request]) -> None:
    beyond = replace(requests[0], key="beyond", tokens=(10**6,))
    steps = start().complete([*requests, beyond])
    with pytest.raises(InputError, match=r"^Question '0'"):
        list(steps)
    assert wait_until_gone(os.getpid()) == {}, "no worker goes on with what nobody waits for"


def test_workers_that_end_again_and_again_stop_the_run_with_the_reason(
    start: Start, requests: list[Request]
) -> None:
    steps = start().complete(requests)
    next(step for step in steps if step)
    with pytest.raises(Stopped, match=rf"^Workers ended {RESTARTS + 1} times.*SIGKILL"):
        kill_all_while(steps)
    assert wait_until_gone(os.getpid()) == {}


def kill_all_while(steps: Iterator[Any]) -> None:
    while True:
        for each in worker_ids():
            os.kill(each, signal.SIGKILL)
        next(steps)


def test_a_worker_that_does_nothing_more_is_replaced(
    model_folder: Path, requests: list[Request], alone: dict[str, Outcome]
) -> None:
    said: list[str] = []
    others = set(worker_ids())
    with two_workers(model_folder, said, stall_timeout=6.0) as start:
        engine = start(max_tokens=1)
        # Before it has its block, which is more than a pipe holds.
        os.kill(min({*worker_ids()} - others), signal.SIGSTOP)
        long = [replace(each, tokens=each.tokens * 10) for each in requests]
        assert len(answered(engine.complete(long))) == len(requests)
        assert len([text for text in said if "did nothing for 6 s" in text]) == 1

        steps = start().complete(requests)
        first = next(step for step in steps if step)
        os.kill(min({*worker_ids()} - others), signal.SIGSTOP)
        assert answered([first, *steps]) == alone
        assert len([text for text in said if "did nothing for 6 s" in text]) == 2


def test_a_worker_that_stops_while_it_loads_the_model_ends_the_run(model_folder: Path) -> None:
    def stop_one() -> None:
        while not worker_ids():
            time.sleep(0.01)
        os.kill(worker_ids()[0], signal.SIGSTOP)

    stopper = threading.Thread(target=stop_one)
    with two_workers(model_folder, [], stall_timeout=6.0) as start:
        stopper.start()
        with pytest.raises(Stopped, match=r"before it had the model: it did nothing for 6 s"):
            start()
        stopper.join()


def test_a_worker_that_cannot_load_the_model_says_why(tmp_path: Path, model_folder: Path) -> None:
    broken = shutil.copytree(model_folder, tmp_path / "model")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    told = r"^transformers cannot load"
    with two_workers(broken, []) as start, pytest.raises(InputError, match=told):
        start()


def test_engines_without_a_model_have_no_workers() -> None:
    recipe = find_recipe("constant", ["engine.workers=2"])
    told = r"^engine.workers: engine 'constant' has no worker processes"
    with pytest.raises(InputError, match=told):
        make_engine(EngineContext(recipe))
