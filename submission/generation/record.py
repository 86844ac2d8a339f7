"""From an engine's steps to durable rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from submission.engines.base import Completion, Engine, Request
from submission.generation.progress import RowProgress
from submission.runs.ledger import Ledger


def recorded(
    engine: Engine, requests: Sequence[Request], ledger: Ledger, run: str, label: str
) -> Iterator[Sequence[Completion]]:
    """What each step of the engine finishes, committed to ``run`` before it is reported.

    ``label`` names the work in the progress.
    """
    with RowProgress(len(requests), label) as progress:
        for step in engine.complete(requests):
            ledger.record(run, step)
            progress.advance(len(step), sum(each.completion_tokens for each in step))
            yield step
