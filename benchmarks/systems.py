"""Every published system on the sample data: trained, compared with its base, merged, checked.

    python benchmarks/systems.py [RECIPE …] [--out DIR]

Each recipe is run by the commands of its page in docs/systems, over a small model of its
architecture (baselines/training/small.py): `train`, `generate` with the base and with what was
trained, `score`, and for adapters `merge --check`, which has base plus adapter, the merged model
and vLLM answer the same prompts. Takes about a minute a recipe on 2 cores; what is in DIR already
is taken over. Ends with 1 where a loss does not fall, a tuned model does not beat its base, or a
merged model answers otherwise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.training.small import small_model

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data_sample"
ROWS_CHECKED = 6


@dataclass(frozen=True)
class System:
    """A recipe, the small model it runs over, its sample competition and data, and settings."""

    recipe: str
    model: str
    competition: str
    data: str
    settings: tuple[str, ...]

    @property
    def full(self) -> bool:
        """Whether every weight is trained, so that there is no adapter."""
        return self.recipe.endswith("-fft") or self.recipe == "odqa-t5"


SYSTEMS = (
    System("news-qa-gemma", "gemma2", "dacon-236291", "news", ("epochs=20", "learning_rate=1e-2")),
    System(
        "open-book-gem2", "llama", "dacon-236291", "news",
        ("epochs=10", "accumulation=2", "learning_rate=5e-3"),
    ),
    System(
        "wallpaper-kogpt2", "gpt2", "sample-wallpaper", "wallpaper",
        ("epochs=1", "learning_rate=2e-3"),
    ),
    System(
        "wallpaper-42dot", "llama", "sample-wallpaper", "wallpaper",
        ("epochs=4", "learning_rate=5e-3"),
    ),
    System(
        "wallpaper-synatra", "llama", "sample-wallpaper", "wallpaper",
        ("epochs=4", "learning_rate=5e-3"),
    ),
    System(
        "gemma-study:koen-lora", "gemma", "sample-translation", "translation/koen",
        ("accumulation=1", "learning_rate=1e-2"),
    ),
    System(
        "gemma-study:summary-news-fft", "gemma", "sample-summary", "summary",
        ("epochs=20", "warmup=0", "learning_rate=1e-3"),
    ),
    System(
        "odqa-llama", "llama", "dacon-236291", "news",
        ("epochs=10", "accumulation=1", "learning_rate=2e-3"),
    ),
    System(
        "odqa-t5", "t5", "dacon-236291", "news",
        ("epochs=20", "source_length=1024", "learning_rate=5e-3"),
    ),
)  # fmt: skip


def leaderkit(*arguments: object) -> dict[str, Any]:
    """Run a command with ``--json``; its report. What fails ends everything."""
    command = [sys.executable, "-m", "submission.cli", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def evaluate(system: System, folder: Path) -> dict[str, Any]:
    """Train, answer, score and merge; the table's line."""
    base = small_model(system.model)
    data, trained, ledger = SAMPLE / system.data, folder / "trained", folder / "ledger.db"
    contest = ("-c", system.competition)
    settings = [part for each in system.settings for part in ("--set", f"training.{each}")]
    training = leaderkit(
        "train", system.recipe, *contest, "--data", data / "train.csv", "--model", base,
        "--out", trained, "--resume", *settings,
    )  # fmt: skip
    tuned = ["--model", trained] if system.full else ["--model", base, "--adapter", trained]
    values = {}
    for run, model in (("base", ["--model", base]), ("tuned", tuned)):
        at = ("--run", run, "--ledger", ledger)
        leaderkit(
            "generate", system.recipe, *contest, "--test", data / "test.csv", *model,
            "--engine", "transformers", *at,
        )  # fmt: skip
        scored = leaderkit("score", *contest, "--references", data / "references.csv", *at)
        values[run] = scored["scores"][0]["value"]
    line = {"loss": (training["loss_first"], training["loss_last"]), **values}
    if not system.full and not (folder / "merged").exists():
        line["merge"] = leaderkit(
            "merge", "--base", base, "--adapter", trained, "--out", folder / "merged",
            "--check", ROWS_CHECKED, "--prompts", data / "test.csv",
        )  # fmt: skip
    return line


def merged(report: dict[str, Any] | None) -> str:
    """What merging said, on a line."""
    if report is None:
        return "every weight trained, nothing to merge"
    parts = [f"logits {report['written']['difference']:.1e}"]
    for each in report["answers"]:
        same = each["sameness"]
        told = each["not_asked"] if same is None else f"{same['same']} of {same['answers']}"
        parts.append(f"{each['engine']} {told}")
    return ", ".join(parts)


def main() -> None:
    """Run the systems asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", nargs="*", help="which recipes; all")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "systems")
    arguments = parser.parse_args()
    missed = []
    print(f"{'recipe':30} {'loss':>15} {'base':>8} {'tuned':>8}  merged")
    for system in SYSTEMS:
        if arguments.recipes and system.recipe not in arguments.recipes:
            continue
        line = evaluate(system, arguments.out / system.recipe.replace(":", "-"))
        first, last = line["loss"]
        print(
            f"{system.recipe:30} {first:7.2f} {last:7.2f} {line['base']:8.4f} "
            f"{line['tuned']:8.4f}  {merged(line.get('merge'))}",
            flush=True,
        )
        if not (last < first and line["tuned"] > line["base"]):
            missed.append(system.recipe)
    if missed:
        sys.exit(f"loss or score not better: {', '.join(missed)}")


if __name__ == "__main__":
    main()
