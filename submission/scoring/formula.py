"""From a competition's declaration, or the code in its folder, to the leaderboard's metric."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from inspect import getattr_static
from pathlib import Path
from types import FunctionType, ModuleType

from evaluators import Example, Metric, Weighted
from evaluators.base import Direction
from evaluators.errors import ModelUnavailableError
from evaluators.metrics.grouped import Group, Grouped
from evaluators.metrics.member import of_member
from submission.competitions.formula import Formula, RowGroup, Term
from submission.errors import InputError, few
from submission.files.named import named
from submission.scoring.own_code import MODULE_PREFIX, unusable

BuildPart = Callable[[str], Metric]
"""What makes a metric of a spec such as ``em:rule=nikl``, over the encoder and models in force."""

FUNCTION = "formula"
_MEMBERS = ("name", "signature", "proxy", "direction", "rows", "aggregate")


def build_formula(score: Formula, folder: Path | None, part: BuildPart) -> Metric:
    """The leaderboard's metric, on 0..1; a formula of one unweighted term is that term.

    ``folder`` is where the competition's own code is. Raises :class:`InputError` where that cannot
    be used.
    """
    if score.code is not None:
        if folder is None:
            raise ValueError(f"{score.code} is looked for in a competition's folder")
        return _coded(folder / score.code, part)
    terms = partial(_sum, direction=score.direction, part=part)
    if score.groups:
        groups = [_group(score, group, terms) for group in score.groups]
        column = score.group_by or ""
        return Grouped(
            groups,
            name=score.name,
            kind=lambda row: row.meta.get(column, "").strip(),
            direction=score.direction,
        )
    return terms(score.terms, score.name)


def _sum(terms: list[Term], name: str, direction: Direction, part: BuildPart) -> Metric:
    built = [(term.weight, _term(term, part)) for term in terms]
    single = len(built) == 1 and built[0][0] == 1.0
    metric = built[0][1] if single else Weighted(built, name=name)
    if metric.direction == "lower" != direction:
        raise InputError(
            f'{metric.name} is better when lower: write direction = "lower" into [score].'
        )
    return metric


def _term(term: Term, part: BuildPart) -> Metric:
    metric = part(term.metric)
    return metric if term.of is None else of_member(metric, term.of)


def _group(score: Formula, group: RowGroup, terms: Callable[[list[Term], str], Metric]) -> Group:
    column, value = score.group_by or "", group.value

    def pick(row: Example) -> Example | None:
        if column not in row.meta:
            raise InputError(
                f"The references have no column '{column}', which says how row '{row.id}' is "
                "scored."
            )
        return row if row.meta[column].strip() == value else None

    build = partial(terms, group.terms, group.value)
    return Group(group.value, build, pick, group.weight)


def _coded(path: Path, part: BuildPart) -> Metric:
    make = getattr(_module(path), FUNCTION, None)
    if not callable(make):
        raise InputError(f"{path}: has no function {FUNCTION}(part) that returns a metric.")
    try:
        metric = make(part)
    except Exception as error:
        if isinstance(error, ModelUnavailableError):
            raise
        raise unusable(path, error) from error
    lacking = [name for name in _MEMBERS if not _has(metric, name)]
    if lacking:
        line = make.__code__.co_firstlineno if isinstance(make, FunctionType) else 1
        raise InputError(
            f"{path}, line {line}: {FUNCTION}(part) returned {type(metric).__name__}, not a metric:"
            f" it has no {few(lacking)}."
        )
    found: Metric = metric
    return found


def _has(metric: object, name: str) -> bool:
    # A property is not asked for its value, which may need rows.
    try:
        getattr_static(metric, name)
    except AttributeError:
        return False
    return True


def _module(path: Path) -> ModuleType:
    """The code of a competition: part of this package, or of a folder that the user named."""
    if not named(path).is_file():
        raise InputError(f"{path}: there is no such file; it must define the competition's score.")
    # Folders of competitions are no packages; each needs a module name that no other one has.
    name = f"{MODULE_PREFIX}{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: is not Python code.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise unusable(path, error) from error
    return module
