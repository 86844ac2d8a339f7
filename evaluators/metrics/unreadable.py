"""What an answer counts as that a metric of structured answers cannot read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from evaluators.errors import EvaluationError
from evaluators.text.cells import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.base import Example

_LOG: Final = logging.getLogger(__name__)
_SHOWN: Final = 40


def require_readable(
    rows: Sequence[Example], metric: str, wanted: str, instead: str, stands_for: str | None
) -> None:
    """Tell of the unreadable ``rows``, or raise EvaluationError where nothing stands for them.

    ``wanted`` is what their answers are not, such as ``a number``; ``instead`` the option that
    helps; ``stands_for`` what each of them counts as.
    """
    if not rows:
        return
    first = f"{shortened(rows[0].answer, _SHOWN)!r} of row {rows[0].id!r}"
    if stands_for is None:
        others = f" (and {len(rows) - 1} more answers)" if len(rows) > 1 else ""
        raise EvaluationError(
            f"{metric}: the answer {first} is not {wanted}{others}: correct it, or choose what "
            f"such an answer counts as with {metric}:unreadable={instead}"
        )
    _LOG.warning(
        "%s: %d answers are not %s and count as %s; the first is %s",
        metric, len(rows), wanted, stands_for, first,
    )  # fmt: skip
