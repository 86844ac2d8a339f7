"""From an engine's steps to durable rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from submission.engines.base import Completion, Engine, Failure, Outcome, Request
from submission.generation.deadline import Deadline, blocks
from submission.generation.forecast import Forecast
from submission.generation.progress import RowProgress
from submission.runs.ledger import Ledger


def recorded(
    engine: Engine,
    requests: Sequence[Request],
    ledger: Ledger,
    run: str,
    label: str,
    max_tokens: int,
    deadline: Deadline | None = None,
) -> Iterator[Sequence[Completion]]:
    """The completions of each step of the engine, committed to ``run`` before it is reported.

    Rows that failed are recorded as such. ``label`` names the work in the progress, and
    ``max_tokens`` bounds each answer. What is not answered by the ``deadline`` is left, the last
    of the ``requests`` first.
    """
    notes = getattr(engine, "notes", tuple)
    in_flight, load = (getattr(engine, name, None) for name in ("in_flight", "load"))
    forecast = Forecast(requests, max_tokens, in_flight, load)
    with RowProgress(len(requests), label, forecast.left) as progress:
        for step in _steps(engine, requests, deadline):
            if step:
                ledger.record(run, step)
            forecast.finished(step)
            done = [each for each in step if not isinstance(each, Failure)]
            progress.advance(len(step), sum(each.completion_tokens for each in done), notes())
            yield done


def _steps(
    engine: Engine, requests: Sequence[Request], deadline: Deadline | None
) -> Iterator[Sequence[Outcome]]:
    as_given = getattr(engine, "takes_all", False)
    limited = deadline is not None and deadline.limited
    if as_given and not limited:
        # No long row is left for the end.
        requests = sorted(requests, key=lambda request: -len(request.tokens))
    if deadline is None:
        yield from engine.complete(requests)
        return
    whole = as_given or not limited
    deadline.start()
    for block in [requests] if whole else blocks(requests):
        if deadline.over():
            return
        begun = False
        with closing(engine.complete(block)) as steps:  # type: ignore[type-var]  # a generator
            for step in steps:
                yield step
                # What goes before the first of all rows, such as a load, is not repeated.
                if whole and not begun:
                    deadline.start()
                begun = True
                deadline.step()
                if deadline.over():
                    return
