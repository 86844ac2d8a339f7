"""At which tokens an answer ends: the model's own and its tokenizer's, before merging and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, GenerationConfig

from submission.adapters import Check, Weighted, merge
from submission.adapters.greedy import ANSWER_TOKENS, answer
from submission.adapters.load import end_tokens, load_base, load_tokenizer, save_model
from submission.engines.transformers.engine import TransformersEngine
from submission.files.model_files import ModelFiles
from tests.requests import flat
from tests.submission.engines.tiny import adapter, context, lively, llama, prompts

REQUESTS = prompts(["What is paper?"])


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = lively(llama(tmp_path / "base"))
    settings = {"eos_token_id": [1], "temperature": 0.3}
    (folder / "generation_config.json").write_text(json.dumps(settings))
    return folder


def text_of(model: Path, over: Path | None = None) -> tuple[str, str]:
    """The engine's answer and how it ended."""
    engine = TransformersEngine(context(model, over, sampling={"max_tokens": ANSWER_TOKENS}))
    engine.start()
    (done,) = flat(engine.complete(REQUESTS))
    engine.close()
    return done.text, str(done.finish)


def test_an_adapters_own_end_token_ends_its_answers_before_and_after_merging(
    base: Path, tmp_path: Path
) -> None:
    over = adapter(base, tmp_path / "adapter")
    free, _ = text_of(base, over)
    own = load_tokenizer(base)
    end = free[3]
    own.eos_token = end
    own.save_pretrained(over)
    expected = free[: free.index(end)]
    assert text_of(base, over) == (expected, "stop")
    report = merge(
        ModelFiles("base", base),
        [Weighted(ModelFiles("adapter", over))],
        tmp_path / "merged",
        ["What is paper?"],
        check=Check(rows=1),
    )
    assert report.answers[0].sameness is not None
    assert report.answers[0].sameness.same == 1
    assert text_of(tmp_path / "merged") == (expected, "stop")
    settings = json.loads((tmp_path / "merged" / "generation_config.json").read_text())
    assert settings == {"eos_token_id": [1, own.eos_token_id], "temperature": 0.3}
    (greedily,) = answer(load_base(tmp_path / "merged", torch.float32), own, [REQUESTS[0].tokens])
    assert greedily.text == expected


@pytest.mark.parametrize(
    ("declared", "own", "ends"),
    [
        (None, None, []),
        (None, 5, [5]),
        (7, None, [7]),
        (7, 7, [7]),
        ([7, 5], 5, [7, 5]),
        ([7, 9], 5, [7, 9, 5]),
    ],
)
def test_the_models_ends_and_the_tokenizers_are_ends(
    declared: Any, own: int | None, ends: list[int], base: Path
) -> None:
    class Model:
        generation_config = GenerationConfig(eos_token_id=declared)

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.eos_token = None if own is None else tokenizer.convert_ids_to_tokens(own)
    assert end_tokens(Model(), tokenizer) == ends


def test_a_model_without_settings_gets_some_for_another_end_alone(
    base: Path, tmp_path: Path
) -> None:
    (base / "generation_config.json").unlink()
    model, tokenizer = load_base(base, torch.float32), load_tokenizer(base)
    save_model(model, tokenizer, base, tmp_path / "same")
    assert not (tmp_path / "same" / "generation_config.json").exists()
    tokenizer.eos_token = "Q"
    save_model(model, tokenizer, base, tmp_path / "other")
    settings = json.loads((tmp_path / "other" / "generation_config.json").read_text())
    assert settings["eos_token_id"] == [1, tokenizer.eos_token_id]
    assert settings["pad_token_id"] == 0
