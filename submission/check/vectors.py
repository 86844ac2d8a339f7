"""Vector columns: numbers, finite, not all zero, and of the text they stand beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluators.encoders.base import Encoder
from submission.check.findings import Finding, error, warning
from submission.competitions.format import SubmissionFormat
from submission.records.vectors import LARGEST, read_number
from submission.tables import Table

SAME = 0.999
"""Cosine above which two embeddings are of the same text: batching moves the last bits only."""


def check_vectors(
    submission: SubmissionFormat, table: Table, encoder: Encoder | None
) -> Iterator[Finding]:
    """Findings on the vector columns, where the competition has them."""
    if submission.vectors is None:
        return
    present = [name for name in submission.vectors.columns if name in table.columns]
    if not present or not len(table):
        return
    matrix, unreadable = _numbers(table, present)
    infinite = ~(np.abs(matrix) <= LARGEST)
    yield from _cells(table, present, unreadable, "vector-not-a-number", "are not numbers")
    yield from _cells(
        table, present, infinite & ~unreadable, "vector-not-finite", "are NaN or infinite"
    )
    zero = np.flatnonzero((matrix == 0).all(axis=1))
    if len(zero):
        yield error(
            "vector-zero",
            f"{len(zero)} vectors are all zero and score 0; first in row "
            f"{table.lines[int(zero[0])]}.",
            row=table.lines[int(zero[0])],
            count=len(zero),
        )
    complete = len(present) == len(submission.vectors.columns)
    if complete and submission.answer in table.columns and not infinite.any():
        texts = table.column(str(submission.answer))
        yield from _belonging(table, texts, matrix, encoder)


def _numbers(table: Table, columns: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The cells as numbers, NaN where they are none, and where they are none."""
    matrix = np.full((len(table), len(columns)), np.nan)
    unreadable = np.zeros(matrix.shape, dtype=np.bool_)
    for row, record in enumerate(table.records):
        for place, column in enumerate(columns):
            try:
                matrix[row, place] = read_number(record.values[column])
            except ValueError:
                unreadable[row, place] = True
    return matrix, unreadable


def _cells(
    table: Table, columns: Sequence[str], wrong: NDArray[np.bool_], code: str, what: str
) -> Iterator[Finding]:
    places = np.argwhere(wrong)
    if not len(places):
        return
    record, column = table.records[int(places[0][0])], columns[int(places[0][1])]
    yield error(
        code,
        f"{len(places)} vector cells {what}; first {record.values[column][:40]!r} in row "
        f"{record.line}, column '{column}'.",
        row=record.line,
        column=column,
        count=len(places),
    )


def _belonging(
    table: Table, texts: Sequence[str], matrix: NDArray[np.float64], encoder: Encoder | None
) -> Iterator[Finding]:
    """Vectors must be those of the text: of equal texts equal, of different ones different.

    Encoders cut long texts and overlook spaces and case, so that two texts may rightly share a
    vector; where the encoder is at hand, it decides.
    """
    by_text: dict[str, int] = {}
    for row, text in enumerate(texts):
        twin = by_text.setdefault(text, row)
        if _cosine(matrix[row], matrix[twin]) < SAME:
            yield error(
                "vector-not-of-text",
                f"Rows {table.lines[twin]} and {table.lines[row]} hold the same "
                "text with different vectors.",
                row=table.lines[row],
            )
            break
    if encoder is None:
        yield from _shared(table, texts, matrix)
        yield warning(
            "vector-unverified",
            "The vectors were not compared with their texts: the encoder is not "
            "available (give it with --encoder).",
        )
        return
    own = encoder.encode(list(texts))
    foreign = [
        row for row in range(len(texts)) if _cosine(matrix[row], own[row].astype(np.float64)) < SAME
    ]
    if foreign:
        line = table.lines[foreign[0]]
        yield error(
            "vector-not-of-text",
            f"{len(foreign)} vectors are not those of their row's text under {encoder.name}; "
            f"first in row {line}.",
            row=line,
            count=len(foreign),
        )


def _shared(table: Table, texts: Sequence[str], matrix: NDArray[np.float64]) -> Iterator[Finding]:
    """Different texts with one vector, such as a centroid given for all of them."""
    by_vector: dict[bytes, int] = {}
    bare = ["".join(text.split()).casefold() for text in texts]
    for row, text in enumerate(bare):
        twin = by_vector.setdefault(matrix[row].tobytes(), row)
        if bare[twin] != text and text and bare[twin]:
            yield error(
                "vector-not-of-text",
                f"Rows {table.lines[twin]} and {table.lines[row]} hold different "
                "texts with the same vector.",
                row=table.lines[row],
            )
            return


def _cosine(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(two))
    # Two empty texts have two zero vectors: alike, and reported on their own.
    return float(one @ two) / lengths if lengths else float(np.array_equal(one, two))
