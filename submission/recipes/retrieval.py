"""Answering from documents: what is retrieved for a question, and how the prompt shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from submission.recipes.base import Conflict, NonEmpty, Table


class DocQuest(Table):
    """A check of what was retrieved, by a scorer that ``leaderkit docquest train`` made.

    Passages whose usefulness is below ``threshold`` go. Where fewer than ``minimum`` stay, the
    search is repeated, up to ``rounds`` searches in all: with twice as many passages, by the other
    ways of searching, and for the question's content words alone.
    """

    scorer: NonEmpty
    threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    minimum: int = Field(default=1, ge=1, le=100)
    rounds: int = Field(default=2, ge=1, le=5)


class Retrieval(Table):
    """The ``k`` passages of ``index`` (a path or URL) that a question is answered from.

    ``method`` is dense, sparse (BM25) or both, fused by reciprocal ranks (k = 60) or by ``weight``,
    the share of the dense scores. Each way gives ``candidates``; a cross-encoder (``rerank``) puts
    them into a new order, and ``diversity`` trades their scores against being alike (MMR; 0 is
    scores alone). ``neighbours`` are chunks before and after each that come along. ``filter``
    admits chunks with one of some values of a column.

    ``query`` is a template of what is searched; ``passage`` renders one passage (``number``,
    ``id``, ``title``, ``heading``, ``text``) of prompt.template's ``context``, in which they stand
    with ``separator`` between them, the best first or last. Together they have ``max_tokens`` at
    most, and what the model's context leaves: what is least useful is cut first, at sentences.
    """

    index: NonEmpty | None = None
    k: int = Field(default=5, ge=1, le=1000)
    method: Literal["dense", "sparse", "hybrid"] = "hybrid"
    fusion: Literal["rrf", "weighted"] = "rrf"
    weight: float = Field(default=0.5, ge=0.0, le=1.0)
    candidates: int = Field(default=50, ge=1, le=10_000)
    rerank: NonEmpty | None = None
    diversity: float = Field(default=0.0, ge=0.0, le=1.0)
    neighbours: int = Field(default=0, ge=0, le=10)
    filter: dict[str, list[str]] = Field(default={})
    query: NonEmpty = "{{ question }}"
    passage: NonEmpty = "[{{ number }}] {% if title %}{{ title }}\n{% endif %}{{ text }}"
    separator: str = "\n\n"
    best: Literal["first", "last"] = "first"
    max_tokens: int | None = Field(default=None, gt=0)
    docquest: Annotated[DocQuest | None, Field(exclude_if=lambda table: table is None)] = None

    def conflicts(self) -> Iterator[Conflict]:
        """Fewer candidates than passages, and a fusion of one way."""
        if self.candidates < self.k:
            yield Conflict("candidates", f"must be at least k, {self.k}")
        if self.method != "hybrid" and self.fusion == "weighted":
            yield Conflict("fusion", "is for method = 'hybrid'")
