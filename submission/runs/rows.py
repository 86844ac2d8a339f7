"""What a ledger holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from submission.engines.base import Completion


class PlannedPart(NamedTuple):
    """One prompt of a run: which test row, which part of its question, which sample."""

    position: int
    part: int
    sample: int
    row_id: str
    question: str
    key: str


class FinishedPart(NamedTuple):
    """A planned part and its completion, ``None`` while there is none.

    ``key`` is what was asked; a completion with another key was adopted in place of the answer
    to it. ``degenerate`` names what the completion is under the run's rules, separated by blanks,
    and is ``None`` where that is not known; ``number`` is the completion's id.
    """

    position: int
    part: int
    sample: int
    row_id: str
    question: str
    key: str
    completion: Completion | None
    degenerate: str | None = None
    number: int | None = None

    @property
    def replaced(self) -> bool:
        """Whether another completion stands in place of the first one."""
        return self.completion is not None and self.completion.key != self.key


@dataclass(frozen=True)
class Run:
    """One recipe over one test file.

    ``recipe`` is its JSON, ``seconds`` the time spent generating, and ``generated`` the tokens
    generated in it; those of answers taken over from other runs are not among them.
    ``special_tokens`` are read with :meth:`submission.runs.reading.RunReader.special_tokens`.
    """

    name: str
    fingerprint: str
    competition: str
    recipe: str
    test_file: str
    engine: str
    command: str
    created: str = ""
    finished: str | None = None
    seconds: float = 0.0
    generated: int = 0
    special_tokens: tuple[str, ...] = ()


class ExampleUse(NamedTuple):
    """The file that a run's examples are of; ``left_out`` is how many prompts lost so many."""

    file: str
    left_out: Mapping[int, int]


@dataclass(frozen=True)
class Progress:
    """How far a run is: test rows in all and with every part finished, and tokens generated."""

    rows: int
    done: int
    completion_tokens: int


class RowCounts(NamedTuple):
    """The test rows of a sample: in all, not answered, not told yet whether degenerate.

    ``parts`` is how many parts a question has at most.
    """

    rows: int
    unfinished: int
    unmarked: int
    parts: int


@dataclass(frozen=True)
class OrganizerScore:
    """What the organizer's leaderboard said of a run whose answers had the digest ``answers``."""

    run: str
    competition: str
    public: float
    private: float | None
    answers: str
    recorded: str = ""
