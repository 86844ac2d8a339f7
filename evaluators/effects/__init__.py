"""The effect of each choice of an experiment: main effects and pairwise interactions.

The cells of an experiment answer the same rows. Their scores are taken apart by the fixed-effects
factorial model with effect coding (Montgomery, Design and Analysis of Experiments, ch. 5; the
coding: Cohen et al. 2003, Applied Multiple Regression, 8.3): for axes A and B

    score(a, b) = mean + A(a) + B(b) + AB(a, b),

where the effects of an axis sum to 0, and those of a pair over either of its axes. Least squares
over the cells, every cell counting alike. Where every combination was run this is what averages
give: A(a) is the mean of the cells with a minus the mean of all, and AB(a, b) the mean of the
cells with both, minus the mean of those with a, minus that of those with b, plus that of all.

An estimate is a weighted sum of the cells' scores. So its interval comes from drawing the rows
anew, the same rows for every cell (paired bootstrap). It covers the chance of the rows, and not
that of seeds or of another training.
"""

from __future__ import annotations

from evaluators.effects.design import Design
from evaluators.effects.estimate import Caveat, Effects, Interaction, MainEffect, effects
from evaluators.effects.outcomes import (
    Difference,
    Estimate,
    Outcomes,
    RowOutcomes,
    SummedOutcomes,
)

__all__ = [
    "Caveat",
    "Design",
    "Difference",
    "Effects",
    "Estimate",
    "Interaction",
    "MainEffect",
    "Outcomes",
    "RowOutcomes",
    "SummedOutcomes",
    "effects",
]
