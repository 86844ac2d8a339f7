"""What recording and display cost while vLLM has a thousand rows in flight.

    python benchmarks/overhead.py [--rows N] [--model FOLDER]

``generate`` answers that many different prompts, all of them in one batch (``engine.vllm``:
``max_num_seqs``), with a ledger on disk and the progress of a terminal. Measured is the share of
the time that the engine waits for whoever takes its rows: ledger, forecast and display. It is to
stay under 2 %. The model is that of benchmarks/generate.py unless ``--model`` names another.
"""

from __future__ import annotations

import argparse
import os
import pty
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from generate import ENDS_EVERY, TEMPLATE, make_model  # type: ignore[import-not-found]  # beside it

import submission.generation.generate as module
from submission.competitions import find_competition
from submission.engines.base import More, Outcome, Request, nothing_more
from submission.engines.vllm.engine import VllmEngine
from submission.generation.generate import Job
from submission.recipes import Recipe
from submission.runs.ledger import Ledger
from submission.tables import write_csv


class Watched(VllmEngine):
    """The engine, which notes how long it waits between its steps."""

    steps = 0
    waited = whole = 0.0

    def complete(
        self, requests: Sequence[Request], more: More = nothing_more
    ) -> Iterator[Sequence[Outcome]]:
        """The steps of the engine."""
        began = time.perf_counter()
        for step in super().complete(requests, more):
            given = time.perf_counter()
            yield step
            Watched.waited += time.perf_counter() - given
            Watched.steps += 1
        Watched.whole = time.perf_counter() - began


def on_a_terminal() -> None:
    """Make standard error a terminal that something reads, as a window does."""
    ours, theirs = pty.openpty()
    os.dup2(theirs, 2)

    def read() -> None:
        while os.read(ours, 65536):
            pass

    threading.Thread(target=read, daemon=True).start()


def main() -> None:
    """Answer the rows and print the share."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    module.make_engine = Watched  # type: ignore[attr-defined]
    on_a_terminal()
    with tempfile.TemporaryDirectory() as place, Ledger(Path(place) / "ledger.db") as ledger:
        folder = arguments.model or Path(place, "model")
        if arguments.model is None:
            make_model(folder)
        test = Path(place, "test.csv")
        rows = [(f"T_{n}", f"벽지 {n}번은 왜 들뜨나요?") for n in range(arguments.rows)]
        write_csv(test, ("id", "질문"), rows, bom=False)
        settings: dict[str, Any] = {
            "name": "benchmark",
            "model": {"name": str(folder)},
            "engine": {"name": "vllm", "vllm": {"max_num_seqs": arguments.rows}},
            "prompt": {"template": TEMPLATE},
            "sampling": {"max_tokens": ENDS_EVERY // 2},
        }
        job = Job(
            "run", Recipe.model_validate(settings), find_competition("sample-wallpaper"), test
        )
        report = module.generate(job, ledger, lambda _message: None)
    share = Watched.waited / Watched.whole
    print(
        f"{report.computed:,} rows, {report.completion_tokens:,} tokens, {Watched.steps} steps in "
        f"{Watched.whole:.1f} s; {Watched.waited:.2f} s of them for ledger and display: "
        f"{share:.2%} (under 2 %)"
    )


if __name__ == "__main__":
    main()
