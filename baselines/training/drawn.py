"""A part of the training rows, for studies of how much data it takes."""

from __future__ import annotations

import random
from collections.abc import Sequence

from submission.records import TrainingRow


def draw_rows(rows: Sequence[TrainingRow], count: int | None, seed: int) -> list[TrainingRow]:
    """At most ``count`` of ``rows``, in their order; all of them where ``count`` is None.

    With the same seed a smaller draw is a part of a larger one, so that sizes are compared on
    data that was added and not exchanged.
    """
    places = list(range(len(rows)))
    random.Random(f"rows/{seed}").shuffle(places)  # noqa: S311 -- no secret
    return [rows[place] for place in sorted(places[:count])]
