"""How many multiple-choice answers can be read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import Signature
from evaluators.metrics.accuracy import read_choice
from evaluators.metrics.entry import Entry, Request
from evaluators.metrics.rowwise import RowMetric, require_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example


class ChoiceRead(RowMetric):
    """1 where one option can be read out of the answer, right or wrong, else 0.

    What ``accuracy:extract=choice`` loses to answers of another form is 1 minus this.
    """

    name: Final = "choice-read"
    proxy: Final = None

    @property
    def signature(self) -> Signature:
        """Has no options."""
        return Signature.of(self.name)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; references are not looked at."""
        require_text(examples, self.name)
        return np.array([read_choice(row) is not None for row in examples], dtype=np.float64)


def _build(_request: Request) -> ChoiceRead:
    return ChoiceRead()


ENTRIES = (Entry(ChoiceRead.name, "answers that an option can be read out of", "nothing", _build),)
