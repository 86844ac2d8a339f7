"""The rows that everything else works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from submission.prompts.user_turn import Shot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The options of a question that columns hold, and what each is called; none for others."""

    options: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def labelled(self) -> tuple[tuple[str, str], ...]:
        """Each option behind its label."""
        return tuple(zip(self.labels, self.options, strict=True))


@dataclass(frozen=True, slots=True)
class Question(Labelled):
    """One test row: its question in words, its context, and every column by name.

    ``shots`` are the examples that stand before it.
    """

    id: str
    text: str
    context: str
    row: Mapping[str, str]
    shots: tuple[Shot, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingRow(Labelled):
    """One training row: the phrasings of its question and the answers to it."""

    id: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    category: str
    context: str
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a test row should have been answered."""

    id: str
    answers: tuple[str, ...]
    category: str
    meta: Mapping[str, str] = field(default_factory=dict)
    """What metrics and breakdowns read beside the answers: the file's other columns too."""


@dataclass(frozen=True)
class References:
    """A file of references: its rows, where it is, and its SHA-256."""

    rows: Sequence[Reference]
    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer made anywhere: text, or only its vector."""

    id: str
    answer: str
    vector: NDArray[np.float32] | None = None
