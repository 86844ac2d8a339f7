"""Generation speed on one model and one test file, each contender in a process of its own.

    python benchmarks/generate.py [--test FILE --competition NAME] [--repeat N] [--json FILE]

The model has kogpt2's shape (GPT-2, 125 M parameters, vocabulary 51,200) with random weights, and
about one token in eighty ends an answer, so that answers have 1 to 150 tokens as a trained model's
do. Counted are the tokens up to the end of each answer, over the seconds of generation without
loading; whole-process seconds stand beside. The loop of batch 1 and the batches of 16 run over the
first rows only, which is enough for a rate.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data_sample" / "wallpaper" / "test.csv"
TEMPLATE = "질문: {{ question }}\n답변:"
MAX_TOKENS = 150
ENDS_EVERY = 80
PENALTY = 1.2
SLOW_ROWS = 24


@dataclass(frozen=True)
class Contender:
    """A way to generate; ``slow`` ones run over the first rows only."""

    name: str
    label: str
    dtype: str
    binding: bool = True
    slow: bool = False


CONTENDERS = (
    Contender("leaderkit", "leaderkit, vLLM, float32, every row recorded", "float32"),
    Contender("llm", "LLM.generate, same binding, float32", "float32"),
    Contender("llm", "LLM.generate, vLLM as it comes, float32", "float32", binding=False),
    Contender("leaderkit", "leaderkit, vLLM, bfloat16, every row recorded", "bfloat16"),
    Contender("loop", "transformers, batch 1, float32", "float32", slow=True),
    Contender("batch", "transformers, batches of 16, float32", "float32", slow=True),
)


def make_model(folder: Path) -> None:
    """A kogpt2-shaped GPT-2 with random weights and the embedded model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, GenerationConfig, GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    size = 51_200
    config = GPT2Config(vocab_size=size, n_positions=1024, bos_token_id=1, eos_token_id=1)
    model = GPT2LMHeadModel(config)
    ends = torch.randperm(size)[: size // ENDS_EVERY].tolist()
    model.generation_config = GenerationConfig(eos_token_id=sorted(ends), pad_token_id=0)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(ROOT / "data_sample" / "embedded").save_pretrained(folder)


def prompts(folder: Path, test: Path, competition: str, rows: int | None) -> list[list[int]]:
    """The prompts' ids, as leaderkit itself makes them."""
    from transformers import AutoTokenizer

    from submission.competitions import find_competition
    from submission.prompts.compound import split
    from submission.prompts.encode import PromptEncoder
    from submission.recipes.schema import Prompt
    from submission.records.read import read_questions

    encoder = PromptEncoder(AutoTokenizer.from_pretrained(folder), Prompt(template=TEMPLATE))
    questions = read_questions(find_competition(competition).profile, test)[:rows]
    return [encoder.prompt_ids(part.text) for each in questions for part in split(each.text)]


def run_leaderkit(folder: Path, test: Path, competition: str, dtype: str) -> dict[str, Any]:
    """``leaderkit generate``'s own path, with a ledger on disk."""
    from submission.competitions import find_competition
    from submission.generation.generate import Job, generate
    from submission.recipes.schema import Recipe
    from submission.runs.ledger import Ledger

    recipe = Recipe.model_validate(
        {
            "name": "benchmark",
            "model": {"name": str(folder)},
            "engine": {"name": "vllm", "dtype": dtype},
            "prompt": {"template": TEMPLATE, "compound": {"mode": "split"}},
            "sampling": {"max_tokens": MAX_TOKENS, "repetition_penalty": PENALTY},
        }
    )
    with tempfile.TemporaryDirectory() as place, Ledger(Path(place) / "ledger.db") as ledger:
        job = Job("benchmark", recipe, find_competition(competition), test)
        report = generate(job, ledger, lambda _message: None)
        recorded = ledger.progress("benchmark")
    assert recorded.done == recorded.rows
    return {"tokens": report.completion_tokens, "seconds": report.seconds}


def run_llm(ids: Sequence[list[int]], folder: Path, dtype: str, binding: bool) -> dict[str, Any]:
    """``LLM.generate`` over all prompts at once."""
    os.environ.update(VLLM_LOGGING_LEVEL="ERROR", VLLM_CPU_KVCACHE_SPACE="1")
    if binding:
        threads = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        os.environ["VLLM_CPU_OMP_THREADS_BIND"] = threads
    from vllm import LLM, SamplingParams

    llm = LLM(model=str(folder), dtype=dtype, enforce_eager=True, seed=0)
    sampling = SamplingParams(
        max_tokens=MAX_TOKENS, temperature=0.0, repetition_penalty=PENALTY, skip_special_tokens=True
    )
    started = time.perf_counter()
    outputs = llm.generate([{"prompt_token_ids": each} for each in ids], sampling, use_tqdm=False)
    seconds = time.perf_counter() - started
    return {"tokens": sum(len(each.outputs[0].token_ids) for each in outputs), "seconds": seconds}


def run_transformers(ids: Sequence[list[int]], folder: Path, size: int) -> dict[str, Any]:
    """``generate`` in left-padded batches of ``size``, in the order of the file."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ends = torch.tensor(model.generation_config.eos_token_id)
    tokens, started = 0, time.perf_counter()
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        width = max(map(len, batch))
        padded = torch.tensor([[0] * (width - len(each)) + each for each in batch])
        mask = torch.tensor([[0] * (width - len(each)) + [1] * len(each) for each in batch])
        with torch.inference_mode():
            output = model.generate(
                padded, attention_mask=mask, max_new_tokens=MAX_TOKENS, do_sample=False,
                repetition_penalty=PENALTY,
            )[:, width:]  # fmt: skip
        for row in output:
            found = torch.isin(row, ends).nonzero()
            tokens += int(found[0]) + 1 if len(found) else len(row)
    return {"tokens": tokens, "seconds": time.perf_counter() - started}


def contend(arguments: argparse.Namespace) -> None:
    """Run one contender in this process and print its figures as the last line."""
    contender = CONTENDERS[arguments.contender]
    rows = SLOW_ROWS if contender.slow else None
    folder = arguments.model
    if contender.name == "leaderkit":
        result = run_leaderkit(folder, arguments.test, arguments.competition, contender.dtype)
    else:
        ids = prompts(folder, arguments.test, arguments.competition, rows)
        runs: dict[str, Callable[[], dict[str, Any]]] = {
            "llm": lambda: run_llm(ids, folder, contender.dtype, contender.binding),
            "loop": lambda: run_transformers(ids, folder, 1),
            "batch": lambda: run_transformers(ids, folder, 16),
        }
        result = runs[contender.name]()
    print(json.dumps(result), flush=True)


def measure(number: int, arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    """One contender in a fresh process."""
    command = [
        sys.executable, __file__, "--contender", str(number), "--model", str(folder),
        "--test", str(arguments.test), "--competition", arguments.competition,
    ]  # fmt: skip
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    whole = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{CONTENDERS[number].label} failed:\n{done.stderr[-3000:]}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    return {**result, "rate": result["tokens"] / result["seconds"], "whole": whole}


def report(found: dict[int, list[dict[str, float]]]) -> dict[str, float]:
    """Print the table and the ratios; returns the ratios."""
    rate = {n: statistics.median(each["rate"] for each in runs) for n, runs in found.items()}
    print(f"\n{'':48} {'tokens/s':>9} {'tokens':>8} {'seconds':>8} {'process':>8}")
    for number, runs in found.items():
        last = runs[-1]
        print(
            f"{CONTENDERS[number].label:48} {rate[number]:9.0f} {last['tokens']:8.0f} "
            f"{last['seconds']:8.1f} {statistics.median(each['whole'] for each in runs):8.1f}"
        )
    ratios = {
        "leaderkit / LLM.generate, same binding and precision (at least 0.95)": rate[0] / rate[1],
        "leaderkit / vLLM as it comes (at least 1.4)": rate[0] / rate[2],
        "leaderkit float32 / batch 1 (at least 8)": rate[0] / rate[4],
        "leaderkit bfloat16 / batch 1 (at least 14)": rate[3] / rate[4],
        "leaderkit float32 / batches of 16": rate[0] / rate[5],
    }
    print()
    for what, ratio in ratios.items():
        print(f"{ratio:7.2f}  {what}")
    return ratios


def main() -> None:
    """Run every contender in turn, ``--repeat`` times over, and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--test", type=Path, default=SAMPLE)
    parser.add_argument("--competition", default="sample-wallpaper")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--contender", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender is not None:
        contend(arguments)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        make_model(folder)
        found: dict[int, list[dict[str, float]]] = {n: [] for n in range(len(CONTENDERS))}
        for turn in range(arguments.repeat):
            for number, contender in enumerate(CONTENDERS):
                result = measure(number, arguments, folder)
                found[number].append(result)
                print(f"[{turn + 1}] {contender.label}: {result['rate']:.0f} tokens/s", flush=True)
    ratios = report(found)
    if arguments.json:
        arguments.json.write_text(json.dumps({"runs": found, "ratios": ratios}, indent=2))


if __name__ == "__main__":
    main()
