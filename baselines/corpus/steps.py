"""What a step is, and the steps there are."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from baselines.corpus.batch import Batch
from baselines.corpus.folder import Corpus
from baselines.corpus.record import Record
from submission.errors import InputError, nearest
from submission.recipes.base import Table

Say = Callable[[str], None]


class Settings(Table):
    """The settings of a step: the keys of its table, and the options of its command."""


class Cluster(Protocol):
    """Machines that a step's ``prepare`` may use."""

    def spread(self, function: Callable[..., Any], *columns: Iterable[Any]) -> Iterator[Any]:
        """What ``map`` gives, computed by them."""
        ...

    def grouped(
        self,
        columns: Mapping[str, Any],
        by: str,
        function: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> Iterator[Mapping[str, Any]]:
        """Columns of equal length, shuffled; ``function`` is given the rows that share ``by``."""
        ...


class Step:
    """Makes records of records. Subclasses are picklable before and after ``prepare``.

    ``apply`` is pure: what it makes of some records depends on them, on the settings, and on what
    ``prepare`` found, so that the output is the same for any number of workers.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    settings_type: ClassVar[type[Settings]] = Settings
    in_process: ClassVar[bool] = False
    """Whether ``apply`` stays in the command's own process: it holds a model or connections."""

    workers: int = 1
    """Processes that ``prepare`` may use."""
    cluster: Cluster | None = None
    """The machines that it may use instead."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def identity(self) -> dict[str, Any]:
        """What the output depends on beside the input, for the manifest: settings, versions."""
        return self.settings.model_dump(mode="json")

    def prepare(self, corpus: Corpus, out: Path, say: Say) -> None:
        """Look at the whole input first, where the step has to; may write files into ``out``."""

    def apply(self, records: Sequence[Record], first: int) -> Batch:
        """What becomes of ``records``, of which the first is number ``first`` of the input."""
        raise NotImplementedError

    def notes(self) -> Iterator[str]:
        """What the person is to know once it is done."""
        yield from ()


STEPS: Mapping[str, str] = {
    "read": "baselines.corpus.readers.step:Read",
    "crawl": "baselines.corpus.crawl.step:Crawl",
    "clean": "baselines.corpus.clean.step:Clean",
    "mask": "baselines.corpus.mask.step:Mask",
    "dedup": "baselines.corpus.dedup.step:Dedup",
    "leak": "baselines.corpus.leak.step:LeakCheck",
    "expand": "baselines.corpus.expand.step:Expand",
    "augment": "baselines.corpus.augment.step:Augment",
    "synthesize": "baselines.corpus.synthesize.step:Synthesize",
}
"""The steps by name, each a class that is imported when it is used."""


def step_type(name: str) -> Any:
    """The class of a step: a :class:`Step`, or a first step, which makes records of other files.

    Raises :class:`InputError` for a name that there is not.
    """
    if name not in STEPS:
        raise InputError(f"There is no step '{name}'; there are {nearest(STEPS, name)}")
    module, _, attribute = STEPS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
