"""What every test asks of row scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def checked(rows: ArrayLike) -> NDArray[np.float64]:
    """Return row scores as an array; raises EvaluationError for none, or some not finite."""
    values = np.asarray(rows, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise EvaluationError("row scores must be a list of at least one number")
    if not np.isfinite(values).all():
        raise EvaluationError("row scores must be finite numbers: some row was not scored")
    return values


def require_pairs(left: int, right: int) -> None:
    """Raise EvaluationError unless both systems have as many rows."""
    if left != right:
        raise EvaluationError(
            f"{left} rows cannot be paired with {right}: score both on the same rows"
        )
