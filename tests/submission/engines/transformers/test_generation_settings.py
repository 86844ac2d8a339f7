"""A model's own generation settings: nothing of them changes an answer but its token ids."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from submission.adapters.greedy import Answer, answer
from submission.adapters.load import generation_ids, load_base, load_tokenizer
from submission.engines.base import Request
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.vllm.engine import VllmEngine
from submission.errors import InputError
from submission.machine.hardware import vllm_version
from tests.requests import flat
from tests.submission.engines.tiny import QUESTIONS, context, lively, llama, prompts

GREEDY = {"max_tokens": 12}
SAMPLED = {"max_tokens": 12, "temperature": 1.0}
TAKEN = {"eos_token_id", "decoder_start_token_id"}
# What changes or breaks answers where it is taken; any other field, also one that a later version
# of transformers adds, is given the number in ANY.
HOSTILE: dict[str, Any] = {
    "assistant_confidence_threshold": 0.9,
    "assistant_ensemble_weight": 0.5,
    "bad_words_ids": [[number] for number in range(40, 90)],
    "begin_suppress_tokens": list(range(3, 200)),
    "cache_config": {"backend": "none"},
    "cache_implementation": "quantized",
    "compile_config": {"mode": "none"},
    "constraints": ["none"],
    "continuous_batching_config": {"block_size": 1},
    "disable_compile": True,
    "do_sample": True,
    "dola_layers": "low",
    "early_stopping": "never",
    "encoder_repetition_penalty": 5.0,
    "epsilon_cutoff": 0.5,
    "eta_cutoff": 0.5,
    "exponential_decay_length_penalty": [1, 50.0],
    "force_words_ids": [[70]],
    "guidance_scale": 9.0,
    "low_memory": True,
    "max_time": 1e-9,
    "min_p": 0.9,
    "num_assistant_tokens_schedule": "heuristic",
    "output_attentions": True,
    "output_hidden_states": True,
    "output_logits": True,
    "output_scores": True,
    "penalty_alpha": 0.6,
    "remove_invalid_values": True,
    "renormalize_logits": True,
    "repetition_penalty": 9.0,
    "return_dict_in_generate": True,
    "sequence_bias": [[[number], -100.0] for number in range(40, 90)],
    "speculation_type": "dflash",
    "stop_strings": ["e", "a", " "],
    "suppress_tokens": list(range(40, 90)),
    "temperature": 0.01,
    "token_healing": True,
    "top_h": 0.1,
    "top_p": 0.01,
    "transformers_version": "9.0.0",
    "typical_p": 0.1,
    "use_cache": False,
    "use_mtp": True,
    "watermarking_config": {"bias": 50.0, "greenlist_ratio": 0.5},
}
ANY = 2


def fields() -> list[str]:
    """Every setting that this version of transformers has, and one that none has."""
    from transformers import GenerationConfig

    return sorted({*vars(GenerationConfig()), "unheard_of"} - TAKEN)


def with_settings(model: Path, folder: Path, settings: Mapping[str, Any]) -> Path:
    shutil.copytree(model, folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 1, **settings}))
    return folder


def completions(
    model: Path,
    sampling: Mapping[str, Any],
    requests: list[Request],
    kind: type[TransformersEngine | VllmEngine] = TransformersEngine,
) -> list[Any]:
    engine = kind(context(model, sampling=sampling))
    engine.start()
    try:
        return sorted(flat(engine.complete(requests)), key=lambda each: each.key)
    finally:
        engine.close()


def plain(model: Path, prompt: tuple[int, ...]) -> list[int] | str:
    """What transformers by itself makes of the folder: ids, or the error's kind."""
    import torch
    from transformers import AutoModelForCausalLM

    ids = torch.tensor([prompt])
    try:
        output = AutoModelForCausalLM.from_pretrained(model).generate(ids, max_new_tokens=12)
        found: list[int] = getattr(output, "sequences", output)[0].tolist()
    except Exception as error:  # noqa: BLE001 -- whatever a setting leads to
        return type(error).__name__
    return found


@pytest.fixture(scope="module")
def requests() -> list[Request]:
    return prompts([QUESTIONS[1], QUESTIONS[5]])


@pytest.fixture(scope="module")
def expected(
    model_folder: Path, requests: list[Request], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], list[Any], list[Any], list[int] | str]:
    """Completions greedy and drawn, merge's answers, and transformers' own, without settings."""
    folder = with_settings(model_folder, tmp_path_factory.mktemp("plain") / "model", {})
    return *answers(folder, requests), plain(folder, requests[0].tokens)


