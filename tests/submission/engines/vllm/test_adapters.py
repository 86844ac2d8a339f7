"""Adapters at run time in vLLM beyond the Llama that test_vllm_engine.py has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from baselines.stand_ins.small import Plan, make
from submission.engines.base import Completion, EngineContext
from submission.engines.choose import make_engine
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.vllm.engine import VllmEngine
from submission.errors import InputError
from submission.machine.hardware import vllm_version
from tests.requests import ask
from tests.submission.adapters.test_merge import lora
from tests.submission.engines import tiny
from tests.submission.engines.transformers.test_engine import by_key, texts

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed"),
]

LAYERS = ["q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"]
TEXTS = [
    "Why does wallpaper mould",
    "tiles",
    "What is the difference between silk and paper",
    "a",
]


def gemma(folder: Path, architecture: str) -> Path:
    folder.mkdir()
    make(architecture, folder, Plan(merges=20, steps=0), TEXTS)
    return tiny.lively(folder, tied=True)


def tied_llama(folder: Path) -> Path:
    """A Llama whose embedding is its output layer as well."""
    tiny.llama(folder)
    config = json.loads((folder / "config.json").read_text()) | {"tie_word_embeddings": True}
    (folder / "config.json").write_text(json.dumps(config))
    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return tiny.lively(folder, tied=True)


def complete(engine: TransformersEngine | VllmEngine) -> dict[str, Completion]:
    tokenizer = engine._checkpoint.tokenizer
    requests = [
        ask(str(number), text, tuple(tokenizer(text)["input_ids"]))
        for number, text in enumerate(TEXTS)
    ]
    engine.start()
    try:
        return by_key(engine.complete(requests))
    finally:
        engine.close()


def context(base: Path, adapter: Path | None) -> EngineContext:
    return tiny.context(base, adapter, sampling={"max_tokens": 24})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make_base", "targets"),
    [
        (lambda folder: gemma(folder, "gemma"), LAYERS),
        (lambda folder: gemma(folder, "gemma2"), LAYERS),
        (lambda folder: tiny.lively(tiny.llama(folder)), ["q_proj", "lm_head"]),
        (tied_llama, ["q_proj", "lm_head"]),
    ],
    ids=["gemma", "gemma2", "llama with lm_head", "tied llama with lm_head"],
)
def test_an_adapter_answers_as_it_does_in_transformers(
    make_base: Callable[[Path], Path], targets: list[str], tmp_path: Path
) -> None:
    base = make_base(tmp_path / "base")
    adapter = lora(base, tmp_path / "adapter", targets)
    expected = complete(TransformersEngine(context(base, adapter)))
    assert texts(expected) != texts(complete(TransformersEngine(context(base, None))))
    assert len(set(texts(expected).values())) == len(TEXTS)
    assert complete(VllmEngine(context(base, adapter))) == expected


@pytest.mark.parametrize("architecture", ["gemma", "gemma2"])
def test_an_adapter_of_the_output_layer_of_a_gemma_goes_through_transformers(
    architecture: str, tmp_path: Path
) -> None:
    base = gemma(tmp_path / "base", architecture)
    adapter = lora(base, tmp_path / "adapter", ["q_proj", "lm_head"])
    said: list[str] = []
    assert isinstance(
        make_engine(replace(context(base, adapter), say=said.append)), TransformersEngine
    )
    assert "vLLM cannot apply an adapter with lm_head to Gemma" in said[0]
    with pytest.raises(InputError, match=r"with lm_head to Gemma.* at run time\. Merge it"):
        VllmEngine(context(base, adapter)).start()
