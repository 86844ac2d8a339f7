"""What goes, pickled, between a run's process and its workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from submission.engines.base import EngineFactory, Outcome, Request, Setting, Work
from submission.errors import LeaderkitError
from submission.recipes import Recipe


@dataclass(frozen=True)
class Setup:
    """The engine that a worker is from now on; it answers with :class:`Ready`.

    ``digests`` are those of the files that the run's process has read.
    """

    factory: EngineFactory
    recipe: Recipe
    today: date
    digests: Mapping[Path, str]


@dataclass(frozen=True)
class Block:
    """Requests for one worker, which answers with :class:`Finished` rows, and :class:`Idle` once it
    has no more.
    """

    requests: Sequence[Request]


Order = Setup | Block


@dataclass(frozen=True)
class Ready:
    """The engine is started: its identity, and what it really runs with.

    ``at_once`` is how many requests it computes together where it takes more while it runs, else 0.
    """

    identity: Mapping[str, str]
    settings: Sequence[Setting]
    at_once: int = 0


@dataclass(frozen=True)
class Finished:
    """What one step of the engine finished, and what it has done of rows that are not."""

    outcomes: Sequence[Outcome]
    in_flight: Work


@dataclass(frozen=True)
class Idle:
    """Everything is done of the ``blocks`` that came since the engine was set up."""

    blocks: int


@dataclass(frozen=True)
class Said:
    """What the engine has to say."""

    text: str


@dataclass(frozen=True)
class Alive:
    """The process is not stopped, whatever its engine does."""


@dataclass(frozen=True)
class Failed:
    """Why the engine cannot go on."""

    error: LeaderkitError


Answer = Ready | Finished | Idle | Said | Alive | Failed
