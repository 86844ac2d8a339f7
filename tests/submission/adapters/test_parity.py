"""``merge --check``: the same greedy answers, or the reason why not, or no merged model."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from submission.adapters import Check, MergeDiffers, Weighted, merge
from submission.adapters.greedy import Answer, Sameness, texts_alike
from submission.adapters.report import AnswerCheck
from submission.commands.merge import command
from submission.errors import InputError
from submission.machine.hardware import vllm_version
from tests.models import byte_tokenizer
from tests.submission.adapters.test_merge import files, lora
from tests.submission.engines import tiny
from tests.submission.engines.tiny import QUESTIONS

TARGETS = ["q_proj", "v_proj", "down_proj", "lm_head"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.lively(tiny.llama(tmp_path_factory.mktemp("base") / "llama"))


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lora(base, tmp_path_factory.mktemp("adapter") / "lora", TARGETS)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "test.csv"
    path.write_text("\n".join(["질문", *QUESTIONS[:6]]) + "\n", encoding="utf-8")
    return path


def run_check(base: Path, adapter: Path, out: Path, check: Check, **settings: Any) -> Any:
    return merge(files(base), [Weighted(files(adapter))], out, QUESTIONS, check=check, **settings)


def test_float32_answers_are_the_same(base: Path, adapter: Path, tmp_path: Path) -> None:
    report = run_check(base, adapter, tmp_path / "out", Check(5))
    (found,) = report.answers
    assert (found.engine, found.sameness.same, found.sameness.answers) == ("transformers", 5, 5)
    assert report.allowed == report.allowed_merged
    assert list(report.failures()) == []


def test_half_precision_is_held_to_a_tolerance_of_its_own(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    report = run_check(base, adapter, tmp_path / "out", Check(8), dtype="bfloat16")
    span = report.logits_high - report.logits_low
    assert report.allowed == pytest.approx(0.05 * span)
    assert report.allowed_merged < report.written.difference < report.allowed
    rows = {row[0]: row for row in report.rows()}
    assert rows["read again from disk"][-1] == "weights and sums rounded to bfloat16"


def test_more_than_the_tolerance_leaves_nothing(base: Path, adapter: Path, tmp_path: Path) -> None:
    check = Check(2, tolerance=1e-6)
    with pytest.raises(MergeDiffers, match=r"bfloat16\) differs by .* Nothing was written") as no:
        run_check(base, adapter, tmp_path / "out", check, dtype="bfloat16")
    assert no.value.exit_code == 1
    assert no.value.report.as_json()["failures"]
    assert list(tmp_path.iterdir()) == []


def test_other_answers_where_the_model_is_sure_leave_nothing(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    def wrong(folder: Path, dtype: str, asked: Sequence[tuple[int, ...]]) -> list[str]:
        assert (folder / "config.json").is_file()
        return ["아니요" for _ in asked]

    with pytest.raises(MergeDiffers, match="Another answers differently where the two best logits"):
        run_check(base, adapter, tmp_path / "out", Check(3, engines=(("another", wrong),)))
    assert list(tmp_path.iterdir()) == []


def test_each_of_two_logits_may_move_by_what_is_allowed(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    report = run_check(base, adapter, tmp_path / "out", Check(3))
    assert report.allowed is not None
    assert report.as_json()["allowed_gap"] == 2 * report.allowed

    def parted(gap: float) -> list[str]:
        answers = (AnswerCheck("another", Sameness(2, 3, gap)),)
        return list(replace(report, answers=answers).failures())

    assert parted(1.9 * report.allowed) == []
    (failure,) = parted(2.1 * report.allowed)
    assert "twice the" in failure


def test_fewer_prompts_than_asked_for_are_told_of(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    report = run_check(base, adapter, tmp_path / "out", Check(50), say=said.append)
    (warning,) = report.warnings
    assert warning.startswith("answers to 8 prompts are compared instead of 50: of 8 texts")
    assert f"Warning: {warning}." in said
    assert report.answers[0].sameness.answers == 8


def test_an_engine_that_cannot_run_the_model_is_told_of(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    def unable(folder: Path, dtype: str, asked: Sequence[tuple[int, ...]]) -> list[str]:
        raise InputError("it has no such layer")

    report = run_check(base, adapter, tmp_path / "out", Check(3, engines=(("another", unable),)))
    assert report.rows()[-1][-2:] == ("not asked", "it has no such layer")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tokenizer")
    byte_tokenizer(folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("abc", None),
        ("abX", 3.0),  # parts at the third token
        ("Xbc", 1.0),
        ("ab", 3.0),  # ends where the reference goes on
        ("abcd", 4.0),  # goes on where the reference ends
        ("", 1.0),
    ],
)
def test_how_sure_the_reference_was_where_an_answer_parts(
    text: str, gap: float | None, tokenizer: Any
) -> None:
    reference = Answer(tuple(tokenizer("abc")["input_ids"]), "abc", (1.0, 2.0, 3.0, 4.0))
    found = texts_alike([reference], [text], tokenizer)
    assert found.same == (gap is None)
    assert found.widest_gap == (gap or 0.0)


def test_within_a_character_the_smallest_gap_counts(tokenizer: Any) -> None:
    """가 and 각 are three bytes, of which the text does not say which was another."""
    reference = Answer(tuple(tokenizer("a가")["input_ids"]), "a가", (9.0, 5.0, 0.5, 7.0))
    assert texts_alike([reference], ["a각"], tokenizer).widest_gap == 0.5
    assert texts_alike([reference], ["a가\N{REPLACEMENT CHARACTER}"], tokenizer).same == 1


@pytest.mark.vllm
@pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed")
def test_the_command_asks_vllm_as_well(
    base: Path, adapter: Path, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["--base", str(base), "--adapter", str(adapter), "--out", str(out)]
    options = ["--check", "6", "--prompts", str(prompts), "--json"]
    # A process of its own: vLLM keeps the streams that it was first imported with.
    program = [sys.executable, "-m", "submission.cli", "merge"]
    done = subprocess.run([*program, *arguments, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    found = {each["engine"]: each["sameness"] for each in report["answers"]}
    assert found["transformers"]["same"] == 6
    assert found["vllm"]["same"] == 6
    assert (out / "leaderkit_merge.json").is_file()


def test_the_command_prints_the_table_and_ends_1_where_it_differs(
    base: Path, adapter: Path, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["--base", str(base), "--adapter", str(adapter), "--out", str(out)]
    strict = ["--check", "1", "--tolerance", "0.000001", "--dtype", "bfloat16"]
    result = CliRunner().invoke(command, [*arguments, *strict, "--prompts", str(prompts)])
    assert isinstance(result.exception, MergeDiffers)
    assert "not asked" in result.output
    assert not out.exists()
    alone = CliRunner().invoke(command, [*arguments, "--tolerance", "0.1"])
    assert alone.exit_code == 2
    assert "--tolerance belongs to --check" in alone.output


def test_embeddings_that_are_shared_are_told_apart(tmp_path: Path) -> None:
    """An adapter on lm_head of a model that shares it leaves what goes in as it was."""
    base = tiny.llama(tmp_path / "tied")
    config = json.loads((base / "config.json").read_text()) | {"tie_word_embeddings": True}
    (base / "config.json").write_text(json.dumps(config))
    weights = load_file(base / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    adapter = lora(base, tmp_path / "lora", ["q_proj", "lm_head"])
    report = run_check(base, adapter, tmp_path / "out", Check(4))
    assert report.answers[0].sameness.same == 4
    after = load_file(tmp_path / "out" / "model.safetensors")
    assert torch.equal(after["model.embed_tokens.weight"], weights["model.embed_tokens.weight"])
    assert not torch.equal(after["lm_head.weight"], after["model.embed_tokens.weight"])
