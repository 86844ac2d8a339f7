"""What leaderkit adds to vLLM before the first row and after the last one.

    python benchmarks/start_end.py [--model FOLDER] [--rows N] [--repeat N] [--json FILE]

``leaderkit generate`` and a script of vLLM's own (``LLM`` and ``LLM.generate``) answer the same
rows with the same settings, in turn, each in a process of its own. Of each the seconds outside of
generation are taken; the difference is to be 4 s at most. Without ``--model`` it is that of
benchmarks/generate.py. The weights' digest is in the ledger after the first turn, as it is in
practice after a run of the same model: ``--fresh-ledger`` has it computed every time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data_sample" / "wallpaper" / "test.csv"
MAX_TOKENS = 16

BARE = """
import csv, os, sys, time
threads = ",".join(map(str, sorted(os.sched_getaffinity(0))))
os.environ.update(
    VLLM_LOGGING_LEVEL="ERROR", VLLM_CPU_KVCACHE_SPACE="1", VLLM_CPU_OMP_THREADS_BIND=threads
)
from vllm import LLM, SamplingParams

if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        rows = list(csv.reader(file))[1 : int(sys.argv[3]) + 1]
    llm = LLM(model=sys.argv[1], dtype="float32", enforce_eager=True, seed=0)
    sampling = SamplingParams(max_tokens=int(sys.argv[4]), temperature=0.0)
    started = time.perf_counter()
    llm.generate([row[1] for row in rows], sampling, use_tqdm=False)
    print("generation", time.perf_counter() - started, flush=True)
"""


def timed(command: list[str], generation: str) -> float:
    """Seconds of a process that are not generation, which the expression ``generation`` finds."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    whole = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{command[:4]} failed:\n{done.stderr[-3000:]}")
    found = re.search(generation, done.stdout)
    assert found is not None, done.stdout
    return whole - float(found[1])


def main() -> None:
    """Run both in turn and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path)
    parser.add_argument("--test", type=Path, default=SAMPLE)
    parser.add_argument("--competition", default="sample-wallpaper")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--fresh-ledger", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found: dict[str, list[float]] = {"leaderkit": [], "vLLM": []}
    with tempfile.TemporaryDirectory() as place:
        folder = arguments.model
        if folder is None:
            from generate import make_model  # type: ignore[import-not-found]

            folder = Path(place, "model")
            make_model(folder)
        script, recipe = Path(place, "bare.py"), Path(place, "benchmark.toml")
        script.write_text(BARE, encoding="utf-8")
        recipe.write_text(
            f'name = "benchmark"\n[model]\nname = {json.dumps(str(folder))}\n[engine]\n'
            f'name = "vllm"\ndtype = "float32"\n[sampling]\nmax_tokens = {MAX_TOKENS}\n',
            encoding="utf-8",
        )
        os.environ["HF_HUB_OFFLINE"] = "1"
        rows = str(arguments.rows)
        for turn in range(arguments.repeat):
            ledger = Path(place, f"ledger{turn if arguments.fresh_ledger else ''}.db")
            ours = [
                sys.executable, "-m", "submission.cli", "generate", str(recipe), "--json",
                "-c", arguments.competition, "--test", str(arguments.test), "--limit", rows,
                "--run", "benchmark", "--fresh", "--ledger", str(ledger),
            ]  # fmt: skip
            bare = [sys.executable, str(script), str(folder), str(arguments.test), rows]
            found["vLLM"].append(timed([*bare, str(MAX_TOKENS)], r"generation ([\d.]+)"))
            found["leaderkit"].append(timed(ours, r'"seconds": ([\d.]+)'))
            told = ", ".join(f"{name} {each[-1]:.1f} s" for name, each in found.items())
            print(f"[{turn + 1}] {told}", flush=True)
    middle = {name: statistics.median(runs) for name, runs in found.items()}
    more = middle["leaderkit"] - middle["vLLM"]
    print("\nSeconds outside of generation (median)")
    for name, seconds in middle.items():
        print(f"{name:28}{seconds:8.1f}")
    print(f"{'leaderkit more (at most 4)':28}{more:8.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"runs": found, "more": more}, indent=2))


if __name__ == "__main__":
    main()
