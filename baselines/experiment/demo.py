"""The whole chain on the sample data with the embedded model."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from baselines.experiment.plan import ExperimentFile, NamedCell, plan_experiment
from baselines.experiment.run import Outcome, run_experiment
from baselines.training.report import TrainingReport
from baselines.training.sft import train
from submission.adapters import Weighted, merge
from submission.adapters.prompts import read_prompts
from submission.competitions import find_competition
from submission.files.digest import sha256_file
from submission.files.model_files import EMBEDDED, ModelFiles, locate_model
from submission.recipes import find_recipe
from submission.records.read import read_training
from submission.runs.ledger import Ledger
from submission.scoring.classification import Classification, classify

COMPETITION = "sample-wallpaper"
CHOICE = "sample-choice"
METRICS = ("bertscore", "rougeL:tokenizer=mecab")

STAND_INS = f"""\
What stands in for what:
  model        '{EMBEDDED}' is a very small GPT-2 trained on this project's sample text; its answers
               are not good. Use a contest's model with --model.
  data         data_sample/wallpaper is written for this project, in the season-2 format.
  BERTScore    '{EMBEDDED}' as the encoder, which it was not trained for. Contests use a BERT.
  score        hashed character n-grams, which '{COMPETITION}' declares as its encoder. Contests use
               sentence-transformers models.
Everything else is what a contest runs: peft training, merging, vLLM, the ledger, the check."""


@dataclass(frozen=True)
class Demo:
    """What the demo did, and how long each step took in seconds.

    ``choice`` is the outcome of the multiple-choice questions, and ``classes`` how each run's
    answers to them do as labels.
    """

    training: TrainingReport
    merged: Path
    outcome: Outcome
    choice: Outcome
    classes: dict[str, Classification]
    seconds: dict[str, float]


def run_demo(out: Path, say: Callable[[str], None], *, command: str, fresh: bool = False) -> Demo:
    """Train an adapter, merge it, answer, score, submit, check and compare, all under ``out``.

    What an earlier demo in ``out`` finished is taken over. ``fresh`` starts over.
    """
    if fresh:
        for name in ("adapter", "merged"):
            shutil.rmtree(out / name, ignore_errors=True)
    seconds: dict[str, float] = {}
    data = _sample("wallpaper")
    base = locate_model(EMBEDDED)

    say("== train a LoRA adapter on the embedded model")
    started = time.perf_counter()
    training = _train(base, data / "train.csv", out / "adapter", say)
    seconds["train"] = time.perf_counter() - started

    say("== merge it into its base")
    started = time.perf_counter()
    merged = _merge(base, out / "adapter", out / "merged", training, say)
    seconds["merge"] = time.perf_counter() - started

    started = time.perf_counter()
    experiment = ExperimentFile(
        competition=COMPETITION,
        test=data / "test.csv",
        train=data / "train.csv",
        references=data / "references.csv",
        template=data / "sample_submission.csv",
        out=out,
        baseline="embedded-base",
        metrics=list(METRICS),
        metric_models={"bertscore": str(base.folder)},
        cells=[
            NamedCell(
                name="embedded-lora",
                recipe="embedded",
                set={"model.name": str(merged), "engine.name": "vllm"},
                submit=True,
            ),
            NamedCell(name="embedded-base", recipe="embedded", set={"engine.name": "vllm"}),
            NamedCell(name="nearest", recipe="nearest"),
            NamedCell(name="medoid", recipe="medoid"),
            NamedCell(name="constant", recipe="constant"),
        ],
    )
    outcome = _run(experiment, say, command=command, fresh=fresh)
    seconds["generate, score, submit, compare"] = time.perf_counter() - started

    say("== multiple choice and short answers")
    started = time.perf_counter()
    choice = _run(_choice(out / "choice"), say, command=command, fresh=fresh)
    seconds["multiple choice"] = time.perf_counter() - started
    compared = choice.comparison.scored if choice.comparison else ()
    classes = {each.subject.name: classify(each.examples, "choice") for each in compared}
    return Demo(training, merged, outcome, choice, classes, seconds)


def _sample(name: str) -> Path:
    return Path(str(resources.files("data_sample").joinpath(name)))


def _run(file: ExperimentFile, say: Callable[[str], None], *, command: str, fresh: bool) -> Outcome:
    experiment = plan_experiment(file, Path("experiment.toml"))
    with Ledger(file.out / "ledger.db") as ledger:
        return run_experiment(experiment, ledger, say, command=command, fresh=fresh)


def _choice(out: Path) -> ExperimentFile:
    data = _sample("choice")
    return ExperimentFile(
        competition=CHOICE,
        test=data / "test.csv",
        train=data / "train.csv",
        references=data / "references.csv",
        template=data / "sample_submission.csv",
        out=out,
        baseline="constant",
        cells=[
            NamedCell(name="majority", recipe="majority", submit=True),
            NamedCell(name="nearest", recipe="nearest"),
            NamedCell(name="constant", recipe="constant"),
            # For twenty rows a second start of vLLM would not pay.
            NamedCell(name="embedded-base", recipe="embedded", set={"engine.name": "transformers"}),
        ],
    )


def _train(base: ModelFiles, data: Path, out: Path, say: Callable[[str], None]) -> TrainingReport:
    return train(
        find_recipe("embedded"),
        read_training(find_competition(COMPETITION).profile, data),
        out,
        base=base,
        data_sha256=sha256_file(data),
        resume=True,
        say=say,
    )


def _merge(
    base: ModelFiles,
    adapter: Path,
    folder: Path,
    training: TrainingReport,
    say: Callable[[str], None],
) -> Path:
    """The merged model of exactly this training, merged now unless it is there."""
    out = folder / training.fingerprint[:12]
    if out.is_dir():
        say(f"{out}: already merged.")
        return out
    adapters = [Weighted(ModelFiles(str(adapter), adapter))]
    report = merge(base, adapters, out, read_prompts(), say=say)
    say(report.summary())
    return out
