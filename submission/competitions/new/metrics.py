"""Metrics that a contest of this kind may be scored by, with the reasons; the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from submission.competitions.new.kinds import Field, Shape

_SHORT_WORDS = 4
_NAMED_SEPARATORS = {" ": "space", ",": "comma", "|": "bar"}
_DEPTH = 3
_FEWEST_GRADES = 3


class Candidate(NamedTuple):
    """A metric's spec, and what speaks for it."""

    metric: str
    reason: str


_LABEL = (
    Candidate("accuracy", "labels of a closed set, each row counts the same"),
    Candidate("macro-f1", "labels of a closed set, each class counts the same"),
    Candidate("weighted-f1", "labels of a closed set, classes count by their size"),
    Candidate("kappa", "labels, corrected for agreement by chance"),
)
_PROBABILITY = (
    Candidate("logloss", "a probability per class"),
    Candidate("auc", "a probability per class, only their order counts"),
)
_NUMBER = (
    Candidate("rmse", "numbers, large errors count more"),
    Candidate("mae", "numbers, errors count as they are"),
    Candidate("pearson", "numbers, their correlation"),
    Candidate("spearman", "numbers, only their order counts"),
    Candidate("kappa:weights=quadratic", "whole grades, their agreement"),
)
GRADES = (Candidate("kappa:weights=quadratic", "whole grades, their agreement"), *_NUMBER[:-1])
"""Of labels that are consecutive whole numbers."""
_LONG_TEXT = (
    Candidate("rouge1", "long texts, morphemes in common"),
    Candidate("rougeL", "long texts, morphemes in common in order"),
    Candidate("bertscore", "long texts, similar meanings of their words"),
    Candidate("cosine", "long texts, similar embeddings; needs [encoder]"),
)
_SHORT_TEXT = (
    Candidate("em", "short answers, equal or not"),
    Candidate("f1", "short answers, words in common"),
)


def scored_field(shape: Shape) -> Field | None:
    """The field that the score is most likely about: a list, else a label, else the first."""
    for kind in ("list", "label", "number"):
        for field in shape.fields:
            if field.kind == kind:
                return field
    return shape.fields[0] if shape.fields else None


def are_grades(shape: Shape) -> bool:
    """Whether the labels of the only field are three or more consecutive whole numbers."""
    if len(shape.fields) != 1 or shape.fields[0].kind != "label":
        return False
    labels = shape.fields[0].labels
    if len(labels) < _FEWEST_GRADES or not re.fullmatch(r"-?\d{1,9}", labels[0], re.ASCII):
        return False
    first = int(labels[0])
    return labels == tuple(map(str, range(first, first + len(labels))))


def candidates(shape: Shape, gold: Sequence[str]) -> tuple[Candidate, ...]:
    """The metrics to choose from."""
    if shape.vectors is not None:
        others = (each for each in _texts(gold) if each.metric != "cosine")
        return (Candidate("cosine", "the submission has vectors"), *others)
    if shape.by_label:
        return _PROBABILITY
    field = scored_field(shape)
    if field is None:
        return _SHORT_TEXT
    if field.kind == "list":
        return _lists(field)
    if field.kind == "label":
        return _LABEL
    if field.kind == "number":
        binary = bool(gold) and set(gold) <= {"0", "1"}
        return (_PROBABILITY[1], _PROBABILITY[0], *_NUMBER) if binary else _NUMBER
    return _texts(gold)


def _lists(field: Field) -> tuple[Candidate, ...]:
    depth = field.length or _DEPTH
    split = f",separator={_NAMED_SEPARATORS[field.separator]}" if field.separator else ""
    return (
        Candidate(f"map:k={depth}{split}", "ranked lists; divided by k or the golds"),
        Candidate(f"map:k={depth},over=gold{split}", "ranked lists; divided by the golds"),
        Candidate(f"map:k={depth},over=hits{split}", "ranked lists; divided by the golds found"),
    )


def _texts(gold: Sequence[str]) -> tuple[Candidate, ...]:
    if gold and median(len(text.split()) for text in gold) <= _SHORT_WORDS:
        return (*_SHORT_TEXT, *_LONG_TEXT)
    return (*_LONG_TEXT, *_SHORT_TEXT)
