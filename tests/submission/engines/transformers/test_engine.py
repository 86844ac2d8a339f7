from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from submission.engines.base import Completion, Finish, Outcome, Request
from submission.engines.choose import make_engine
from submission.engines.transformers.engine import TransformersEngine
from submission.errors import InputError, Stopped
from submission.records.rows import Question
from tests.models import gpt2
from tests.requests import ask, flat
from tests.submission.engines.conftest import Tuned
from tests.submission.engines.tiny import QUESTIONS, context, lively, prompts

GREEDY = {"max_tokens": 24}
SAMPLED = {"max_tokens": 24, "temperature": 1.0, "top_p": 0.95}
ONE_BY_ONE = {"batch_tokens": 1}


@contextmanager
def started(
    model: Path, adapter: Path | None = None, **tables: Any
) -> Iterator[TransformersEngine]:
    engine = TransformersEngine(context(model, adapter, **tables))
    engine.start()
    try:
        yield engine
    finally:
        engine.close()


def complete(
    model: Path, requests: list[Request], adapter: Path | None = None, **tables: Any
) -> dict[str, Completion]:
    with started(model, adapter, **tables) as engine:
        return by_key(engine.complete(requests))


def by_key(steps: Iterable[Sequence[Outcome]]) -> dict[str, Completion]:
    found: dict[str, Completion] = {}
    for completion in flat(steps):
        assert completion.key not in found
        found[completion.key] = completion
    return found


def texts(completions: dict[str, Completion]) -> dict[str, str]:
    return {key: completions[key].text for key in sorted(completions)}


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    return prompts(QUESTIONS)


@pytest.fixture(scope="module")
def greedy(model_folder: Path, requests: list[Request]) -> dict[str, Completion]:
    return complete(model_folder, requests, sampling=GREEDY)


def test_a_batch_gives_what_single_rows_give(
    model_folder: Path, requests: list[Request], greedy: dict[str, Completion]
) -> None:
    assert len(set(texts(greedy).values())) == len(QUESTIONS)
    assert complete(model_folder, requests, sampling=GREEDY, engine=ONE_BY_ONE) == greedy


def test_rows_are_what_the_models_own_generate_gives(
    model_folder: Path, requests: list[Request], greedy: dict[str, Completion]
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(model_folder)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    for request in requests:
        ids = torch.tensor([request.tokens])
        output = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, do_sample=False
        )[0, len(request.tokens) :]
        completion = greedy[request.key]
        assert completion.text == tokenizer.decode(output, skip_special_tokens=True)
        assert completion.completion_tokens == len(output)
        assert completion.prompt_tokens == len(request.tokens)
        ended = tokenizer.eos_token_id in output
        assert completion.finish is (Finish.STOP if ended else Finish.LENGTH)


def test_the_load_is_what_was_computed_of_each_batch(
    model_folder: Path, requests: list[Request]
) -> None:
    with started(model_folder, sampling=GREEDY, engine=ONE_BY_ONE) as engine:
        steps = engine.complete(requests)
        (first,) = next(steps)
        done, rest, rows = engine.load()
        assert done[:2] == (first.prompt_tokens, first.completion_tokens)
        assert rows == len(requests) - 1
        assert rest.read == sum(len(each.tokens) for each in requests) - first.prompt_tokens
        assert rest.written == rows * first.completion_tokens
        every = [first, *flat(steps)]
        total = (sum(each.prompt_tokens for each in every),
                 sum(each.completion_tokens for each in every))  # fmt: skip
        assert engine.load().done[:2] == total
        assert engine.load()[1:] == ((0, 0, 0), 0)


@pytest.mark.parametrize("beams", [1, 2])
def test_a_padded_batch_counts_as_long_as_its_longest_row(
    model_folder: Path, requests: list[Request], beams: int
) -> None:
    with started(model_folder, sampling={**GREEDY, "beams": beams}) as engine:
        (batch,) = engine.complete(requests)
        done = engine.load().done
    assert done.read == len(batch) * max(each.prompt_tokens for each in batch)
    longest = max(each.completion_tokens for each in batch)
    assert len(batch) * longest <= done.written <= len(batch) * GREEDY["max_tokens"]


@pytest.mark.parametrize("penalty", [1.3, 0.8])
@pytest.mark.parametrize("padding", [True, False])
def test_a_repetition_penalty_does_not_reach_a_rows_padding(
    tmp_path: Path, requests: list[Request], penalty: float, padding: bool
) -> None:
    """Without a padding token rows are padded with the end token, which must not be penalized."""
    from transformers import AutoTokenizer

    folder = lively(gpt2(tmp_path / "model"))
    if not padding:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.pad_token = None
        tokenizer.save_pretrained(folder)
    sampling = {"max_tokens": 40, "repetition_penalty": penalty}
    batched = complete(folder, requests, sampling=sampling)
    assert complete(folder, requests, sampling=sampling, engine=ONE_BY_ONE) == batched


