"""One vLLM engine with an adapter serves every test here; the last one ends it."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from submission.engines.base import Completion, Finish, Request
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.vllm.engine import VllmEngine
from submission.errors import InputError, Stopped
from submission.machine.hardware import has_gpu, processors, vllm_version
from tests.crash.processes import engine_processes, wait_until_gone
from tests.models import gpt2
from tests.requests import flat
from tests.submission.engines.conftest import Tuned
from tests.submission.engines.tiny import QUESTIONS, context, prompts
from tests.submission.engines.transformers.test_engine import by_key, texts

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed"),
]

GREEDY = {"max_tokens": 24}
SAMPLED = {"max_tokens": 24, "temperature": 1.0, "top_p": 0.95}
THREADS = "VLLM_CPU_OMP_THREADS_BIND"


@pytest.fixture(scope="module")
def started(tuned: Tuned) -> Iterator[VllmEngine]:
    before = dict(os.environ)
    os.environ.pop(THREADS, None)
    engine = VllmEngine(context(tuned.base, tuned.adapter, sampling=GREEDY))
    engine.start()
    yield engine
    engine.close()
    for name in set(os.environ) - set(before):
        del os.environ[name]


@pytest.fixture
def engine(started: VllmEngine, tuned: Tuned) -> Any:
    """The engine as another recipe's sampling would have it."""

    def make(**sampling: Any) -> VllmEngine:
        other = VllmEngine(context(tuned.base, tuned.adapter, sampling=sampling))
        other._llm = started._llm
        return other

    return make


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    return prompts(QUESTIONS)


def by_transformers(
    tuned: Tuned, requests: list[Request], **sampling: Any
) -> dict[str, Completion]:
    other = TransformersEngine(context(tuned.base, tuned.adapter, sampling=sampling))
    other.start()
    return by_key(other.complete(requests))


def test_it_gives_what_the_transformers_engine_gives(
    engine: Any, tuned: Tuned, requests: list[Request]
) -> None:
    done = by_key(engine(**GREEDY).complete(requests))
    assert done == by_transformers(tuned, requests, **GREEDY)
    assert len(set(texts(done).values())) == len(requests)
    assert {Finish.LENGTH} <= {each.finish for each in done.values()}


def test_an_adapter_at_run_time_answers_as_the_merged_model(
    engine: Any, tuned: Tuned, requests: list[Request]
) -> None:
    merged = TransformersEngine(context(tuned.merged, sampling=GREEDY))
    merged.start()
    assert by_key(engine(**GREEDY).complete(requests)) == by_key(merged.complete(requests))


def test_a_repetition_penalty_means_the_same_to_both_engines(
    engine: Any, tuned: Tuned, requests: list[Request]
) -> None:
    sampling = {"max_tokens": 24, "repetition_penalty": 1.3}
    done = by_key(engine(**sampling).complete(requests))
    assert done == by_transformers(tuned, requests, **sampling)


def test_every_request_is_completed_exactly_once(engine: Any) -> None:
    many = prompts({f"row-{n}": f"{QUESTIONS[n % 8]} {n}" for n in range(120)})
    keys = [completion.key for completion in flat(engine(max_tokens=5).complete(many))]
    assert sorted(keys) == sorted(request.key for request in many)


def test_more_seeded_prompts_than_fit_in_a_step_are_all_drawn(engine: Any) -> None:
    # A prompt read in parts would wind back its generator, which a CPU's cannot.
    draw = random.Random(0)  # noqa: S311
    rows = {f"row-{n}": "".join(draw.choices(string.ascii_letters, k=400)) for n in range(40)}
    many = [replace(request, seed=1) for request in prompts(rows)]
    done = by_key(engine(**SAMPLED | {"max_tokens": 4}).complete(many))
    assert len(done) == 40


def test_a_short_answer_comes_before_a_long_one_is_finished(
    engine: Any, requests: list[Request]
) -> None:
    done = flat(engine(max_tokens=60).complete(requests))
    lengths = {completion.completion_tokens for completion in done}
    assert len(lengths) > 1, "the prompts should differ in how much they get"
    assert done[0].completion_tokens == min(lengths)
    assert done[-1].completion_tokens == max(lengths)


def test_a_prompt_as_long_as_the_context_gets_no_answer_and_says_so(
    engine: Any, requests: list[Request]
) -> None:
    rows = prompts({"full": "x" * 512, "over": "x" * 600, "fits": "x" * 509})
    done = by_key(engine(**GREEDY).complete([*rows, requests[0]]))
    assert done["full"] == Completion("full", "", Finish.PROMPT_TOO_LONG, 512, 0)
    assert done["over"] == Completion("over", "", Finish.PROMPT_TOO_LONG, 600, 0)
    assert 1 <= done["fits"].completion_tokens <= 3
    assert done["0"].text


def test_an_answer_cut_off_by_its_limit_is_marked(engine: Any, requests: list[Request]) -> None:
    whole = by_key(engine(max_tokens=24).complete(requests))
    cut = by_key(engine(max_tokens=3).complete(requests))
    for key, completion in cut.items():
        assert whole[key].text.startswith(completion.text)
        if whole[key].completion_tokens > 3:
            assert completion.finish is Finish.LENGTH
            assert completion.completion_tokens == 3


