"""Rows that belong together, because knowing one gives away another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from submission.holdout.similarity import Measure, normal_form

Group = tuple[int, ...]
"""The places of some rows, ascending."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How many groups there are, how many join two rows or more, and rows of the largest."""

    total: int
    joined: int
    largest: int


def group_rows(
    asked: Sequence[Sequence[str]],
    unshared: Sequence[Iterable[str]],
    measure: Measure,
    similarity: float,
) -> list[Group]:
    """The rows in groups, by first row: all that are connected by a question or by what they share.

    Two rows are connected where a question of one and of the other are equal in normal form or
    at least this similar, or where they have a member of ``unshared`` in common.
    """
    texts: dict[str, str] = {}
    first: dict[str, int] = {}
    links: list[tuple[int, int]] = []
    for row, questions in enumerate(asked):
        for text in questions:
            form = normal_form(text)
            texts.setdefault(form, text)
            links.append((first.setdefault(form, row), row))
    holder: dict[str, int] = {}
    for row, keys in enumerate(unshared):
        links.extend((holder.setdefault(key, row), row) for key in keys)
    row_of = np.array(list(first.values()), dtype=np.int64)
    ends = [np.array(links, dtype=np.int64).reshape(-1, 2)]
    ends += [
        np.column_stack([row_of[pairs.left], row_of[pairs.right]])
        for pairs in measure.near_duplicates(list(texts.values()), similarity)
    ]
    return _connected(len(asked), np.concatenate(ends))


def describe(groups: Sequence[Group]) -> Grouping:
    """Count the groups."""
    return Grouping(
        total=len(groups),
        joined=sum(len(group) > 1 for group in groups),
        largest=max(map(len, groups)),
    )


def _connected(rows: int, ends: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> list[Group]:
    ones = np.ones(len(ends), dtype=np.int8)
    graph = coo_matrix((ones, (ends[:, 0], ends[:, 1])), shape=(rows, rows))
    _, labels = connected_components(graph.astype(bool), directed=False)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels.tolist()):
        members[label].append(row)
    return [tuple(group) for group in members.values()]
