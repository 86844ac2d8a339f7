"""The settings of ``synthesize``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from baselines.corpus.asking import Replies
from baselines.corpus.synthesize.tasks import TaskName

Verify = Literal["overlap", "model", "none"]


class Synthesizing(Replies):
    """What is asked of which model, what it may cost, and what of it is kept."""

    task: TaskName = Field(
        description="summary: of a document, that explains an answer; question: with its answer, "
        "of a document and its summary; article: questions with answers; keywords: the same for "
        "each keyword that a record has."
    )
    recipe: str = Field(description="Recipe of the model, with its engine and sampling.")
    model: str | None = Field(default=None, description="Model instead of the recipe's.")
    change: tuple[str, ...] = Field(
        default=(), description="Recipe fields to override, KEY=VALUE, with commas between them."
    )
    count: int = Field(
        default=3, ge=1, le=10, description="Questions of an article; keywords of a record."
    )
    keywords: Path | None = Field(default=None, description="File of keywords, one a line.")
    prompt: Path | None = Field(
        default=None, description="Jinja2 template of the prompt instead of the task's own."
    )
    verify_prompt: Path | None = Field(
        default=None, description="The same of the prompt that verifies."
    )
    structure: bool = Field(
        default=True, description="Have the engine hold the model to the JSON schema."
    )
    verify: Verify = Field(
        default="overlap",
        description="How statements are held against the document: by the words they share, by "
        "the model, or not.",
    )
    min_support: float = Field(
        default=0.5, ge=0, le=1, description="Smallest share of words for 'overlap'."
    )
    skip_failed: bool = Field(
        default=False, description="Leave out records whose request fails instead of stopping."
    )
    originals: bool = Field(default=False, description="Keep the records that were asked about.")
