"""A way of answering: a recipe that is run, or a run that is there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from submission.files.digest import digest
from submission.recipes import Recipe, find_recipe
from submission.runs.answers import run_recipe
from submission.runs.ledger import Ledger

RUN = "run:"
"""Before the name of a run, where a recipe's could stand."""


@dataclass(frozen=True)
class Way:
    """``run`` is the run's name; ``made`` is whether it is in the ledger and is only read."""

    run: str
    recipe: Recipe
    made: bool


def find_way(
    ledger: Ledger, spec: str, overrides: Iterable[str] = (), *, asked: Sequence[str] = ()
) -> Way:
    """The run ``run:NAME``, else the recipe ``spec`` with ``overrides``.

    A recipe's run is named by the recipe and what it is ``asked``, so that the same call goes on
    where it stopped, and another makes another run. Raises :class:`InputError` for a name that is
    neither.
    """
    if spec.startswith(RUN):
        name = spec.removeprefix(RUN)
        return Way(name, run_recipe(ledger, name), made=True)
    recipe = find_recipe(spec, overrides)
    mark = digest([recipe.model_dump_json(), *asked])[:8]
    return Way(f"parity-{recipe.name}-{mark}", recipe, made=False)