def answers(folder: Path, requests: list[Request]) -> tuple[list[Any], list[Any], list[Any]]:
    greedy = completions(folder, GREEDY, requests)
    return greedy, completions(folder, SAMPLED, requests), greedily(folder, requests)


def greedily(folder: Path, requests: list[Request]) -> list[Answer]:
    import torch

    tokens = [request.tokens for request in requests]
    return answer(load_base(folder, torch.float32), load_tokenizer(folder), tokens)


@pytest.mark.parametrize("name", fields())
def test_no_setting_of_the_models_own_changes_an_answer(
    model_folder: Path, requests: list[Request], expected: Any, tmp_path: Path, name: str
) -> None:
    folder = with_settings(model_folder, tmp_path / "model", {name: HOSTILE.get(name, ANY)})
    assert greedily(folder, requests) == expected[2]


def test_the_settings_tried_are_hostile(
    model_folder: Path, requests: list[Request], expected: Any, tmp_path: Path
) -> None:
    """By itself transformers answers otherwise, or fails, with many of them."""
    felt = []
    for name in fields():
        folder = with_settings(model_folder, tmp_path / name, {name: HOSTILE.get(name, ANY)})
        if plain(folder, requests[0].tokens) != expected[3]:
            felt.append(name)
    assert len(felt) >= 25
    assert {"no_repeat_ngram_size", "stop_strings", "max_time"} <= {*felt}


def test_all_settings_at_once_change_nothing(
    model_folder: Path, requests: list[Request], expected: Any, tmp_path: Path
) -> None:
    settings = {name: HOSTILE.get(name, ANY) for name in fields()}
    folder = with_settings(model_folder, tmp_path / "model", settings)
    assert answers(folder, requests) == expected[:3]


@pytest.mark.vllm
@pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed")
def test_vllm_takes_no_more_of_them(tmp_path: Path) -> None:
    requests = prompts(QUESTIONS[:4])
    model = lively(llama(tmp_path / "model"))
    plain = completions(model, GREEDY, requests)
    settings = {name: HOSTILE.get(name, ANY) for name in fields()}
    folder = with_settings(model, tmp_path / "hostile", settings)
    assert completions(folder, GREEDY, requests, VllmEngine) == plain


def test_settings_in_an_old_config_json_change_nothing(
    model_folder: Path, requests: list[Request], expected: Any, tmp_path: Path
) -> None:
    folder = with_settings(model_folder, tmp_path / "model", {})
    (folder / "generation_config.json").unlink()
    path = folder / "config.json"
    old = {
        "no_repeat_ngram_size": 1,
        "min_length": 9,
        "suppress_tokens": HOSTILE["suppress_tokens"],
    }
    path.write_text(json.dumps({**json.loads(path.read_text()), **old}))
    assert answers(folder, requests) == expected[:3]


def test_every_end_that_the_model_declares_ends_an_answer(
    model_folder: Path, requests: list[Request], expected: Any, tmp_path: Path
) -> None:
    ends = {"eos_token_id": [1, expected[2][0].tokens[2]]}
    folder = with_settings(model_folder, tmp_path / "model", ends)
    ended = completions(folder, GREEDY, requests)[0]
    assert expected[0][0].text.startswith(ended.text)
    assert ended.completion_tokens <= 3 < expected[0][0].completion_tokens


def test_an_encoder_decoder_begins_as_the_model_declares(t5_folder: Path, tmp_path: Path) -> None:
    requests = prompts(QUESTIONS[:3])
    apart = with_settings(t5_folder, tmp_path / "other", {"decoder_start_token_id": 70})
    own = {"decoder_start_token_id": 0, "pad_token_id": 0}
    hostile = {"encoder_no_repeat_ngram_size": 1, "min_length": 9, "forced_bos_token_id": 50}
    quiet = with_settings(t5_folder, tmp_path / "quiet", own)
    loud = with_settings(t5_folder, tmp_path / "loud", {**own, **hostile})
    expected = completions(quiet, GREEDY, requests)
    assert completions(loud, GREEDY, requests) == expected
    assert completions(apart, GREEDY, requests) != expected


@pytest.mark.parametrize("value", ["</s>", 1.5, [1, "2"], True])
def test_what_is_no_token_id_is_named(model_folder: Path, tmp_path: Path, value: Any) -> None:
    folder = with_settings(model_folder, tmp_path / "model", {"eos_token_id": value})
    with pytest.raises(InputError, match=r"generation_config\.json: eos_token_id is .* no token"):
        generation_ids(folder)
