"""Every published system on the sample data: trained, compared with its base, merged, checked.

    python benchmarks/systems.py [RECIPE …] [--out DIR] [--variants] [--json FILE]

Each recipe is run by the commands of its page in docs/systems, over a small model of its
architecture (baselines/training/small.py): `train`, `generate` with the base and with what was
trained, `score`, and for adapters `merge --check`, which has base plus adapter, the merged model
and vLLM answer the same prompts. Preference tuning begins with the adapter of the training before
it: several answers to each training question, the best and worst of them a pair, `tune`. Takes
about two minutes a recipe on 2 cores; what is in DIR already is taken over. --variants runs all 24
of the Gemma study, and not only one of each method.

Ends with 1 where a command fails, a loss does not fall, a tuned model does not beat its base, or a
merged model answers otherwise, in vLLM too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from baselines.stand_ins.small import small_model
from submission.adapters.merge import REPORT

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data_sample"
ROWS_CHECKED = 6


@dataclass(frozen=True)
class System:
    """A recipe, the small model it runs over, its sample competition and data, and settings.

    ``after`` is the system whose adapter is tuned further, on preferences.
    """

    recipe: str
    model: str
    competition: str
    data: str
    settings: tuple[str, ...]
    after: str | None = None

    @property
    def full(self) -> bool:
        """Whether every weight is trained, so that there is no adapter."""
        return self.recipe.endswith("-fft") or self.recipe == "odqa-t5"

    @property
    def folder(self) -> str:
        """Where its files are."""
        return self.recipe.replace(":", "-")


NEWS, WALLPAPER = ("dacon-236291", "news"), ("sample-wallpaper", "wallpaper")
LORA = ("accumulation=1", "epochs=20", "warmup=2", "learning_rate=1e-2")
FULL = ("epochs=20", "warmup=2", "learning_rate=1e-3")
SYSTEMS = (
    System("news-qa-gemma", "gemma2", *NEWS, ("epochs=20", "learning_rate=1e-2")),
    System(
        "open-book-gem2", "llama", *NEWS, ("epochs=10", "accumulation=2", "learning_rate=5e-3")
    ),
    System(
        "open-book-gem2-dpo", "llama", *NEWS,
        ("epochs=5", "accumulation=2", "learning_rate=1e-3"), after="open-book-gem2",
    ),
    System("wallpaper-kogpt2", "gpt2", *WALLPAPER, ("epochs=1", "learning_rate=5e-4")),
    System("wallpaper-42dot", "llama", *WALLPAPER, ("epochs=4", "learning_rate=5e-3")),
    System("wallpaper-synatra", "llama", *WALLPAPER, ("epochs=4", "learning_rate=5e-3")),
    System("gemma-study:koen-lora", "gemma", "sample-translation", "translation/koen", LORA),
    System("gemma-study:summary-news-fft", "gemma", "sample-summary", "summary", FULL),
    System(
        "odqa-llama", "llama", *NEWS, ("epochs=10", "accumulation=1", "learning_rate=2e-3")
    ),
    System(
        "odqa-t5", "t5", *NEWS,
        ("epochs=15", "batch_size=2", "source_length=1024", "learning_rate=2e-3"),
    ),
)  # fmt: skip


def variants() -> Iterator[System]:
    """All 24 of the Gemma study, on the sample that is nearest to what each is for."""
    data = {
        **{task: ("sample-translation", f"translation/{task}") for task in
           ("koen", "enko", "kocn", "cnko", "kojp", "jpko")},
        **{f"summary-{what}": ("sample-summary", "summary") for what in
           ("news", "column", "law", "speech")},
        "qa-dialogue": ("sample-summary", "summary"),
        "qa-natural": WALLPAPER,
    }  # fmt: skip
    for task, place in data.items():
        settings = ("epochs=4",) if task == "qa-natural" else ()
        yield System(f"gemma-study:{task}-fft", "gemma", *place, (*FULL, *settings))
        yield System(f"gemma-study:{task}-lora", "gemma", *place, (*LORA, *settings))


class CommandError(Exception):
    """A command ended with an error; its last words."""


def leaderkit(*arguments: object) -> dict[str, Any]:
    """Run a command with ``--json``; its report."""
    command = [sys.executable, "-m", "submission.cli", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise CommandError(f"{arguments[0]} ended with {done.returncode}: {lines[-1]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass(frozen=True)
class Line:
    """What came of a system: losses of its training, and scores before and after it."""

    loss_first: float
    loss_last: float
    before: float
    after: float
    merged: str
    same: bool

    @property
    def better(self) -> bool:
        """Whether everything is as it should be."""
        return self.loss_last < self.loss_first and self.after > self.before and self.same


def evaluate(system: System, out: Path) -> Line:
    """Train, answer, score and merge. Raises :class:`CommandError`."""
    base, folder = small_model(system.model), out / system.folder
    trained = folder / "trained"
    start = None if system.after is None else out / system.after.replace(":", "-") / "trained"
    if start is None:
        report = leaderkit(
            "train", system.recipe, "-c", system.competition, "--model", base, "--out", trained,
            "--data", SAMPLE / system.data / "train.csv", "--resume", *_set(system),
        )  # fmt: skip
        losses = report["loss_first"], report["loss_last"]
    else:
        report = _tune(system, base, start, folder)
        losses = report["loss"]["first"], report["loss"]["last"]
    before = ["--model", base] if start is None else ["--model", base, "--adapter", start]
    after = ["--model", trained] if system.full else ["--model", base, "--adapter", trained]
    line = Line(
        *losses,
        before=_score(system, folder, "before", before),
        after=_score(system, folder, "after", after),
        merged="every weight trained, nothing to merge",
        same=True,
    )
    return line if system.full else replace(line, **_merged(system, base, folder))


def _set(system: System) -> list[str]:
    return [part for each in system.settings for part in ("--set", f"training.{each}")]


def _tune(system: System, base: Path, start: Path, folder: Path) -> dict[str, Any]:
    """Pairs of the answers that the adapter ``start`` gives, and the tuning on them."""
    train, pairs = SAMPLE / system.data / "train.csv", folder / "pairs.jsonl"
    ledger = ("--ledger", folder / "ledger.db")
    leaderkit(
        "generate", system.after, "-c", system.competition, "--test", train, "--model", base,
        "--adapter", start, "--run", "samples", "--samples", 8,
        "--set", "sampling.temperature=0.9", "--set", "sampling.max_tokens=64", *ledger,
    )  # fmt: skip
    leaderkit("prefer", "samples", "--by", "score", "--references", train, "--out", pairs, *ledger)
    return leaderkit(
        "tune", system.recipe, "--model", base, "--adapter", start, "--pairs", pairs,
        "--out", folder / "trained", "--resume", *_set(system),
    )  # fmt: skip


def _score(system: System, folder: Path, run: str, model: list[object]) -> float:
    """The run's score on the held-out sample rows, by the competition's own formula."""
    contest, data = ("-c", system.competition), SAMPLE / system.data
    at = ("--run", run, "--ledger", folder / "ledger.db")
    leaderkit(
        "generate", system.recipe, *contest, "--test", data / "test.csv", *model,
        "--engine", "transformers", *at,
    )  # fmt: skip
    scored = leaderkit("score", *contest, "--references", data / "references.csv", *at)
    return float(scored["scores"][0]["value"])


def _merged(system: System, base: Path, folder: Path) -> dict[str, Any]:
    """Merge, or read what merging said: on a line, and whether every engine answered alike."""
    merged = folder / "merged"
    if not (merged / REPORT).is_file():
        leaderkit(
            "merge", "--base", base, "--adapter", folder / "trained", "--out", merged,
            "--check", ROWS_CHECKED, "--prompts", SAMPLE / system.data / "test.csv",
        )  # fmt: skip
    report = json.loads((merged / REPORT).read_text("utf-8"))
    parts, same = [f"logits {report['written']['difference']:.1e}"], True
    for each in report["answers"]:
        found = each["sameness"]
        same = same and found is not None and found["same"] == found["answers"]
        told = each["not_asked"] if found is None else f"{found['same']} of {found['answers']}"
        parts.append(f"{each['engine']} {told}")
    return {"merged": ", ".join(parts), "same": same}


def main() -> None:
    """Run the systems asked for, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", help="which recipes; all")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "systems")
    parser.add_argument("--variants", action="store_true", help="all 24 of the Gemma study")
    parser.add_argument("--json", type=Path, help="the table as JSON")
    arguments = parser.parse_args()
    systems = {each.recipe: each for each in SYSTEMS}
    if arguments.variants:
        systems |= {each.recipe: each for each in variants()}
    wrong = sorted(set(arguments.recipes) - set(systems))
    if wrong:
        parser.error(f"no such recipe here: {', '.join(wrong)}; there are {', '.join(systems)}")
    table, missed = {}, []
    print(f"{'recipe':30} {'loss':>15} {'before':>8} {'after':>8}  merged")
    for name, system in systems.items():
        if arguments.recipes and name not in arguments.recipes:
            continue
        try:
            line = evaluate(system, arguments.out)
        except CommandError as error:
            print(f"{name:30} {error}", flush=True)
            missed.append(name)
            continue
        table[name] = line
        print(
            f"{name:30} {line.loss_first:7.2f} {line.loss_last:7.2f} {line.before:8.4f} "
            f"{line.after:8.4f}  {line.merged}",
            flush=True,
        )
        if not line.better:
            missed.append(name)
    if arguments.json:
        found = {name: vars(line) for name, line in table.items()}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if missed:
        sys.exit(f"not as it should be: {', '.join(missed)}")


if __name__ == "__main__":
    main()