def test_stops_end_an_answer_as_the_transformers_engine_does(
    engine: Any, tuned: Tuned, requests: list[Request]
) -> None:
    free = by_key(engine(**GREEDY).complete(requests))
    sampling = {**GREEDY, "stop": ["<unk>", free["1"].text[5:7]]}
    stopped = by_key(engine(**sampling).complete(requests))
    other = by_transformers(tuned, requests, **sampling)
    assert texts(stopped) == texts(other)
    assert {k: c.finish for k, c in stopped.items()} == {k: c.finish for k, c in other.items()}
    by_token = [
        key for key, completion in stopped.items()
        if completion.finish is Finish.STOP and free[key].finish is Finish.LENGTH and key != "1"
    ]  # fmt: skip
    assert by_token
    assert stopped["1"].text == free["1"].text.partition(free["1"].text[5:7])[0]


def test_a_draw_is_the_same_again_and_in_any_order(engine: Any, requests: list[Request]) -> None:
    drawn = by_key(engine(**SAMPLED).complete(requests))
    assert texts(drawn) != texts(by_key(engine(**GREEDY).complete(requests)))
    shuffled = random.Random(1).sample(requests, len(requests))  # noqa: S311 -- repeatable
    assert by_key(engine(**SAMPLED).complete(shuffled)) == drawn
    assert by_key(engine(**SAMPLED).complete(requests[2:3])) == {"2": drawn["2"]}


def test_another_seed_draws_another_answer(engine: Any, requests: list[Request]) -> None:
    several = [replace(requests[1], key=str(seed), seed=seed) for seed in range(5)]
    assert len(set(texts(by_key(engine(**SAMPLED).complete(several))).values())) == 5


def test_a_consumer_that_leaves_early_leaves_nothing_for_the_next(
    engine: Any, requests: list[Request]
) -> None:
    whole = by_key(engine(max_tokens=60).complete(requests))
    early = engine(max_tokens=60).complete(requests)
    next(early)
    early.close()
    again = by_key(engine(max_tokens=60).complete(requests[4:]))
    assert again == {request.key: whole[request.key] for request in requests[4:]}


@pytest.mark.skipif(has_gpu(), reason="threads matter where there is no GPU")
def test_every_processor_works_where_there_is_no_gpu(started: VllmEngine) -> None:
    every = ",".join(map(str, processors()))
    assert os.environ[THREADS] == every
    (worker,) = [
        pid for pid, command in engine_processes(os.getpid()).items() if "Worker" in command
    ]
    environment = Path(f"/proc/{worker}/environ").read_bytes().decode().split("\0")
    assert f"{THREADS}={every}" in environment
    assert "CPU, " + str(len(processors())) + " threads" in started.description


def test_nothing_reaches_the_terminal(engine: Any, requests: list[Request], capfd: Any) -> None:
    list(engine(max_tokens=5).complete(requests))
    assert capfd.readouterr() == ("", "")


def test_what_it_cannot_run_is_refused_before_anything_is_started(
    tuned: Tuned, t5_folder: Path, model_folder: Path
) -> None:
    with pytest.raises(InputError, match=r"does not run encoder-decoder.*--engine transformers"):
        VllmEngine(context(t5_folder))
    with pytest.raises(
        InputError, match=r"cannot apply an adapter to GPT2LMHeadModel.*leaderkit merge"
    ):
        VllmEngine(context(model_folder, tuned.adapter)).start()
    with pytest.raises(InputError, match="beams needs --engine transformers"):
        VllmEngine(context(tuned.base, sampling={"beams": 2}))


def test_a_model_that_cannot_start_is_refused_with_the_reason_and_leaves_no_process(
    started: VllmEngine, tmp_path: Path, capfd: Any
) -> None:
    before = engine_processes(os.getpid()).keys()
    folder = gpt2(tmp_path / "model")
    gpt2(tmp_path / "wider", width=128)
    (tmp_path / "wider" / "model.safetensors").replace(folder / "model.safetensors")
    capfd.readouterr()
    engine = VllmEngine(context(folder))
    with pytest.raises(InputError) as refused:
        engine.start()
    assert re.match(rf"vLLM cannot run '{folder}': \w+Error[ :]", str(refused.value))
    assert "(--engine transformers may run it)" in str(refused.value)
    assert capfd.readouterr() == ("", "")
    engine.close()
    assert wait_until_gone(os.getpid(), but=before) == {}


@pytest.mark.skipif(has_gpu(), reason="the worker is vLLM's own process there")
def test_the_death_of_a_worker_stops_the_run_and_leaves_no_process(
    started: VllmEngine, engine: Any, requests: list[Request], capfd: Any
) -> None:
    """The last test: the engine cannot be used after."""
    rows = engine(max_tokens=400).complete(requests)
    next(rows)
    (worker,) = multiprocessing.active_children()
    worker.kill()
    with pytest.raises(Stopped, match="kept") as stop:
        list(rows)
    assert stop.value.exit_code == 3
    started.close()
    assert wait_until_gone(os.getpid()) == {}
    assert capfd.readouterr() == ("", "")
