"""The table of a recipe that says how Ray runs it."""

from __future__ import annotations

from pydantic import Field

from submission.recipes.base import NonEmpty, Table


class Ray(Table):
    """Where engine ``ray`` runs, and with how many engines.

    ``address`` is that of a Ray cluster that runs already; without one Ray is started on this
    machine. ``concurrency`` is the number of vLLM engines, ``cpus`` the processors of each where
    there is no GPU (by default an equal share of this machine's). Rows go out and come back in
    blocks of ``batch_size``.
    """

    address: NonEmpty | None = None
    concurrency: int = Field(default=1, ge=1)
    cpus: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=16, ge=1)