def test_a_rows_draw_depends_neither_on_its_batch_nor_on_the_order(
    model_folder: Path, requests: list[Request], greedy: dict[str, Completion]
) -> None:
    drawn = complete(model_folder, requests, sampling=SAMPLED)
    assert texts(drawn) != texts(greedy)
    assert complete(model_folder, requests, sampling=SAMPLED, engine=ONE_BY_ONE) == drawn
    shuffled = random.Random(1).sample(requests, len(requests))  # noqa: S311 -- repeatable
    assert complete(model_folder, shuffled, sampling=SAMPLED) == drawn
    with started(model_folder, sampling=SAMPLED) as engine:
        assert by_key(engine.complete(requests[3:5])) == {
            request.key: drawn[request.key] for request in requests[3:5]
        }


def test_another_seed_draws_another_answer(model_folder: Path) -> None:
    prompt = prompts([QUESTIONS[1]])[0]
    several = [replace(prompt, key=str(seed), seed=seed) for seed in range(6)]
    drawn = complete(model_folder, several, sampling=SAMPLED)
    assert len(set(texts(drawn).values())) == 6


def test_draws_follow_the_models_probabilities(model_folder: Path) -> None:
    """First tokens of many draws against the softmax, by total variation distance."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    prompt = prompts([QUESTIONS[0]])[0]
    count = 1500
    several = [replace(prompt, key=str(seed), seed=seed) for seed in range(count)]
    sampling = {"max_tokens": 1, "temperature": 0.7, "top_k": 5}
    drawn = complete(model_folder, several, sampling=sampling, engine={"batch_tokens": 10**6})
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    with torch.inference_mode():
        logits = AutoModelForCausalLM.from_pretrained(model_folder)(
            torch.tensor([prompt.tokens])
        ).logits[0, -1]
    best = torch.topk(logits, 5)
    expected = dict(
        zip(
            tokenizer.batch_decode(best.indices[:, None], skip_special_tokens=True),
            torch.softmax(best.values / 0.7, 0).tolist(),
            strict=True,
        )
    )
    seen = [completion.text for completion in drawn.values()]
    assert set(seen) <= set(expected)
    distance = sum(abs(seen.count(text) / count - share) for text, share in expected.items()) / 2
    assert distance < 0.04


def test_a_stop_text_ends_the_answer_before_it(
    model_folder: Path, requests: list[Request], greedy: dict[str, Completion]
) -> None:
    stop = greedy["1"].text[3:5]
    stopped = complete(model_folder, requests, sampling={**GREEDY, "stop": [stop]})
    for key, whole in greedy.items():
        before, found, _ = whole.text.partition(stop)
        assert stopped[key].text == before
        assert stopped[key].finish is (Finish.STOP if found else whole.finish)
    assert stopped["1"].completion_tokens < greedy["1"].completion_tokens
    alone = complete(model_folder, requests, sampling={**GREEDY, "stop": [stop]}, engine=ONE_BY_ONE)
    assert alone == stopped


def test_a_stop_text_is_looked_for_in_the_answer_alone(
    model_folder: Path, greedy: dict[str, Completion]
) -> None:
    """A prompt that ends with half of the stop text does not complete it."""
    first = complete(model_folder, prompts(["질문 A"]), sampling=GREEDY)["0"]
    assert first.text
    stop = "A" + first.text[0]
    stopped = complete(model_folder, prompts(["질문 A"]), sampling={**GREEDY, "stop": [stop]})["0"]
    assert stopped.text == first.text.partition(stop)[0] != ""


def test_a_special_token_stops_as_a_token(tmp_path: Path, requests: list[Request]) -> None:
    folder = lively(gpt2(tmp_path / "model"), alias={"A": "<unk>"})
    free = complete(folder, requests, sampling=GREEDY)
    stopped = complete(folder, requests, sampling={**GREEDY, "stop": ["<unk>"]})
    shorter = [key for key in free if len(stopped[key].text) < len(free[key].text)]
    assert shorter
    for key in shorter:
        assert free[key].text.startswith(stopped[key].text)
        assert stopped[key].finish is Finish.STOP
        assert stopped[key].completion_tokens == len(stopped[key].text) + 1


def test_an_encoder_decoder_model_answers_alike_batched_and_alone(
    t5_folder: Path, requests: list[Request]
) -> None:
    batched = complete(t5_folder, requests, sampling=GREEDY)
    assert set(batched) == {request.key for request in requests}
    assert complete(t5_folder, requests, sampling=GREEDY, engine=ONE_BY_ONE) == batched
    drawn = complete(t5_folder, requests, sampling=SAMPLED)
    assert len(set(texts(drawn).values())) == len(requests)
    assert complete(t5_folder, requests, sampling=SAMPLED, engine=ONE_BY_ONE) == drawn


def test_beams_are_searched_alike_batched_and_alone(
    model_folder: Path, requests: list[Request]
) -> None:
    sampling = {"max_tokens": 12, "beams": 3}
    batched = complete(model_folder, requests, sampling=sampling)
    assert set(batched) == {request.key for request in requests}
    assert complete(model_folder, requests, sampling=sampling, engine=ONE_BY_ONE) == batched


def test_a_prompt_as_long_as_the_context_gets_no_answer_and_says_so(
    model_folder: Path, greedy: dict[str, Completion]
) -> None:
    rows = prompts({"0": QUESTIONS[0], "full": "x" * 512, "over": "x" * 600})
    done = complete(model_folder, rows, sampling=GREEDY)
    assert done["0"] == greedy["0"]
    for key, length in (("full", 512), ("over", 600)):
        assert done[key] == Completion(key, "", Finish.PROMPT_TOO_LONG, length, 0)


def test_a_prompt_that_nearly_fills_the_context_is_answered_in_what_is_left(
    model_folder: Path,
) -> None:
    rows = prompts({"one": "x" * 511, "five": "x" * 507, "short": QUESTIONS[1]})
    done = complete(model_folder, rows, sampling={"max_tokens": 40})
    for key, room in (("one", 1), ("five", 5)):
        assert 1 <= done[key].completion_tokens <= room
        if done[key].completion_tokens < room:
            assert done[key].finish is Finish.STOP
    alone = complete(model_folder, rows[2:], sampling={"max_tokens": 40})
    assert done["short"] == alone["short"], "a long row does not shorten its neighbours"


def test_a_declared_context_is_kept_to(model_folder: Path) -> None:
    rows = prompts({"long": "x" * 64, "short": "x" * 60})
    done = complete(model_folder, rows, sampling=GREEDY, engine={"max_model_len": 64})
    assert done["long"].finish is Finish.PROMPT_TOO_LONG
    assert 1 <= done["short"].completion_tokens <= 4


def test_an_answer_that_never_ends_is_cut_off_and_counted(
    tmp_path: Path, requests: list[Request]
) -> None:
    folder = gpt2(tmp_path / "endless")  # random weights this small repeat one token for ever
    done = complete(folder, requests, sampling={"max_tokens": 30})
    for completion in done.values():
        assert completion.finish is Finish.LENGTH
        assert completion.completion_tokens == 30


class LittleMemory:
    """The engine's real model on a device that holds ``rows`` rows at a time."""

    def __init__(self, model: Any, rows: int, error: type[Exception]) -> None:
        self._model, self._rows, self._error = model, rows, error
        self.batches: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, input_ids: Any, **options: Any) -> Any:
        self.batches.append(len(input_ids))
        if len(input_ids) > self._rows:
            raise self._error("DefaultCPUAllocator: can't allocate memory")
        return self._model.generate(input_ids=input_ids, **options)


