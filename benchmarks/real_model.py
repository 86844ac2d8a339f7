"""A published model from its weights to a comparison: SmolLM2-135M-Instruct on the season-2 data.

    LEADERKIT_REAL_DATA=DIR python benchmarks/real_model.py --model FOLDER [--out DIR] [--json FILE]

FOLDER holds the model as `save_pretrained` writes it; ``--gguf FILE`` makes it from a GGUF file
instead (this needs the package gguf). With the competition's files (DIR/dacon-236216/train.csv and
test.csv): `holdout --match`, `train` (LoRA, benchmarks/smollm2.toml), `merge --check`, `generate`
with vLLM before and after, `nearest`, `medoid` and `constant`, `score` and `compare` with the
offline encoder, a proxy. What is in --out already is taken over, and an interrupted step resumed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RECIPE = ROOT / "benchmarks" / "smollm2.toml"
CONTEST = ("-c", "dacon-236216")
PROXY = ("--encoder", "offline")
NO_MODEL = {
    "nearest": (),
    "medoid": (),
    "constant": ("--set", "answer=전문가와 상담하여 원인을 확인한 뒤 보수하시는 것이 좋습니다."),
}
CHECKED = 6


def from_gguf(source: Path, folder: Path) -> Path:
    """The weights of a GGUF file, dequantized, as an ordinary float32 folder with its tokenizer."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    given = {"gguf_file": source.name}
    quantized = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **given)
    plain = {
        key: value
        for key, value in quantized.config.to_dict().items()
        if key not in ("quantization_config", "transformers_version", "model_type")
    }
    config = AutoConfig.for_model(quantized.config.model_type, **plain)
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(quantized.state_dict())
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source.parent, **given).save_pretrained(folder)
    return folder


class Chain:
    """Runs commands one after the other, and keeps the seconds of each."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, step: str, *arguments: object) -> dict[str, Any]:
        """A command with ``--json``; its report. Ends the script where the command fails."""
        command = [sys.executable, "-m", "submission.cli", *map(str, arguments), "--json"]
        begun = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        self.seconds[step] = time.perf_counter() - begun
        if done.returncode:
            sys.exit(f"{step} ended with {done.returncode}")
        print(f"{step}: {self.seconds[step]:.0f} s", flush=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def measure(model: Path, data: Path, out: Path) -> dict[str, Any]:
    """Every step; what each reported, and its seconds."""
    chain, local, merged = Chain(), out / "holdout", out / "merged"
    ledger = ("--ledger", out / "ledger.db")
    test, answers = local / "test.csv", local / "references.csv"
    found: dict[str, Any] = {"seconds": chain.seconds}
    if not local.is_dir():
        found["holdout"] = chain.run(
            "holdout", "holdout", *CONTEST, "--train", data / "train.csv",
            "--match", data / "test.csv", "--out", local,
        )  # fmt: skip
    train = local / "train.csv"
    found["train"] = chain.run(
        "train", "train", RECIPE, *CONTEST, "--data", train, "--model", model,
        "--out", out / "adapter", "--resume",
    )  # fmt: skip
    if not merged.is_dir():
        found["merge"] = chain.run(
            "merge", "merge", "--base", model, "--adapter", out / "adapter", "--out", merged,
            "--check", CHECKED, "--prompts", test,
        )  # fmt: skip
    for run, weights in {"base": model, "tuned": merged}.items():
        found[run] = chain.run(
            run, "generate", RECIPE, *CONTEST, "--test", test, "--model", weights,
            "--engine", "vllm", "--run", run, *ledger,
        )  # fmt: skip
    for run, settings in NO_MODEL.items():
        chain.run(
            run, "generate", run, *CONTEST, "--test", test, "--train", train, "--run", run,
            *settings, *PROXY, *ledger,
        )  # fmt: skip
    found["score"] = chain.run(
        "score", "score", *CONTEST, "--references", answers, "--run", "tuned", *PROXY, *ledger
    )
    found["compare"] = chain.run(
        "compare", "compare", "base", "tuned", *NO_MODEL, *CONTEST, "--references", answers,
        "--baseline", "nearest", *PROXY, *ledger, "--out", out / "leaderboard.csv",
    )  # fmt: skip
    return found


def main() -> None:
    """Run the chain and print the leaderboard."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--model", type=Path, help="the model's folder")
    given.add_argument("--gguf", type=Path, help="a GGUF file to make it from")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "real-model")
    parser.add_argument("--json", type=Path, help="what every step reported, as JSON")
    arguments = parser.parse_args()
    data = Path(os.environ.get("LEADERKIT_REAL_DATA", "")) / "dacon-236216"
    if not (data / "train.csv").is_file():
        parser.error("set LEADERKIT_REAL_DATA to the folder with dacon-236216/train.csv")
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = arguments.model or from_gguf(arguments.gguf, arguments.out / "model")
    found = measure(model.resolve(), data, arguments.out.resolve())
    print((arguments.out / "leaderboard.csv").read_text("utf-8-sig"))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
