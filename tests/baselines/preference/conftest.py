"""A ledger with a run of several answers per prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from submission.engines.base import Completion, Finish
from submission.recipes import find_recipe
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run
from submission.tables import write_csv

Answers = Mapping[str, Sequence[Sequence[str | None]]]
"""By question: for each of its parts the samples' answers, None for one that was cut off."""

KeepRun = Callable[[Answers], None]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db") as ledger:
        yield ledger


@pytest.fixture
def keep_run(tmp_path: Path, book: Ledger) -> KeepRun:
    """Keeps the run ``samples``, of ``test.csv``, which it writes; rows are named R0, R1, …"""

    def keep(answers: Answers) -> None:
        test = tmp_path / "test.csv"
        rows = [(f"R{place}", question) for place, question in enumerate(answers)]
        write_csv(test, ["id", "질문"], rows, bom=True)
        parts, completions = [], []
        for position, (question, by_part) in enumerate(answers.items()):
            asked = question.split(" 또한, ")
            for part, samples in enumerate(by_part):
                for sample, text in enumerate(samples):
                    key = f"{position}/{part}/{sample}"
                    row_id = f"R{position}"
                    parts.append(PlannedPart(position, part, sample, row_id, asked[part], key))
                    finish = Finish.LENGTH if text is None else Finish.STOP
                    completions.append(Completion(key, text or "잘린", finish))
        recipe = find_recipe("embedded").model_dump_json()
        run = Run("samples", "fingerprint", "sample-wallpaper", recipe, str(test), "tiny", "")
        book.begin(run, parts, fresh=True)
        book.record("samples", completions)

    return keep
