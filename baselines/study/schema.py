"""The keys of a study file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from baselines.grid.schema import Files, NonEmpty, Table, Varied

TaskName = Annotated[str, Field(pattern=r"^[\w-]+$", max_length=60)]


class Task(Files):
    """What is trained for: a competition's files. ``title`` is what plots call it.

    Translations are scored with COMET besides, and their answers' language is looked at.
    ``metrics``, where given, take the place of the study's.
    """

    kind: Literal["translation", "summary", "qa"]
    references: Path
    train: Path
    title: str | None = None
    set: dict[str, Any] = Field(default={})
    metrics: list[NonEmpty] | None = None


class CometModel(Table):
    """The COMET checkpoint: a hub name or a folder, as ``comet``'s own options."""

    model: NonEmpty = "Unbabel/wmt22-comet-da"
    encoder: NonEmpty | None = None


class StudyFile(Varied):
    """A study file: an ablation over ``training.*`` whose cells are trained first, task by task.

    ``{task}`` in ``recipe`` is the task's name. With ``merge``, an adapter is merged into its base
    before it answers; without, the engine applies it.
    """

    tasks: dict[TaskName, Task] = Field(min_length=1)
    comet: CometModel = CometModel()
    merge: bool = True
    metrics: list[NonEmpty] = Field(default=["rougeL:tokenizer=mecab", "bleu"])
