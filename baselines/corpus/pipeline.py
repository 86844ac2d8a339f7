"""A pipeline: steps in a TOML file, each into a folder of its own.

    input = "records.jsonl"          # or a first step that reads: step = "read"

    [[steps]]
    step = "clean"
    min_document = 20

Paths in it are relative to the file. The folders are ``OUT/01-read``, ``OUT/02-clean``; a pipeline
that was stopped goes on where it stopped, and one whose last steps changed starts at the first
changed step once its folders are removed.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from pydantic import ConfigDict

from baselines.corpus.execute import Applied, Outcome, Work, execute
from baselines.corpus.folder import Corpus, Form
from baselines.corpus.steps import Say, Settings, Step, step_type
from submission.errors import InputError, nearest
from submission.files.named import beside
from submission.files.toml import Model, read_toml, validate
from submission.recipes.base import Conflict, NonEmpty, Table

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
    steps: tuple[StepTable, ...]

    def conflicts(self) -> Iterator[Conflict]:
        """A pipeline has steps."""
        if not self.steps:
            yield Conflict("steps", "there are none")


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
        problems: list[str] = []
        pipeline = _checked(Pipeline, read_toml(path), problems, "")
        if pipeline is None:
            raise InputError.listing(path, problems, most=None)
        given = None if pipeline.input is None else beside(path.parent, pipeline.input)
        steps = [_planned(path, n, table, problems) for n, table in enumerate(pipeline.steps, 1)]
        if given is not None:
            with _noting(problems, "input: "):
                Corpus.open(given)
        problems.extend(_out_of_place(steps, given))
        if problems:
            raise InputError.listing(path, problems, most=None)
        return cls(given, tuple(step for step in steps if step is not None))


def _out_of_place(steps: Sequence[Planned | None], given: Path | None) -> Iterator[str]:
    first = steps[0]
    if first is not None and first.reads_records == (given is None):
        yield (
            "'input' names the records of a pipeline whose first step reads none: give either "
            'input = "FOLDER" or a first step that reads (read, crawl)'
        )
    for later in steps[1:]:
        if later is not None and not later.reads_records:
            yield f"'{later.folder}': reads raw files, so it comes first"


def _planned(path: Path, number: int, table: StepTable, problems: list[str]) -> Planned | None:
    """The step, or None where its problems were noted."""
    where = f"step {number} ({table.step}): "
    if "/" in (table.name or ""):
        problems.append(f"{where}'name': is part of a folder's name, so it has no '/'")
    with _noting(problems, where):
        kind = step_type(table.step)
        own = {**(table.model_extra or {})}
        for name, field in kind.settings_type.model_fields.items():
            if name in own and is_path(field.annotation):
                own[name] = _beside(path.parent, own[name])
        settings = _checked(kind.settings_type, own, problems, where)
        if settings is not None:
            kind(settings)  # what a step finds wrong by itself, such as in a file that it is given
            return Planned(f"{number:02}-{table.name or table.step}", kind, settings)
    return None


def _beside(folder: Path, value: Any) -> Any:
    if isinstance(value, list):
        return [_beside(folder, each) for each in value]
    return str(beside(folder, Path(value))) if isinstance(value, str) else value


def _checked(
    model: type[Model], data: dict[str, Any], problems: list[str], where: str
) -> Model | None:
    """``data`` as ``model`` without the keys that it does not know; None where it is none."""
    fields = model.model_fields
    extra = set() if model.model_config.get("extra") == "allow" else set(data) - set(fields)
    for name in sorted(extra):
        known = f"there are {nearest(fields, name)}" if fields else "there are none"
        problems.append(f"{where}unknown key '{name}'; {known}")
    with _noting(problems, where):
        return validate(model, {key: data[key] for key in data if key not in extra}, "")
    return None  # type: ignore[unreachable]


@contextmanager
def _noting(problems: list[str], where: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        problems.extend(f"{where}{problem}" for problem in error.problems)


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
