"""A ledger with one finished and one unfinished run, made without any engine."""

from __future__ import annotations

from pathlib import Path

from submission.engines.base import Completion, Finish
from submission.recipes import Recipe
from submission.recipes.schema import Model
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run

ANSWERS = {
    "TEST_000": ("벽지가 왜 우나요?", "습기 때문입니다.", Finish.STOP),
    "TEST_001": ("=1+1 은?", '=2, "둘"\n입니다', Finish.STOP),
    "TEST_002": ("누수는?", "", Finish.STOP),
    "TEST_003": ("결로는 왜 생기나요?", "결로는 왜 생기나요? 온도 차이", Finish.LENGTH),
    "TEST_004": ("아주 긴 질문", "", Finish.PROMPT_TOO_LONG),
}


def make(path: Path, *, samples: int = 1) -> Path:
    """``whole`` is finished; ``half`` has the first two of its rows; ``bare`` has none."""
    recipe = Recipe(name="tiny[b]", model=Model(name="embedded"))
    with Ledger(path) as book:
        for name, answered in (("whole", 5), ("half", 2), ("bare", 0)):
            run = Run(
                name, f"fingerprint {name}", "sample-wallpaper", recipe.model_dump_json(),
                "test.csv", "transformers 5 (CPU)", f"leaderkit generate tiny --run {name}",
            )  # fmt: skip
            parts = [
                PlannedPart(position, 0, sample, row, question, f"{name} {row} {sample}")
                for position, (row, (question, _, _)) in enumerate(ANSWERS.items())
                for sample in range(samples)
            ]
            book.begin(run, parts, fresh=False)
            for row, (_, text, finish) in list(ANSWERS.items())[:answered]:
                for sample in range(samples):
                    text_ = text if sample == 0 else f"{text} {sample}"
                    key = f"{name} {row} {sample}"
                    book.record(name, [Completion(key, text_, finish, 5, 10)])
            book.spent(
                name, 2.0 if answered else 0.0, 10 * answered, finished=answered == len(ANSWERS)
            )
    return path
