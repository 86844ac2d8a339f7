"""Adapters over a base at run time: which engine takes them, and what is said of a wrong base."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from submission.engines.checkpoint import Checkpoint
from submission.engines.choose import make_engine
from submission.engines.machine import vllm_version
from submission.engines.transformers import TransformersEngine
from submission.engines.vllm import VllmEngine, lora_slot
from submission.errors import InputError
from submission.models import folder_digest, sha256_file
from tests.submission.engines import tiny
from tests.submission.engines.conftest import Tuned

needs_vllm = pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed")


@pytest.fixture
def adapter(tuned: Tuned, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tuned.adapter, tmp_path / "adapter"))


def change(adapter: Path, **values: Any) -> None:
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@needs_vllm
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"r": 1024}, "of rank 1024"),
        ({"rank_pattern": {"q_proj": 1024}}, "of rank 1024"),
        ({"use_dora": True}, "with DoRA"),
        ({"modules_to_save": ["lm_head"]}, "that replaces lm_head"),
        ({"bias": "lora_only"}, "with biases of its own"),
    ],
)
def test_adapters_that_vllm_does_not_apply_go_through_transformers(
    settings: dict[str, Any], reason: str, tuned: Tuned, adapter: Path
):
    change(adapter, **settings)
    said: list[str] = []
    context = replace(tiny.context(tuned.base, adapter), say=said.append)
    assert isinstance(make_engine(context), TransformersEngine)
    assert f"does not apply an adapter {reason} at run time" in said[0]
    with pytest.raises(InputError, match=f"adapter {reason}. Merge it with leaderkit merge"):
        VllmEngine(context)


@pytest.mark.parametrize("engine", [TransformersEngine, pytest.param(VllmEngine, marks=needs_vllm)])
def test_an_adapter_whose_record_proves_another_base_is_warned_of(
    engine: Any, tuned: Tuned, adapter: Path
):
    def said(digest: str) -> list[str]:
        (adapter / "leaderkit.json").write_text(json.dumps({"base_sha256": digest}))
        messages: list[str] = []
        engine(replace(tiny.context(tuned.base, adapter), say=messages.append))
        return messages

    assert said(folder_digest(tuned.base, sha256_file)) == []
    (warning,) = said("0" * 64)
    assert f"was trained on '{tuned.base}', and the files of" in warning


@pytest.mark.parametrize(
    ("settings", "size"),
    [({}, 8), ({"r": 8}, 8), ({"r": 17}, 32), ({"rank_pattern": {"q_proj": 100}}, 128)],
)
def test_vllm_is_given_the_smallest_room_that_the_adapters_largest_rank_needs(
    settings: dict[str, Any], size: int, tuned: Tuned, adapter: Path
):
    change(adapter, **settings)
    assert lora_slot(Checkpoint(tiny.context(tuned.base, adapter))) == size
    assert lora_slot(Checkpoint(tiny.context(tuned.base))) == 16
