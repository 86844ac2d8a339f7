"""MAP@k: the mean average precision of ranked lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from evaluators.base import Signature
from evaluators.errors import EvaluationError, one_of
from evaluators.metrics.entry import Entry, Option, Request
from evaluators.metrics.rowwise import RowMetric, require_text
from evaluators.metrics.unreadable import require_readable
from evaluators.text.structured import ranked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example

Over = Literal["least", "gold", "hits"]
_OVER: Final[tuple[Over, ...]] = get_args(Over)
_SEPARATORS: Final[Mapping[str, str | None]] = {
    "none": None, "space": " ", "comma": ",", "bar": "|",
}  # fmt: skip


class AveragePrecision(RowMetric):
    """Average precision of the first ``k`` items of an answer, a JSON array, best first.

    The golds are all references; one that is a JSON array holds several. The precisions at the
    places of the golds are added up and divided: ``over`` the ``least`` of ``k`` and the number of
    golds (Kaggle), the number of golds (``gold``, as trec_eval), or the golds that were found
    (``hits``). With one gold the first two are 1/place. A gold counts where it stands first; later
    copies take a place and add nothing. A row without a gold scores 1 for an empty list and 0 for
    any other. With a ``separator`` (space, comma, bar), answers and references that are no JSON
    arrays are split at it. An answer that is no list is an error, or with ``unreadable`` "empty" an
    empty list; an empty answer always is one.
    """

    name: Final = "map"
    proxy: Final = None

    def __init__(
        self,
        k: int = 10,
        over: Over = "least",
        separator: str = "none",
        *,
        unreadable_is_empty: bool = False,
    ) -> None:
        if k < 1:
            raise EvaluationError(f"map: k={k} looks at no place: give 1 or more")
        self._k = k
        self._over = one_of("over", over, _OVER)
        self._written = one_of("separator", separator, tuple(_SEPARATORS))
        self._separator = _SEPARATORS[self._written]
        self._empty = unreadable_is_empty

    @property
    def signature(self) -> Signature:
        """Names the depth, the denominator, and how lists are read."""
        return Signature.of(
            self.name,
            k=self._k,
            over=self._over,
            separator=None if self._separator is None else self._written,
            unreadable="empty" if self._empty else None,
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where an answer is no ranked list."""
        require_text(examples, self.name)
        lists = [self._items(row.answer) for row in examples]
        bad = [row for row, items in zip(examples, lists, strict=True) if items is None]
        wanted = "a JSON array of texts, best first" if self._separator is None else "a list"
        require_readable(bad, self.name, wanted, "empty", "an empty list" if self._empty else None)
        scores = [
            self._precision(items or [], self._golds(row))
            for row, items in zip(examples, lists, strict=True)
        ]
        return np.array(scores, dtype=np.float64)

    def _items(self, text: str) -> list[str] | None:
        return ranked(text, self._separator) if text.strip() else []

    def _golds(self, row: Example) -> set[str]:
        golds: set[str] = set()
        for text in row.references:
            items = self._items(text)
            golds.update([text.strip()] if items is None else items)
        return golds

    def _precision(self, items: Sequence[str], golds: set[str]) -> float:
        if not golds:
            return float(not items)
        found: set[str] = set()
        total = 0.0
        for place, item in enumerate(items[: self._k], start=1):
            if item in golds and item not in found:
                found.add(item)
                total += len(found) / place
        over = {"least": min(self._k, len(golds)), "gold": len(golds), "hits": len(found)}
        return total / over[self._over] if found else 0.0


def _build(request: Request) -> AveragePrecision:
    return AveragePrecision(
        request.integer("k") or 0,
        one_of("over", request.text("over"), _OVER),
        request.text("separator"),
        unreadable_is_empty=request.text("unreadable") == "empty",
    )


ENTRIES = (
    Entry(
        AveragePrecision.name,
        "MAP@k: mean average precision of ranked lists",
        "nothing",
        _build,
        (
            Option("k", "how many items of a list count", default="10", kind="integer"),
            Option(
                "over",
                "what precisions are divided by: golds or k, golds, or golds found",
                default="least",
                choices=_OVER,
            ),
            Option(
                "separator",
                "what stands between the items of a list that is no JSON",
                default="none",
                choices=tuple(_SEPARATORS),
            ),
            Option(
                "unreadable",
                "what an answer counts as that is no list",
                default="error",
                choices=("error", "empty"),
            ),
        ),
    ),
)
