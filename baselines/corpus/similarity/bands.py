"""Which records MinHash compares: bands of slots, chosen from a target similarity and recall."""

from __future__ import annotations

from typing import Final, NamedTuple

from submission.errors import InputError

MOST_SLOTS: Final = 96


class Bands(NamedTuple):
    """``bands`` of ``rows`` slots: two records are compared where one band is equal."""

    bands: int
    rows: int

    @property
    def slots(self) -> int:
        """Slots of a signature."""
        return self.bands * self.rows

    def found(self, similarity: float) -> float:
        """The chance that records of a Jaccard similarity are compared: ``1 - (1 - s^r)^b``.

        Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4.
        """
        return 1 - (1 - similarity**self.rows) ** self.bands

    def curve(self) -> dict[float, float]:
        """That chance for similarities from .3 to 1."""
        return {tenth / 10: round(self.found(tenth / 10), 4) for tenth in range(3, 11)}


def bands_for(target: float, recall: float) -> Bands:
    """The bands that find pairs of similarity ``target`` with chance ``recall``, and fewest others.

    The most rows in a band for which that is so, and then the fewest bands. Raises
    :class:`InputError` where 96 slots are too few.
    """
    for rows in range(MOST_SLOTS, 0, -1):
        for bands in range(1, MOST_SLOTS // rows + 1):
            if Bands(bands, rows).found(target) >= recall:
                return Bands(bands, rows)
    raise InputError(
        f"no {MOST_SLOTS} slots find pairs of similarity {target} so surely ({recall})"
    )
