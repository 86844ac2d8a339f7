"""Vectors in the cells of a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from submission.competitions.format import Vectors
from submission.errors import InputError, locate
from submission.tables import Table

LARGEST = float(np.finfo(np.float32).max)
"""What a vector's cell may hold at most: vectors are compared in single precision."""


def read_vectors(table: Table, vectors: Vectors) -> NDArray[np.float32]:
    """The vector columns as an array of shape (rows, dimension).

    Raises :class:`InputError` for a cell that is no finite number.
    """
    table.require(vectors.columns)
    matrix = np.empty((len(table), vectors.dimension), dtype=np.float32)
    for index, record in enumerate(table.records):
        for place, column in enumerate(vectors.columns):
            text = record.values[column]
            try:
                value = read_number(text)
            except ValueError:
                value = np.nan
            if not abs(value) <= LARGEST:
                raise InputError(
                    f"{locate(table.path, record.line, column)}: '{text[:40]}' is not a finite "
                    "number."
                )
            matrix[index, place] = value
    return matrix


def read_number(text: str) -> float:
    """The number that any reader of CSV sees in ``text``; raises ``ValueError`` for none.

    Python alone would also take ``1_0`` and the digits of other scripts.
    """
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return float(text)
