"""The texts on which a merged model is compared with its parts."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from submission.errors import InputError
from submission.tables import read_table

_ID_COLUMNS = frozenset({"id", "index", "row_id"})


def read_prompts(path: Path | None = None, column: str | None = None) -> list[str]:
    """The distinct texts of one column of a table; without ``path``, of the sample questions.

    ``column`` defaults to the first that is no id. Raises :class:`InputError` where nothing
    is left to read.
    """
    if path is None:
        shipped = resources.files("data_sample") / "wallpaper" / "test.csv"
        path = Path(str(shipped))
    table = read_table(path)
    if column is None:
        column = next((name for name in table.columns if name.lower() not in _ID_COLUMNS), None)
    if column is None:
        raise InputError(f"{path}: has only an id column. Name one of texts with --column.")
    texts = [text for text in dict.fromkeys(table.column(column)) if text.strip()]
    if not texts:
        raise InputError(f"{path}, column {column!r}: holds no text to compare the models on.")
    return texts
