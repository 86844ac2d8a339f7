"""``[engine.vllm]`` against the installed vLLM, without importing it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from submission.engines.vllm.applied import differ
from submission.engines.vllm.arguments import (
    ANSWERS_STAY,
    OF_THE_RECIPE,
    OWN,
    SECRET,
    changing,
    check_arguments,
    declared,
)
from submission.errors import InputError
from submission.machine.hardware import vllm_version
from submission.recipes import Recipe

pytestmark = pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed")


@pytest.mark.parametrize(
    "table",
    [
        {"max_num_seqs": 4, "max_num_batched_tokens": 2048},
        {"kv_cache_dtype": "fp8", "enforce_eager": True, "cpu_offload_gb": 1},
        {"speculative_config": {"method": "ngram", "num_speculative_tokens": 4}},
        {"load_format": "safetensors", "attention_backend": "FLASH_ATTN"},
    ],
)
def test_arguments_of_the_declared_types_are_taken(table: dict[str, Any]) -> None:
    check_arguments(table)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"max_num_seq": 4}, "vLLM has no argument 'max_num_seq'; it has max_num_seqs"),
        ({"max_num_seqs": "many"}, "max_num_seqs='many' cannot be used: Input should be a valid"),
        ({"enforce_eager": "no"}, "enforce_eager='no' cannot be used"),
        ({"kv_cache_dtype": "fp9"}, "kv_cache_dtype='fp9' cannot be used: Input should be 'auto'"),
        ({"dtype": "float16"}, "dtype is set by engine.dtype: use that"),
        ({"seed": 1}, r"seed is set by sampling.seed: use that"),
        ({"worker_cls": "x"}, "worker_cls is leaderkit's own to set"),
        ({"logprobs_mode": "raw_logits"}, "logprobs_mode is leaderkit's own to set"),
    ],
)
def test_other_arguments_are_refused_by_name(table: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=f"^engine.vllm: {told}"):
        check_arguments(table)


def test_a_secret_is_not_repeated() -> None:
    with pytest.raises(InputError, match="HF_TOKEN") as refused:
        check_arguments({"hf_token": "hf_abcdef"})
    assert "abcdef" not in str(refused.value)


def test_every_argument_that_is_treated_on_its_own_is_one_of_vllms() -> None:
    named = {*OF_THE_RECIPE, *OWN, *SECRET, *ANSWERS_STAY}
    assert named <= declared().keys()
    assert not ANSWERS_STAY & {*OF_THE_RECIPE, *OWN, *SECRET}


def test_only_what_may_change_answers_is_told_apart() -> None:
    assert changing({"max_num_seqs": 4, "max_num_batched_tokens": 512}) == {}
    assert changing({"max_num_seqs": 4, "kv_cache_dtype": "fp8"}) == {"kv_cache_dtype": "fp8"}


def test_a_recipe_without_the_table_is_what_it_was() -> None:
    dumped = Recipe.model_validate({"name": "x"}).model_dump()["engine"]
    assert "vllm" not in dumped
    assert "stall_timeout" not in dumped


def test_vllm_is_not_imported_for_it() -> None:
    program = (
        "import sys\nfrom submission.engines.vllm.arguments import check_arguments\n"
        "check_arguments({'max_num_seqs': 4})\nassert not {'vllm', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("asked", "found", "differs"),
    [
        ("fp8", "bfloat16", True),
        ("fp8", "float8_e4m3fn", False),
        ("fp8", "fp8", False),
        ("fp8", "fp8_e4m3", False),
        ("auto", "float32", False),
        ("4", "4", False),
        ("4", "256", True),
        ("flash_attn", "FLASH_ATTN", False),
        ('{"method": "ngram", "prompt_lookup_max": 4}', '{"method": "ngram"}', False),
        ('{"method": "ngram"}', "null", True),
    ],
)
def test_what_was_applied_is_held_against_what_was_asked(
    asked: str, found: str, differs: bool
) -> None:
    assert differ(asked, found) is differs
