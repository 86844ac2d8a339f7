"""Several comparisons at once: p-values made stricter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Correction = Literal["none", "holm", "bh"]


def adjust(p_values: ArrayLike, by: Correction) -> NDArray[np.float64]:
    """Return the p-values adjusted by name: ``none``, ``holm`` or ``bh``."""
    if by == "none":
        return _checked(p_values)
    if by == "holm":
        return holm(p_values)
    if by == "bh":
        return benjamini_hochberg(p_values)
    raise EvaluationError(f"correction {by!r} is unknown: use one of none, holm, bh")


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return Holm's step-down p-values (1979, Scand. J. Statist. 6:65-70), in the given order.

    Calling significant what is at most alpha keeps the chance of any false alarm at alpha, however
    the tests depend on each other. Raises EvaluationError for values outside [0, 1].
    """
    values = _checked(p_values)
    order = np.argsort(values, kind="stable")
    stepped = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return step-up p-values (Benjamini and Hochberg 1995, JRSS B 57:289-300), in order.

    Calling significant what is at most alpha keeps the expected share of false alarms among them
    at alpha, for independent or positively dependent tests. Raises EvaluationError for values
    outside [0, 1].
    """
    from scipy.stats import false_discovery_control

    values = _checked(p_values)
    adjusted: NDArray[np.float64] = false_discovery_control(values, method="bh")
    return adjusted


def _checked(p_values: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not bool(((values >= 0) & (values <= 1)).all()):
        raise EvaluationError("p-values must be a list of numbers from 0 to 1")
    return values