def out_of_memory_errors() -> list[type[Exception]]:
    import torch

    return [torch.OutOfMemoryError, RuntimeError, MemoryError]


@pytest.mark.parametrize("kind", [0, 1, 2], ids=["cuda", "cpu", "python"])
def test_out_of_memory_halves_the_batch_and_loses_no_row(
    model_folder: Path, requests: list[Request], greedy: dict[str, Completion], kind: int
) -> None:
    said: list[str] = []
    engine = TransformersEngine(replace(context(model_folder, sampling=GREEDY), say=said.append))
    engine.start()
    engine._model = small = LittleMemory(engine._model, 2, out_of_memory_errors()[kind])
    assert by_key(engine.complete(requests)) == greedy
    assert small.batches == [8, 4, 2, 2, 4, 2, 2]
    assert "Out of memory at 8 rows: halved to 4." in said


def test_out_of_memory_with_one_row_stops_after_giving_the_finished_rows(
    model_folder: Path, requests: list[Request], greedy: dict[str, Completion]
) -> None:
    import torch

    class NoRoomForShortPrompts(LittleMemory):
        def generate(self, input_ids: Any, **options: Any) -> Any:
            if input_ids.shape[1] < 10:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().generate(input_ids, **options)

    with started(model_folder, sampling=GREEDY, engine=ONE_BY_ONE) as engine:
        engine._model = NoRoomForShortPrompts(engine._model, 1, MemoryError)
        done: list[Sequence[Completion]] = []
        with pytest.raises(Stopped, match=r"single prompt of 6 tokens.*rows are kept") as stop:
            done.extend(engine.complete(requests))
    assert stop.value.exit_code == 3
    assert by_key(done) == {key: greedy[key] for key in greedy if key not in ("3", "6")}


