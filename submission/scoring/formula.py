"""From a competition's declaration, or the code in its folder, to the leaderboard's metric."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from evaluators import Example, Metric, Weighted
from evaluators.metrics.grouped import Group, Grouped
from submission.competitions.profile import Formula, RowGroup, Term
from submission.errors import InputError
from submission.files.named import named

BuildPart = Callable[[str], Metric]
"""What makes a metric of a spec such as ``em:rule=nikl``, over the encoder and models in force."""

FUNCTION = "formula"


def build_formula(score: Formula, folder: Path | None, part: BuildPart) -> Metric:
    """The leaderboard's metric, on 0..1; a formula of one unweighted term is that term.

    ``folder`` is where the competition's own code is. Raises :class:`InputError` where that cannot
    be used.
    """
    if score.code is not None:
        if folder is None:
            raise ValueError(f"{score.code} is looked for in a competition's folder")
        return _coded(folder / score.code, part)
    if score.groups:
        groups = [_group(score, group, part) for group in score.groups]
        column = score.group_by or ""
        return Grouped(groups, name=score.name, kind=lambda row: row.meta.get(column, "").strip())
    return _sum(score.terms, score.name, part)


def _sum(terms: list[Term], name: str, part: BuildPart) -> Metric:
    built = [(term.weight, part(term.metric)) for term in terms]
    if len(built) == 1 and built[0][0] == 1.0:
        return built[0][1]
    return Weighted(built, name=name)


def _group(score: Formula, group: RowGroup, part: BuildPart) -> Group:
    column, value = score.group_by or "", group.value

    def pick(row: Example) -> Example | None:
        if column not in row.meta:
            raise InputError(
                f"The references have no column '{column}', which says how row '{row.id}' is "
                "scored."
            )
        return row if row.meta[column].strip() == value else None

    build = partial(_sum, group.terms, group.value, part)
    return Group(group.value, build, pick, group.weight)


def _coded(path: Path, part: BuildPart) -> Metric:
    make = getattr(_module(path), FUNCTION, None)
    if not callable(make):
        raise InputError(f"{path}: has no function {FUNCTION}(part) that returns a metric.")
    metric = make(part)
    if not callable(getattr(metric, "rows", None)):
        raise InputError(
            f"{path}: {FUNCTION}(part) returned {type(metric).__name__}, not a metric."
        )
    found: Metric = metric
    return found


def _module(path: Path) -> ModuleType:
    """The code of a competition: part of this package, or of a folder that the user named."""
    if not named(path).is_file():
        raise InputError(f"{path}: there is no such file; it must define the competition's score.")
    # Folders of competitions are no packages; each needs a module name that no other one has.
    name = f"leaderkit_formula_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: is not Python code.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"{path}: {type(error).__name__}: {error}") from error
    return module
