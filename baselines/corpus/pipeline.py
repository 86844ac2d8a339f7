"""A pipeline: steps in a TOML file, each into a folder of its own.

    input = "records.jsonl"          # or a first step that reads: step = "read"

    [[steps]]
    step = "clean"
    min_length = 20

Paths in it are relative to the file. The folders are ``OUT/01-read``, ``OUT/02-clean``; a pipeline
that was stopped goes on where it stopped, and one whose last steps changed starts at the first
changed step once its folders are removed.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from pydantic import ConfigDict, Field

from baselines.corpus.execute import Applied, Outcome, Work, execute
from baselines.corpus.folder import Corpus, Form
from baselines.corpus.steps import Say, Settings, Step, step_type
from submission.errors import InputError
from submission.files.named import beside
from submission.files.toml import read_toml, validate
from submission.recipes.base import NonEmpty, Table

if TYPE_CHECKING:
    from baselines.corpus.on_ray import OnRay


class StepTable(Table):
    """One ``[[steps]]``: the step, a name for its folder, and the step's own settings."""

    model_config = ConfigDict(extra="allow")

    step: NonEmpty
    name: NonEmpty | None = None


class Pipeline(Table):
    """The file: what is read first, and the steps in their order."""

    input: Path | None = None
    steps: tuple[StepTable, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Planned:
    """A step that is ready: its folder's name, its class, its settings."""

    folder: str
    type: Any
    settings: Settings

    @property
    def reads_records(self) -> bool:
        """Whether it makes records of records."""
        return issubclass(self.type, Step)


@dataclass(frozen=True)
class Plan:
    """The steps of a file, all checked before the first is run."""

    input: Path | None
    steps: tuple[Planned, ...]

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Raises :class:`InputError` with everything that is wrong in the file."""
        pipeline = validate(Pipeline, read_toml(path), str(path))
        given = None if pipeline.input is None else beside(path.parent, pipeline.input)
        steps = tuple(_planned(path, n, table) for n, table in enumerate(pipeline.steps, start=1))
        if steps[0].reads_records == (given is None):
            raise InputError(
                f"{path}: 'input' names the records of a pipeline whose first step reads none: "
                'give either input = "FOLDER" or a first step that reads (read, crawl)'
            )
        for later in steps[1:]:
            if not later.reads_records:
                raise InputError(f"{path}: '{later.folder}': reads raw files, so it comes first")
        return cls(given, steps)


def _planned(path: Path, number: int, table: StepTable) -> Planned:
    kind = step_type(table.step)
    own = {**(table.model_extra or {})}
    for name, field in kind.settings_type.model_fields.items():
        if name in own and is_path(field.annotation):
            value = own[name]
            own[name] = (
                [str(beside(path.parent, each)) for each in value]
                if isinstance(value, list)
                else str(beside(path.parent, value))
            )
    settings = validate(kind.settings_type, own, f"{path}, step {number} ({table.step})")
    return Planned(f"{number:02}-{table.name or table.step}", kind, settings)


def is_path(annotation: Any) -> bool:
    """Whether a setting is a path, or several."""
    origin = typing.get_origin(annotation)
    if origin in (Union, types.UnionType, tuple, list):
        return any(is_path(each) for each in typing.get_args(annotation))
    return annotation is Path


def work_of(kind: Any, settings: Settings, corpus: Path | None) -> Work:
    """The work of one step; a step that reads records takes them from ``corpus``."""
    made = kind(settings)
    if isinstance(made, Step):
        if corpus is None:
            raise InputError(f"'{made.name}' reads records; give a corpus")
        return Applied(made, Corpus.open(corpus))
    work: Work = made
    return work


def run(
    plan: Plan, out: Path, *, workers: int, form: Form, say: Say, ray: OnRay | None = None
) -> Iterator[Outcome]:
    """Run every step, each over what the one before wrote; raises what ``execute`` raises."""
    corpus = plan.input
    for step in plan.steps:
        say(f"Step {step.folder}.")
        work = work_of(step.type, step.settings, corpus)
        outcome = execute(work, out / step.folder, workers=workers, form=form, say=say, ray=ray)
        corpus = outcome.out
        yield outcome
