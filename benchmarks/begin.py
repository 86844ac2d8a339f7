"""How long it takes until a run of many short rows is begun: read, tokenized, keyed, in the ledger.

    python benchmarks/begin.py [--rows N] [--model FOLDER] [--chat] [--profile]

Questions are those of the sample competition with a number behind them, so that every prompt is
another; prompts are made by the ``vllm`` engine's own path, with the tokenizer of the embedded
model unless ``--model`` names another folder. No weights are loaded. 200,000 rows are to take at
most 10 s. Tokenizing uses every processor, so that it takes more processor time than it lasts.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import tempfile
import time
from pathlib import Path

from generate import TEMPLATE, make_model  # type: ignore[import-not-found]  # beside it

from submission.competitions import find_competition
from submission.engines.base import EngineContext, unhashed
from submission.engines.checkpoint import Checkpoint
from submission.generation.plan import plan_prompts
from submission.recipes import Recipe
from submission.records.read import read_questions
from submission.runs.ledger import Ledger
from submission.runs.rows import Run

QUESTIONS = (
    "도배지에 곰팡이가 생기는 이유는 무엇인가요?",
    "벽지가 들뜨는 하자는 어떻게 보수하나요?",
    "Which paste holds a heavy wallpaper?",
    "페인트가 벗겨지는 원인과 해결 방법을 알려주세요.",
)


class Prompts:
    """The part of an engine that makes prompts."""

    special_tokens = ()
    description = "benchmark"

    def __init__(self, recipe: Recipe) -> None:
        self._checkpoint = Checkpoint(EngineContext(recipe, hash_file=unhashed))
        self.identity = self._checkpoint.identity("benchmark")
        self.prompt = self._checkpoint.prompt_ids
        self.prompts = self._checkpoint.batch_ids


def main() -> None:
    """Begin one run and print what each part of it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--chat", action="store_true")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    gc.set_threshold(50_000, 20, 100)  # as the command line has it
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as place:
        folder = arguments.model or Path(place, "model")
        if arguments.model is None:
            make_model(folder)
        test = Path(place, "test.csv")
        asked = (f"{n},{QUESTIONS[n % len(QUESTIONS)]} ({n})\n" for n in range(arguments.rows))
        test.write_text("id,질문\n" + "".join(asked), encoding="utf-8")
        template = "{{ question }}" if arguments.chat else TEMPLATE
        recipe = Recipe.model_validate(
            {
                "name": "benchmark",
                "model": {"name": str(folder)},
                "prompt": {"template": template, "chat": arguments.chat},
            }
        )
        engine = Prompts(recipe)
        with Ledger(Path(place, "ledger.db")) as ledger:
            if arguments.profile:
                profile.enable()
            moments = [_now()]
            questions = read_questions(find_competition("sample-wallpaper").profile, test)
            moments.append(_now())
            plan = plan_prompts(recipe, engine, questions)  # type: ignore[arg-type]
            moments.append(_now())
            run = Run("benchmark", "f", "sample", "{}", "test.csv", "benchmark", "")
            ledger.answered(plan.requests)
            ledger.begin(run, plan.parts, fresh=False)
            moments.append(_now())
            profile.disable()
    if arguments.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    print(f"{len(plan.requests):,} prompts  seconds, of processor time")
    parts = {
        "read": (moments[0], moments[1]),
        "rendered, tokenized, keyed": (moments[1], moments[2]),
        "begun in the ledger": (moments[2], moments[3]),
        "together (at most 10)": (moments[0], moments[-1]),
    }
    for name, (one, other) in parts.items():
        print(f"{name:28}{other[0] - one[0]:6.1f}{other[1] - one[1]:8.1f}")


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
