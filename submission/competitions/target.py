"""Where the organizer runs the code of a submission."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from submission.competitions.declared import Declared, NonEmpty

Version = Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")]


class Target(Declared):
    """The organizer's machine: versions that are installed there, and what a run may use.

    ``minutes`` are for the whole run, the model's loading included; ``memory_gib`` is main memory.
    """

    python: Version | None = None
    torch: Version | None = None
    cuda: Version | None = None
    transformers: Version | None = None
    vllm: Version | None = None
    minutes: float | None = Field(default=None, gt=0)
    memory_gib: float | None = Field(default=None, gt=0)
    gpu: NonEmpty | None = None
    gpu_memory_gib: float | None = Field(default=None, gt=0)
    disk_gib: float | None = Field(default=None, gt=0)