def test_another_error_of_the_model_is_not_taken_for_memory(
    model_folder: Path, requests: list[Request]
) -> None:
    class Broken(LittleMemory):
        def generate(self, input_ids: Any, **options: Any) -> Any:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with started(model_folder, sampling=GREEDY) as engine:
        engine._model = Broken(engine._model, 1, MemoryError)
        with pytest.raises(RuntimeError, match="mat1"):
            list(engine.complete(requests))


def test_an_adapter_at_run_time_answers_as_the_merged_model(
    tuned: Tuned, requests: list[Request]
) -> None:
    base = complete(tuned.base, requests, sampling=GREEDY)
    adapted = complete(tuned.base, requests, tuned.adapter, sampling=GREEDY)
    merged = complete(tuned.merged, requests, sampling=GREEDY)
    assert texts(adapted) != texts(base)
    assert adapted == merged


def test_identity_tells_models_adapters_and_precision_apart(tuned: Tuned) -> None:
    same = [TransformersEngine(context(tuned.base)).identity for _ in range(2)]
    assert same[0] == same[1]
    others = [
        TransformersEngine(context(tuned.merged)).identity,
        TransformersEngine(context(tuned.base, tuned.adapter)).identity,
        TransformersEngine(context(tuned.base, engine={"dtype": "bfloat16"})).identity,
    ]
    assert len({str(sorted(each.items())) for each in [same[0], *others]}) == 4


def test_what_it_cannot_run_is_refused_before_anything_is_loaded(
    tuned: Tuned, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"is an adapter, not a model.*leaderkit merge"):
        TransformersEngine(context(tuned.adapter))
    with pytest.raises(InputError, match=r"no adapter_config\.json in it"):
        TransformersEngine(context(tuned.base, tuned.merged))
    with pytest.raises(InputError, match=r"engine\.quantization belongs to vLLM"):
        TransformersEngine(context(tuned.base, engine={"quantization": "fp8"}))
    with pytest.raises(InputError, match="beams needs greedy"):
        TransformersEngine(context(tuned.base, sampling={"beams": 2, "temperature": 1.0}))
    with pytest.raises(
        InputError, match="has a model, so it cannot have the engine option 'answer'"
    ):
        TransformersEngine(context(tuned.base, options={"answer": "1"}))


def test_a_model_without_tokenizer_files_is_refused(tuned: Tuned, tmp_path: Path) -> None:
    shutil.copytree(tuned.base, tmp_path / "bare", ignore=shutil.ignore_patterns("*token*"))
    config = tmp_path / "bare" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"model_type": "gpt2"}))
    with pytest.raises(InputError, match="has no vocabulary of a tokenizer"):
        _ = TransformersEngine(context(tmp_path / "bare"))._checkpoint.tokenizer


def test_auto_takes_vllm_only_for_what_it_lists(tuned: Tuned, tmp_path: Path) -> None:
    pytest.importorskip("vllm")
    said: list[str] = []
    shutil.copytree(tuned.base, tmp_path / "other")
    config = json.loads((tmp_path / "other" / "config.json").read_text("utf-8"))
    for name, engine in (("GPT2LMHeadModel", "vllm"), ("OpenAIGPTLMHeadModel", "transformers")):
        config["architectures"] = [name]
        (tmp_path / "other" / "config.json").write_text(json.dumps(config), "utf-8")
        make_engine(replace(context(tmp_path / "other", engine={"name": "auto"}), say=said.append))
        assert said.pop().startswith(f"Engine: {engine} (")


def test_weights_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    folder = gpt2(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"cut off")
    engine = TransformersEngine(context(folder))
    with pytest.raises(InputError, match="transformers cannot load"):
        engine.start()


def test_a_token_without_an_embedding_is_named_with_its_question(tmp_path: Path) -> None:
    model = gpt2(tmp_path / "model", layers=1)
    tokenizer = AutoTokenizer.from_pretrained(model)
    rows = len(tokenizer)
    tokenizer.add_tokens(["욕실"])
    tokenizer.save_pretrained(model)
    engine = TransformersEngine(context(model))
    fine, unknown = (
        ask(key, text, engine.prompt(Question(key, text, "", {}), text))
        for key, text in (("R0", "타일은?"), ("R1", "욕실은?"))
    )
    engine.start()
    assert flat(engine.complete([fine]))
    with pytest.raises(InputError, match=rf"Question 'R1': .*'욕실' \(id {rows}\)"):
        list(engine.complete([fine, unknown]))
    engine.close()
