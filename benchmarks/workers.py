"""Two workers with a processor each against one engine with one processor.

    python benchmarks/workers.py [--engine NAME] [--rows N] [--repeat N] [--json FILE]

The model is that of benchmarks/generate.py, in float32, over the sample competition's questions,
numbered so that there are ``--rows`` different prompts: by default as many for each of two workers
as vLLM computes at once, since a batch that is not full takes more time a token. Counted are the
seconds from the first request to the last row, without loading. ``--engine`` is vllm, transformers,
or ray, which is measured with its loading and with two engines of its own. The answers have to be
the same.
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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.generate import MAX_TOKENS, PENALTY, SAMPLE, TEMPLATE, make_model  # noqa: E402

WANTED = 1.8


def run(folder: Path, engine: str, workers: int, rows: int) -> dict[str, Any]:
    """Answer the prompts with that many workers, each with one of the first processors."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:workers])
    from submission.competitions import find_competition
    from submission.engines.base import Completion, EngineContext, Request
    from submission.engines.choose import make_engine
    from submission.recipes import Recipe
    from submission.records.read import read_questions

    several = {"ray": {"concurrency": workers}} if engine == "ray" else {"workers": workers}
    recipe = Recipe.model_validate(
        {
            "name": "benchmark",
            "model": {"name": str(folder)},
            "engine": {"name": engine, "dtype": "float32", **several},
            "prompt": {"template": TEMPLATE},
            "sampling": {"max_tokens": MAX_TOKENS, "repetition_penalty": PENALTY},
        }
    )
    made = make_engine(EngineContext(recipe))
    questions = read_questions(find_competition("sample-wallpaper").profile, SAMPLE)
    requests = []
    for number in range(rows):
        question = questions[number % len(questions)]
        text = f"{number}. {question.text}"
        prompt = made.prompt(question, text)
        requests.append(Request(str(number), question, text, tuple(map(int, prompt))))
    made.start()
    try:
        started = time.perf_counter()
        done = [each for step in made.complete(requests) for each in step]
        seconds = time.perf_counter() - started
    finally:
        made.close()
    answers = {each.key: each.text for each in done if isinstance(each, Completion)}
    tokens = sum(each.completion_tokens for each in done if isinstance(each, Completion))
    return {"answers": answers, "tokens": tokens, "seconds": seconds}


def measure(folder: Path, engine: str, workers: int, rows: int) -> dict[str, Any]:
    """The same in a fresh process."""
    command = [
        sys.executable, __file__, "--engine", engine, "--rows", str(rows),
        "--workers", str(workers), "--model", str(folder),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"{workers} x {engine} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Measure one and two workers in turn, ``--repeat`` times, and print the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--engine", default="vllm")
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--workers", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.workers is not None:
        print(json.dumps(run(arguments.model, arguments.engine, arguments.workers, arguments.rows)))
        return
    rates: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        make_model(folder)
        for turn in range(arguments.repeat):
            answers = []
            for workers, found in rates.items():
                result = measure(folder, arguments.engine, workers, arguments.rows)
                answers.append(result["answers"])
                found.append(result["tokens"] / result["seconds"])
                print(
                    f"[{turn + 1}] {workers} x {arguments.engine}: {found[-1]:.0f} tokens/s, "
                    f"{result['seconds']:.1f} s",
                    flush=True,
                )
            assert answers[0] == answers[1], "two workers answer otherwise than one"
    ratio = statistics.median(rates[2]) / statistics.median(rates[1])
    print(f"\n{ratio:7.2f}  two / one (at least {WANTED})")
    if arguments.json:
        arguments.json.write_text(json.dumps({"rates": rates, "ratio": ratio}, indent=2))


if __name__ == "__main__":
    main()
