"""What BLEU and chrF share: sacreBLEU's statistics per row, resampled here."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from evaluators.base import Signature
from evaluators.errors import one_of
from evaluators.metrics.entry import Option
from evaluators.metrics.rowwise import chosen, require_text
from evaluators.metrics.summed import Summed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sacrebleu.metrics.base import Metric as SacreBase
    from sacrebleu.metrics.base import Signature as SacreSignature

    from evaluators.base import Example

Together = Literal["all", "first"]
_TOGETHER: Final[tuple[Together, ...]] = get_args(Together)

TOGETHER_OPTION: Final = Option(
    "references",
    "whether a row's references count together or only the first does",
    default="all",
    choices=_TOGETHER,
)


class SacreMetric(Summed):
    """Base of the metrics whose statistics and formula are sacreBLEU's; values are 0 to 1."""

    proxy: Final = None

    def __init__(self, references: Together = "all") -> None:
        self._references = check_together(references)

    @property
    def signature(self) -> Signature:
        """Takes over sacreBLEU's own signature, with its version."""
        given = self._sacre_signature().info
        options = {key: str(value) for key, value in given.items() if value not in (None, "")}
        version = options.pop("version")
        options.pop("nrefs", None)
        return Signature.of(self.name, refs=self._references, **options, sacrebleu=version)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return each row's score on its own; raises EvaluationError without a reference."""
        return self._scores(self.statistics(examples), alone=True)

    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return what each row adds to the sums; raises EvaluationError without a reference."""
        require_text(examples, self.name)
        if not examples:
            return np.zeros((0, 0))
        counts = (self._counts(row.answer, self._chosen(row)) for row in examples)
        first = next(counts)
        table = np.empty((len(examples), len(first)))
        table[0] = first
        for place, row in enumerate(counts, start=1):
            table[place] = row
        return table

    @abstractmethod
    def _score(self, counts: list[int], *, alone: bool) -> float:
        """Return the score, on 0..100, of summed counts, or of a row's ``alone``."""

    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of rows of summed counts."""
        return self._scores(sums, alone=False)

    def _scores(self, table: NDArray[np.float64], *, alone: bool) -> NDArray[np.float64]:
        found = np.fromiter(
            (self._score(row.round().astype(np.int64).tolist(), alone=alone) for row in table),
            dtype=np.float64,
            count=len(table),
        )
        # Powers and exponentials overshoot by the last bit.
        return np.minimum(found / 100, 1.0)

    @abstractmethod
    def _counts(self, answer: str, references: Sequence[str]) -> Sequence[int]: ...

    @abstractmethod
    def _sacre_signature(self) -> SacreSignature: ...

    def _chosen(self, row: Example) -> tuple[str, ...]:
        return chosen(row, "first" if self._references == "first" else "max")


def signature_of(metric: SacreBase) -> SacreSignature:
    """Return sacreBLEU's signature of ``metric``, which need not have scored anything yet."""
    # It refuses before it has seen references; their number is no part of our signature.
    metric.num_refs = -1
    return metric.get_signature()


def check_together(how: str) -> Together:
    """Return ``how`` if it says which references count; raises EvaluationError otherwise."""
    return one_of("references", how, _TOGETHER)
