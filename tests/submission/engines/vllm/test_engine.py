"""One vLLM engine with an adapter serves every test here; the last one ends it."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import signal
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from submission.engines.base import Completion, Failure, Finish, Request
from submission.engines.choose import make_engine
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.vllm.engine import VllmEngine
from submission.errors import InputError, Stopped
from submission.machine.hardware import has_gpu, processors, vllm_version
from submission.prompts.choices import Choices
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
# The model thinks behind its prompt, until it happens to write the digit. Tags of one token: vLLM
# counts all but one of a longer opening tag in a prompt on top of a budget (0.32, on a CPU).
THINKING = {"open": "?", "close": "5"}


@pytest.fixture(scope="module")
def started(tuned: Tuned) -> Iterator[VllmEngine]:
    before = dict(os.environ)
    os.environ.pop(THREADS, None)
    # vLLM is told the tags when it starts.
    tables = {"sampling": GREEDY, "thinking": THINKING}
    engine = VllmEngine(context(tuned.base, tuned.adapter, **tables))
    engine.start()
    yield engine
    engine.close()
    for name in set(os.environ) - set(before):
        del os.environ[name]


@pytest.fixture
def engine(started: VllmEngine, tuned: Tuned) -> Any:
    """The engine as another recipe's sampling would have it."""

    def make(thinking: dict[str, Any] | None = None, **sampling: Any) -> VllmEngine:
        tables = {"sampling": sampling, "thinking": thinking}
        other = VllmEngine(context(tuned.base, tuned.adapter, **tables))
        other._llm = started._llm
        return other

    return make


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    return prompts(QUESTIONS)


def by_transformers(
    tuned: Tuned,
    requests: list[Request],
    **sampling: Any,
) -> dict[str, Completion]:
    tables = {"thinking": sampling.pop("thinking", None), "sampling": sampling}
    other = TransformersEngine(context(tuned.base, tuned.adapter, **tables))
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


@pytest.mark.parametrize(
    "structure",
    [
        {"choice": ["정답", "오답 🏠", "no"]},
        {"regex": r"[a-zA-Z가-힣]{1,9}(가|이) 옳다\. [a-zA-Z ]{3,}"},
        {"json": {"type": "object", "properties": {"답": {"type": "string", "maxLength": 5}},
                  "required": ["답"], "additionalProperties": False}},
    ],
    ids=["choice", "regex", "json"],
)  # fmt: skip
def test_a_structure_means_the_same_to_both_engines(
    engine: Any, tuned: Tuned, requests: list[Request], structure: dict[str, Any]
) -> None:
    # The model gives <unk>, which is no end token of the tokenizer's, where it would give "f".
    sampling: dict[str, Any] = {"max_tokens": 60, "stop": ["<unk>"], "structure": structure}
    asked = engine(**sampling)
    done = by_key(asked.complete(requests))
    assert done == by_transformers(tuned, requests, **sampling)
    form = asked._context.recipe.sampling.structure
    assert Finish.STOP in {each.finish for each in done.values()}
    assert all(form.accepts(each.text) for each in done.values() if each.finish is Finish.STOP)


def test_every_request_is_completed_exactly_once(engine: Any) -> None:
    many = prompts({f"row-{n}": f"{QUESTIONS[n % 8]} {n}" for n in range(120)})
    keys = [completion.key for completion in flat(engine(max_tokens=5).complete(many))]
    assert sorted(keys) == sorted(request.key for request in many)


def test_requests_that_come_while_it_runs_are_completed_too(
    engine: Any, requests: list[Request]
) -> None:
    waiting = [requests[2:4], [], requests[4:]]
    made = engine(**GREEDY)
    alone = by_key(made.complete(requests))
    steps = made.complete(requests[:2], lambda: waiting.pop(0) if waiting else [])
    found = [each for step in steps for each in step]
    assert sorted(each.key for each in found) == sorted(alone)
    assert {each.key: each for each in found} == alone


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


@pytest.mark.parametrize(
    ("budget", "structure"), [(None, None), (5, None), (5, {"choice": ["yes", "no"]})]
)
def test_thinking_is_taken_off_as_by_the_transformers_engine(
    engine: Any, tuned: Tuned, budget: int | None, structure: dict[str, Any] | None
) -> None:
    requests = prompts([f"{each}?" for each in QUESTIONS])
    thinking = {**THINKING, "budget": budget}
    sampling = {"max_tokens": 32, "stop": ["<unk>", "a"], "structure": structure}
    done = by_key(engine(thinking=thinking, **sampling).complete(requests))
    assert done == by_transformers(tuned, requests, thinking=thinking, **sampling)
    finished = {each.finish for each in done.values()}
    assert {Finish.THINKING, Finish.STOP} <= finished if budget is None else finished
    thought = [len(each.thinking.replace("<unk>", "?")) for each in done.values()]
    assert max(thought) == budget if budget else max(thought) > 5


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
def test_idle_processors_work_where_there_is_no_gpu(started: VllmEngine) -> None:
    """All of them unless other work keeps some busy, as the engine's settings tell."""
    bound = [int(each) for each in os.environ[THREADS].split(",")]
    assert bound
    assert set(bound) <= set(processors())
    (worker,) = [
        pid for pid, command in engine_processes(os.getpid()).items() if "Worker" in command
    ]
    environment = Path(f"/proc/{worker}/environ").read_bytes().decode().split("\0")
    assert f"{THREADS}={os.environ[THREADS]}" in environment
    assert {each.name: each.applied for each in started.settings()}[THREADS] == os.environ[THREADS]


