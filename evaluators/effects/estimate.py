"""Main effects and pairwise interactions of an experiment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal, NamedTuple

from evaluators.effects.design import Design, Levels, Model, Term
from evaluators.effects.outcomes import Difference, Estimate, Outcomes
from evaluators.errors import EvaluationError
from evaluators.significance.correction import holm

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class MainEffect:
    """What one level of an axis does to the score.

    ``mean`` is the score with it, averaged over the other axes, and ``effect`` that minus the mean
    over the axis's levels. ``difference`` is against the axis's reference level, which has none.
    """

    axis: str
    level: str
    mean: float
    effect: Estimate
    difference: Difference | None


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """What two levels do together beyond what each does by itself.

    ``difference`` is how much more the level gains over its axis's reference level beside the other
    level than beside the other axis's reference level; None where either is the reference.
    """

    axis: str
    level: str
    other_axis: str
    other_level: str
    effect: Estimate
    difference: Difference | None


class Caveat(NamedTuple):
    """What limits an estimate; ``term`` is the effect in words, or ``""`` for all of them.

    ``unbalanced``: combinations without a cell, so that all effects are least-squares estimates.
    ``additive``: estimated as if axes did not interact. Left out: ``confounded``, an axis that
    varies only together with others, and ``too_few``, a pair of axes with too few cells.
    """

    kind: Literal["unbalanced", "additive", "confounded", "too_few"]
    term: str = ""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The effects of an experiment of ``cells`` cells on ``n`` rows.

    ``balanced`` says that every combination of levels has its cell, so that effects are differences
    of plain averages. ``caveats`` are what limits the estimates.
    """

    cells: int
    n: int
    balanced: bool
    main: Sequence[MainEffect]
    interactions: Sequence[Interaction]
    caveats: Sequence[Caveat]


def effects(design: Design, outcomes: Outcomes, reference: Levels | None = None) -> Effects:
    """Return main effects and pairwise interactions of the axes that vary.

    ``reference`` names the level of each axis that differences are against; by default the first.
    Where cells are missing, a main effect that cannot be told from interactions is estimated as if
    there were none; what cannot be told at all is left out. Caveats say both. Raises
    EvaluationError for outcomes of another number of cells, and reference levels that no cell has.
    """
    if len(outcomes.scores) != len(design.cells):
        raise EvaluationError(f"{len(outcomes.scores)} scores for {len(design.cells)} cells")
    against = _reference(design, reference)
    mains: list[Term] = [(axis,) for axis in design.varied]
    pairs: list[Term] = list(combinations(design.varied, 2))
    whole, additive = Model(design, [*mains, *pairs]), Model(design, mains)
    caveats: list[Caveat] = []
    if not design.balanced:
        caveats.append(Caveat("unbalanced"))
    main: list[MainEffect] = []
    for term in mains:
        if whole.tells(term):
            main += _main(design, whole, outcomes, term, against)
        elif additive.tells(term):
            caveats.append(Caveat("additive", design.called(term)))
            main += _main(design, additive, outcomes, term, against)
        else:
            caveats.append(Caveat("confounded", design.called(term)))
    together: list[Interaction] = []
    for term in pairs:
        if whole.tells(term):
            together += _interactions(design, whole, outcomes, term, against)
        else:
            caveats.append(Caveat("too_few", design.called(term)))
    return Effects(
        cells=len(design.cells),
        n=outcomes.n,
        balanced=design.balanced,
        main=[
            replace(each, difference=difference)
            for each, difference in zip(main, _adjusted(main), strict=True)
        ],
        interactions=[
            replace(each, difference=difference)
            for each, difference in zip(together, _adjusted(together), strict=True)
        ],
        caveats=caveats,
    )


def _reference(design: Design, given: Levels | None) -> Levels:
    if given is None:
        return tuple(design.levels(axis)[0] for axis in range(len(design.axes)))
    for axis, level in enumerate(given):
        if level not in design.levels(axis):
            raise EvaluationError(f"no cell has the reference level {design.axes[axis]} = {level}")
    return given


def _main(
    design: Design, model: Model, outcomes: Outcomes, term: Term, reference: Levels
) -> list[MainEffect]:
    (axis,) = term
    mean = model.weights((), ())
    own = model.all_weights(term)
    base = own[(reference[axis],)]
    return [
        MainEffect(
            axis=design.axes[axis],
            level=level,
            mean=float((mean + weights) @ outcomes.scores),
            effect=outcomes.estimate(weights),
            difference=None if level == reference[axis] else outcomes.test(weights - base),
        )
        for (level,), weights in own.items()
    ]


def _interactions(
    design: Design, model: Model, outcomes: Outcomes, term: Term, reference: Levels
) -> list[Interaction]:
    own = model.all_weights(term)
    base, other_base = (reference[axis] for axis in term)
    found = []
    for (level, other), weights in own.items():
        gain = weights - own[base, other] - own[level, other_base] + own[base, other_base]
        found.append(
            Interaction(
                axis=design.axes[term[0]],
                level=level,
                other_axis=design.axes[term[1]],
                other_level=other,
                effect=outcomes.estimate(weights),
                difference=None if level == base or other == other_base else outcomes.test(gain),
            )
        )
    return found


def _adjusted(found: Sequence[MainEffect | Interaction]) -> list[Difference | None]:
    tested = [each.difference for each in found if each.difference is not None]
    stricter = iter(holm([each.p_value for each in tested]).tolist())
    return [
        None if each.difference is None else each.difference._replace(p_adjusted=next(stricter))
        for each in found
    ]
