"""What merging an adapter buys: vLLM with it at run time, with it merged, and without it.

    python benchmarks/adapters.py [--rank N] [--rows N] [--repeat N] [--json FILE]

The model is Llama-shaped (134 M parameters, vocabulary 32,000) with random weights, the adapter has
random weights on every linear layer. Each contender answers the sample test file through
``leaderkit generate``'s own path, in a process of its own and in float32; no token ends an answer,
so that each computes the same number of them. Counted are new tokens over the seconds of
generation, the median of the rounds, which take turns; loading is left out, whole-process seconds
stand beside.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data_sample" / "wallpaper" / "test.csv"
COMPETITION = "sample-wallpaper"
MAX_TOKENS = 64
CONTENDERS = ("base alone", "adapter at run time", "adapter merged")


def make_model(folder: Path) -> Path:
    """A Llama with random weights, no end token, and the embedded model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32_000, hidden_size=768, intermediate_size=2048, num_hidden_layers=12,
        num_attention_heads=12, num_key_value_heads=12, max_position_embeddings=1024,
        bos_token_id=None, eos_token_id=31_999, initializer_range=0.05, dtype="float32",
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[31_999] = 0.0  # never the best
    model.generation_config = GenerationConfig(eos_token_id=31_999, pad_token_id=0)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(ROOT / "data_sample" / "embedded").save_pretrained(folder)
    return folder


def make_adapter(base: Path, folder: Path, rank: int) -> Path:
    """An adapter of random weights on every linear layer but the last."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", init_lora_weights=False,
        task_type="CAUSAL_LM",
    )  # fmt: skip
    over = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    with torch.no_grad():
        for name, parameter in over.named_parameters():
            if ".lora_" in name:
                parameter.normal_(std=0.02)
    over.save_pretrained(folder, save_embedding_layers=False)
    return folder


def run(model: Path, adapter: Path | None, rows: int | None) -> dict[str, Any]:
    """One contender, in this process."""
    from submission.competitions import find_competition
    from submission.generation.generate import Job, generate
    from submission.recipes.schema import Recipe
    from submission.runs.answers import run_answers
    from submission.runs.ledger import Ledger

    recipe = Recipe.model_validate(
        {
            "name": "benchmark",
            "model": {"name": str(model), "adapter": str(adapter) if adapter else None},
            "engine": {"name": "vllm", "dtype": "float32"},
            "sampling": {"max_tokens": MAX_TOKENS},
        }
    )
    with tempfile.TemporaryDirectory() as place, Ledger(Path(place) / "ledger.db") as ledger:
        job = Job("benchmark", recipe, find_competition(COMPETITION), SAMPLE, limit=rows)
        report = generate(job, ledger, lambda _message: None)
        answers = {answer.id: answer.text for answer in run_answers(ledger, "benchmark")}
    return {"tokens": report.completion_tokens, "seconds": report.seconds, "answers": answers}


def main() -> None:
    """Run every contender and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rows", type=int, help="only the first rows of the test file")
    parser.add_argument("--repeat", type=int, default=3, help="rounds of every contender")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "ADAPTER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        model, adapter = asked.one
        found = run(Path(model), Path(adapter) if adapter else None, asked.rows)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as place:
        figures = _measure(Path(place), asked.rank, asked.rows, asked.repeat)
    _print(figures)
    if asked.json is not None:
        asked.json.write_text(json.dumps(figures, ensure_ascii=False, indent=2), encoding="utf-8")


def _measure(place: Path, rank: int, rows: int | None, repeat: int) -> dict[str, Any]:
    from submission.adapters import Weighted, merge
    from submission.adapters.prompts import read_prompts
    from submission.files.model_files import ModelFiles

    base = make_model(place / "base")
    adapter = make_adapter(base, place / "adapter", rank)
    started = time.perf_counter()
    report = merge(
        ModelFiles("base", base),
        [Weighted(ModelFiles("adapter", adapter))],
        place / "merged",
        read_prompts()[:4],
    )
    merging = time.perf_counter() - started
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    for _ in range(repeat):
        for name, model, over in zip(
            CONTENDERS, (base, base, place / "merged"), (None, adapter, None), strict=True
        ):
            rounds[name].append(_in_a_process(model, over, rows))
    at_run_time, merged = (rounds[name][0]["answers"] for name in CONTENDERS[1:])
    same = sum(merged[key] == text for key, text in at_run_time.items())
    return {
        "rank": rank,
        "merge_seconds": round(merging, 1),
        "merge_difference": report.written.difference,
        "same_answers": [same, len(merged)],
        "runs": {name: _median(found) for name, found in rounds.items()},
    }


def _in_a_process(model: Path, adapter: Path | None, rows: int | None) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", str(model), str(adapter or "")]
    command += ["--rows", str(rows)] if rows else []
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    process = time.perf_counter() - started
    return {**json.loads(done.stdout.splitlines()[-1]), "process": process}


def _median(found: list[dict[str, Any]]) -> dict[str, float]:
    rates = [each["tokens"] / each["seconds"] for each in found]
    return {
        "rate": statistics.median(rates),
        "lowest": min(rates),
        "highest": max(rates),
        "process": statistics.median(each["process"] for each in found),
    }


def _print(figures: dict[str, Any]) -> None:
    print(f"rank {figures['rank']}; merging took {figures['merge_seconds']} s\n")
    print("| contender | tokens/s | lowest and highest | whole process, s |\n|---|---|---|---|")
    for name, found in figures["runs"].items():
        spread = f"{found['lowest']:.0f} to {found['highest']:.0f}"
        print(f"| {name} | {found['rate']:.0f} | {spread} | {found['process']:.0f} |")
    same, answers = figures["same_answers"]
    print(f"\nThe same answers at run time and merged: {same} of {answers}.")


if __name__ == "__main__":
    main()
