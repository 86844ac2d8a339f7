"""Rows grouped so that what their texts need in memory stays bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Row(NamedTuple):
    """An answer with the references that count, stripped; empty ones are no texts."""

    answer: str
    references: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """What has to be embedded."""
        return tuple(text for text in (self.answer, *self.references) if text)


def row_batches(rows: Sequence[Row], tokens: int, longest: int) -> list[list[int]]:
    """Group the rows' places, each group with about ``tokens`` tokens or of one row.

    Equal answers and answers of like length stand together. A character counts as a token, which
    subword tokenizers stay below; no text counts more than ``longest``.
    """
    order = sorted(
        range(len(rows)), key=lambda place: (len(rows[place].answer), rows[place].answer)
    )
    groups: list[list[int]] = []
    room = 0
    for place in order:
        size = sum(min(len(text), longest) + 2 for text in rows[place].texts)
        if not groups or size > room:
            groups.append([])
            room = tokens
        groups[-1].append(place)
        room -= size
    return groups


def last_uses(rows: Sequence[Row], groups: Sequence[Sequence[int]]) -> dict[str, int]:
    """Return the number of the last group that needs each text."""
    return {
        text: number
        for number, group in enumerate(groups)
        for place in group
        for text in rows[place].texts
    }
