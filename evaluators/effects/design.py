"""Which cells an experiment has, and what their scores say of its axes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Levels = tuple[str, ...]
Term = tuple[int, ...]
"""The axes that an effect belongs to: one for a main effect, two for an interaction."""

# What is 0 on paper is some 1e-16 after a pseudo-inverse.
_ZERO: Final = 1e-9


@dataclass(frozen=True)
class Design:
    """Which cells an experiment has: the names of its axes, and each cell's level on each.

    Raises EvaluationError for no cells, repeated ones, and cells of another number of axes.
    """

    axes: tuple[str, ...]
    cells: tuple[Levels, ...]

    def __post_init__(self) -> None:
        if not self.cells:
            raise EvaluationError("an experiment without cells has no effects")
        if any(len(cell) != len(self.axes) for cell in self.cells):
            raise EvaluationError("every cell needs one level for each axis")
        if len(set(self.cells)) != len(self.cells):
            raise EvaluationError("two cells have the same levels: average them beforehand")

    def levels(self, axis: int) -> Levels:
        """Return the levels of an axis in the order that cells have them in."""
        return tuple(dict.fromkeys(cell[axis] for cell in self.cells))

    @property
    def varied(self) -> list[int]:
        """The axes that have two levels or more."""
        return [axis for axis in range(len(self.axes)) if len(self.levels(axis)) > 1]

    @property
    def balanced(self) -> bool:
        """Whether every combination of levels has its cell."""
        wanted = product(*(self.levels(axis) for axis in range(len(self.axes))))
        return set(wanted) == set(self.cells)

    def called(self, term: Term) -> str:
        """Return an effect's name in words: ``model x prompt``."""
        return " x ".join(self.axes[axis] for axis in term)


class Model:
    """The least-squares fit of a mean and some terms to the cells' scores."""

    def __init__(self, design: Design, terms: Sequence[Term]) -> None:
        self._design = design
        self._terms = list(terms)
        self._coding = {axis: _effect_coding(design.levels(axis)) for axis in design.varied}
        table = np.array(
            [
                self._row({term: tuple(cell[axis] for axis in term) for term in [(), *terms]})
                for cell in design.cells
            ]
        )
        self._inverse = np.linalg.pinv(table)
        self._told = self._inverse @ table

    def tells(self, term: Term) -> bool:
        """Whether the cells determine all effects of the term."""
        return all(
            np.allclose(row @ self._told, row, atol=_ZERO)
            for levels in self._combinations(term)
            for row in [self._row({term: levels})]
        )

    def weights(self, term: Term, levels: Levels) -> NDArray[np.float64]:
        """Return what each cell's score counts in the effect; ``()`` is the mean."""
        found: NDArray[np.float64] = self._row({term: levels}) @ self._inverse
        return found

    def all_weights(self, term: Term) -> dict[Levels, NDArray[np.float64]]:
        """Return the same for every combination of the term's levels."""
        return {levels: self.weights(term, levels) for levels in self._combinations(term)}

    def _combinations(self, term: Term) -> list[Levels]:
        return list(product(*(self._design.levels(axis) for axis in term)))

    def _row(self, wanted: Mapping[Term, Levels]) -> NDArray[np.float64]:
        """The coefficients of the mean and all terms, those not wanted being 0."""
        blocks = []
        for term in [(), *self._terms]:
            levels = wanted.get(term, tuple(self._design.levels(axis)[0] for axis in term))
            block: NDArray[np.float64] = np.ones(1) if term in wanted else np.zeros(1)
            for axis, level in zip(term, levels, strict=True):
                block = np.multiply.outer(block, self._coding[axis][level]).ravel()
            blocks.append(block)
        return np.concatenate(blocks)


def _effect_coding(levels: Levels) -> dict[str, NDArray[np.float64]]:
    """A unit vector per level but the last, which is minus their sum."""
    codes = np.vstack([np.eye(len(levels) - 1), -np.ones(len(levels) - 1)])
    return dict(zip(levels, codes, strict=True))