def test_nothing_reaches_the_terminal(engine: Any, requests: list[Request], capfd: Any) -> None:
    list(engine(max_tokens=5).complete(requests))
    assert capfd.readouterr() == ("", "")


def test_choices_have_the_likelihoods_that_the_transformers_engine_gives(
    engine: Any, tuned: Tuned, requests: list[Request]
) -> None:
    asked = choosing(requests)
    done = by_key(engine(**GREEDY).complete(asked))
    other = by_transformers(tuned, asked, **GREEDY)
    for key, completion in done.items():
        assert completion.likelihoods == pytest.approx(other[key].likelihoods, abs=1e-4)
        assert replace(completion, likelihoods={}) == replace(other[key], likelihoods={})


def test_constrained_answers_are_options_as_in_the_transformers_engine(
    engine: Any, tuned: Tuned, requests: list[Request]
) -> None:
    asked = choosing(requests, generated=True)
    done = texts(by_key(engine(**GREEDY).complete(asked)))
    assert done == texts(by_transformers(tuned, asked, **GREEDY))
    assert all(done[each.key] in each.choices.labels for each in asked if each.choices)


def test_what_it_cannot_run_is_refused_before_anything_is_started(
    tuned: Tuned, t5_folder: Path, model_folder: Path
) -> None:
    with pytest.raises(InputError, match=r"does not run encoder-decoder.*--engine transformers"):
        VllmEngine(context(t5_folder))
    with pytest.raises(
        InputError, match=r"cannot apply an adapter to GPT2LMHeadModel.*leaderkit merge"
    ):
        VllmEngine(context(model_folder, tuned.adapter)).start()
    with pytest.raises(InputError, match=r"'vllm' has no beam search\. Use --engine tr"):
        make_engine(context(tuned.base, engine={"name": "vllm"}, sampling={"beams": 2}))


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


def test_what_it_really_runs_with_is_read_from_the_running_engine(engine: Any) -> None:
    found = {each.name: each for each in engine().settings()}
    assert found["dtype"].applied == found["kv_cache_dtype"].applied == "float32"
    assert found["quantization"].applied == "null"
    assert int(found["max_num_seqs"].applied) > 0
    assert found["attention_backend"].applied
    assert not any(each.differs for each in found.values())


def test_a_request_that_vllm_refuses_fails_alone(engine: Any, requests: list[Request]) -> None:
    picky = engine(**GREEDY)
    sampling = picky._sampling

    def refused(request: Request) -> Any:
        return None if request is requests[1] else sampling(request)

    picky._sampling = refused
    done = {each.key: each for step in picky.complete(requests) for each in step}
    assert isinstance(done.pop(requests[1].key), Failure)
    assert len(done) == len(requests) - 1
    assert all(isinstance(each, Completion) for each in done.values())


@pytest.mark.skipif(has_gpu(), reason="the worker is vLLM's own process there")
def test_a_dead_worker_costs_no_row_and_one_that_does_nothing_ends_the_run(
    started: VllmEngine, engine: Any, requests: list[Request], capfd: Any
) -> None:
    """The last test: the engine cannot be used after."""
    dying = engine(max_tokens=400)
    rows = dying.complete(requests)
    done = flat([next(rows)])
    (worker,) = multiprocessing.active_children()
    worker.kill()
    done += flat(rows)
    assert {each.key for each in done} == {request.key for request in requests}
    assert len(done) == len(requests)

    (worker,) = multiprocessing.active_children()
    impatient = dying._context.recipe.engine.model_copy(update={"stall_timeout": 4.0})
    recipe = dying._context.recipe.model_copy(update={"engine": impatient})
    dying._context = replace(dying._context, recipe=recipe)
    rows = dying.complete(requests)
    next(rows)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(Stopped, match=r"for 4 s \(engine.stall_timeout\).*kept") as stop:
        list(rows)
    assert stop.value.exit_code == 3
    dying.close()
    started.close()
    assert wait_until_gone(os.getpid()) == {}
    assert capfd.readouterr() == ("", "")


KINDS = (("A", "B", "C"), ("yes", "no, never"), ("A", "a longer option"), ("no", "no, never"))


def choosing(requests: list[Request], *, generated: bool = False) -> list[Request]:
    """The requests with options of one token, of several, of both, and one that begins another."""
    found = []
    for place, request in enumerate(requests):
        texts = KINDS[place % len(KINDS)]
        tokens = tuple(each.tokens for each in prompts(list(texts)))
        prior = prompts(["Answer:"])[0].tokens if place % 2 else ()
        lengths = () if generated else tuple(map(len, texts))
        choices = Choices(texts, texts, tokens, lengths, prior, generated)
        found.append(replace(request, choices=choices))
    return found
