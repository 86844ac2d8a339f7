"""Answers from documents: whether citations and sentences are supported, and abstention."""

from __future__ import annotations

from evaluators.grounding.abstention import Abstention, abstention
from evaluators.grounding.citations import Cited, cited_sentences
from evaluators.grounding.support import (
    Grounding,
    StringSupport,
    Supports,
    attributed,
    grounding,
)

__all__ = [
    "Abstention",
    "Cited",
    "Grounding",
    "StringSupport",
    "Supports",
    "abstention",
    "attributed",
    "cited_sentences",
    "grounding",
]
