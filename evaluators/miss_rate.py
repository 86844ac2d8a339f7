"""How often answers are in another language than they should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evaluators.errors import EvaluationError
from evaluators.text.language import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from evaluators.base import Example

COLUMNS: Final = (
    "Translation_Type",
    "Dataset_Size",
    "Total_Entries",
    "Mismatch_Count",
    "Miss_Rate",
)


@dataclass(frozen=True)
class MissRate:
    """The rows of one translation direction and one size of training data."""

    translation_type: str
    dataset_size: int
    total_entries: int
    mismatch_count: int

    @property
    def miss_rate(self) -> float:
        """The share of mismatches, from 0 to 1; 0 without rows."""
        return self.mismatch_count / self.total_entries if self.total_entries else 0.0


def languages_differ(answer: str, reference: str) -> bool:
    """Return whether two texts are in different languages.

    A text of fewer than two letters is in no language and differs from none.
    """
    one, two = language_of(answer), language_of(reference)
    return one is not None and two is not None and one != two


def count_misses(examples: Sequence[Example], translation_type: str, dataset_size: int) -> MissRate:
    """Count the answers whose language is not their first reference's.

    Raises EvaluationError where a row has no reference.
    """
    for row in examples:
        if not row.references:
            raise EvaluationError(f"row {row.id!r} has no reference whose language counts")
    misses = sum(languages_differ(row.answer, row.references[0]) for row in examples)
    return MissRate(translation_type, dataset_size, len(examples), misses)


def miss_rate_frame(rates: Iterable[MissRate]) -> pd.DataFrame:
    """Return the table of several directions and sizes, in the order given.

    Its columns are ``COLUMNS``; ``Miss_Rate`` is a share from 0 to 1.
    """
    import pandas as pd

    rows = [
        (
            each.translation_type,
            each.dataset_size,
            each.total_entries,
            each.mismatch_count,
            each.miss_rate,
        )
        for each in rates
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
