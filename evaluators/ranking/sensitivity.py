"""Whether the order of systems survives another tokenizer."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.metrics.registry import available, build_metric
from evaluators.scoring import value_of
from evaluators.text.cells import neutralize, one_line
from evaluators.text.listed import few

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from rich.console import Group

    from evaluators.base import Example, Metric

_OPTION: Final = "tokenizer"
# Equal scores differ in their last bits when the same numbers are added in another order.
_TIE: Final = 1e-9


@dataclass(frozen=True)
class RankFlip:
    """Two systems whose order depends on the tokenizer: who leads under which."""

    one: str
    other: str
    one_leads: tuple[str, ...]
    other_leads: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{one_line(self.one)} leads {one_line(self.other)} under "
            f"{', '.join(self.one_leads)}, and trails under {', '.join(self.other_leads)}"
        )


@dataclass(frozen=True)
class Sensitivity:
    """One metric's scores of several systems under several tokenizers.

    ``scores`` and ``ranks`` have shape ``(systems, tokenizers)``, systems in order of their mean
    rank; equal scores share the better rank. ``unavailable`` lists tokenizers that are not
    installed, with what says so.
    """

    metric: str
    systems: tuple[str, ...]
    tokenizers: tuple[str, ...]
    signatures: tuple[str, ...]
    flips: tuple[RankFlip, ...]
    unavailable: tuple[tuple[str, str], ...]
    n: int
    scores: NDArray[np.float64] = field(repr=False, compare=False)
    ranks: NDArray[np.int64] = field(repr=False, compare=False)


def tokenizer_sensitivity(
    systems: Mapping[str, Sequence[Example]],
    metric: str,
    *,
    tokenizers: Sequence[str] | None = None,
    options: str = "",
) -> Sensitivity:
    """Score every system with ``metric`` under every tokenizer that it takes.

    ``tokenizers`` chooses some; ``options`` are the metric's others, ``key=value,key=value``.
    Raises EvaluationError for no system, systems that answer different rows, a metric that takes
    no tokenizer, and where none of the tokenizers is installed.
    """
    n = _check_rows(systems)
    names = tuple(tokenizers) if tokenizers is not None else _choices(metric)
    metrics, unavailable = _build(metric, names, options)
    if not metrics:
        reasons = few(reason for _, reason in unavailable)
        raise EvaluationError(f"{metric} can be computed under none of the tokenizers: {reasons}")
    scores = np.array(
        [[value_of(each, examples) for each in metrics.values()] for examples in systems.values()]
    )
    lower = next(iter(metrics.values())).direction == "lower"
    ranks = _ranks(-scores if lower else scores)
    order = sorted(range(len(ranks)), key=lambda place: (ranks[place].mean(), place))
    listed = list(systems)
    named = tuple(listed[place] for place in order)
    return Sensitivity(
        metric=f"{metric}:{options}" if options else metric,
        systems=named,
        tokenizers=tuple(metrics),
        signatures=tuple(str(each.signature) for each in metrics.values()),
        flips=tuple(_flips(named, tuple(metrics), ranks[order])),
        unavailable=tuple(unavailable),
        n=n,
        scores=scores[order],
        ranks=ranks[order],
    )


def to_frame(found: Sensitivity) -> pd.DataFrame:
    """Return one line per system and tokenizer: system, tokenizer, score, rank, signature.

    Names are other people's text: where a spreadsheet would take one for a formula, an apostrophe
    stands first.
    """
    import pandas as pd

    lines = [
        (
            neutralize(system),
            tokenizer,
            float(found.scores[row, column]),
            int(found.ranks[row, column]),
            found.signatures[column],
        )
        for row, system in enumerate(found.systems)
        for column, tokenizer in enumerate(found.tokenizers)
    ]
    columns = ["system", "tokenizer", "score", "rank", "signature"]
    return pd.DataFrame(lines, columns=columns)


def render(found: Sensitivity) -> Group:
    """Return the scores, with ranks, as a table for the terminal, and below it every rank flip."""
    from rich.box import SIMPLE
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    notes = [str(flip) for flip in found.flips] or ["no two systems change order"]
    notes += [f"{name} left out: {reason}" for name, reason in found.unavailable]
    table = Table(
        title=Text(f"{one_line(found.metric)} by tokenizer, n = {found.n}"),
        box=SIMPLE,
        padding=(0, 1, 0, 0),
    )
    table.add_column(Text("system"))
    for name in found.tokenizers:
        table.add_column(Text(name), justify="right", no_wrap=True)
    for row, system in enumerate(found.systems):
        cells = (
            f"{score:.4f} #{rank}"
            for score, rank in zip(found.scores[row], found.ranks[row], strict=True)
        )
        table.add_row(Text(one_line(system)), *(Text(cell) for cell in cells))
    return Group(table, *(Text(note) for note in notes))


def _check_rows(systems: Mapping[str, Sequence[Example]]) -> int:
    if not systems:
        raise EvaluationError("there is no system to compare")
    first, *others = systems.items()
    rows = [(row.id, row.references) for row in first[1]]
    for name, examples in others:
        if [(row.id, row.references) for row in examples] != rows:
            raise EvaluationError(
                f"{name!r} and {first[0]!r} do not answer the same rows in the same order"
            )
    if not rows:
        raise EvaluationError("there is nothing to score: no row has an answer")
    return len(rows)


def _choices(metric: str) -> tuple[str, ...]:
    entry = next((entry for entry in available() if entry.name == metric), None)
    if entry is None:
        build_metric(metric)  # says which metrics there are
    options = entry.options if entry is not None else ()
    option = next((each for each in options if each.name == _OPTION), None)
    if option is None:
        raise EvaluationError(f"{metric} takes no tokenizer: its score depends on none")
    return option.choices


def _build(
    metric: str, names: Iterable[str], options: str
) -> tuple[dict[str, Metric], list[tuple[str, str]]]:
    metrics: dict[str, Metric] = {}
    unavailable = []
    for name in names:
        spec = f"{metric}:{_OPTION}={name}{',' + options if options else ''}"
        built = build_metric(spec)
        try:
            # A tokenizer that is not installed says so where its version is asked for.
            str(built.signature)
        except EvaluationError as error:
            unavailable.append((name, str(error)))
        else:
            metrics[name] = built
    return metrics, unavailable


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    ahead = scores[np.newaxis] > scores[:, np.newaxis] + _TIE
    ranks: NDArray[np.int64] = 1 + ahead.sum(axis=1)
    return ranks


def _flips(
    systems: Sequence[str], tokenizers: Sequence[str], ranks: NDArray[np.int64]
) -> Iterable[RankFlip]:
    for one, other in combinations(range(len(systems)), 2):
        leads, trails = ranks[one] < ranks[other], ranks[one] > ranks[other]
        if leads.any() and trails.any():
            yield RankFlip(
                systems[one],
                systems[other],
                tuple(name for name, yes in zip(tokenizers, leads, strict=True) if yes),
                tuple(name for name, yes in zip(tokenizers, trails, strict=True) if yes),
            )
