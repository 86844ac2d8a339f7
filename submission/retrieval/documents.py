"""The documents that an index is made of, from files of any kind that the kit reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from submission.documents.hwpx import read_hwpx
from submission.documents.page import read_page
from submission.documents.pdf import read_pdf
from submission.errors import InputError, few
from submission.files.named import named
from submission.tables import read_table
from submission.tables.text import read_text

AT_ONCE = 1024
"""Rows of a Parquet file in memory."""

ID_NAMES = ("id", "doc_id", "document_id", "docid", "_id")
TEXT_NAMES = ("text", "document", "documents", "context", "content", "contents", "body", "본문")
TITLE_NAMES = ("title", "제목", "name")
CATEGORY_NAMES = ("category", "분류", "genre")
_TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".parquet"})
_TEXTS = frozenset({".txt", ".text", ".md"})


class Document(NamedTuple):
    """One document; ``place`` is where it was read, ``meta`` its further columns."""

    id: str
    text: str
    title: str = ""
    category: str = ""
    meta: Mapping[str, str] = {}
    place: str = ""


class Columns(NamedTuple):
    """The columns of a table of documents; what is None is found by its usual names."""

    id: str | None = None
    text: str | None = None
    title: str | None = None


def read_documents(
    paths: Iterable[str | Path],
    columns: Columns = Columns(),  # noqa: B008 -- immutable
    skipped: Callable[[str], None] | None = None,
) -> Iterator[Document]:
    """The documents of files and folders, one after another.

    Tables (CSV, TSV, JSON, JSON lines, also the records of ``leaderkit corpus``) have a document a
    row, other files (text, Markdown, HTML, PDF, HWPX) are one. Without an id column, a row is
    named by its file and number. Documents without text are told to ``skipped``, and so are files
    that cannot be read; without it, the first is an :class:`InputError`.
    """
    for given in paths:
        path = named(given)
        if path.is_dir():
            files = _files(path)
            if not files:
                raise InputError(f"{path}: holds no documents; supported are {_supported()}.")
            for file in files:
                yield from _file(file, str(file.relative_to(path)), columns, skipped)
        elif not path.exists():
            raise InputError(f"{path}: there is no such file or folder.")
        else:
            yield from _file(path, path.name, columns, skipped)


def _files(folder: Path) -> list[Path]:
    """The files under a folder that can be read; of a folder of records, its parts alone."""
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _READERS.keys() | _TABLES | _TEXTS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if (folder / "manifest.json").is_file():
        # Beside them is what a step of the corpus left out.
        return [path for path in found if path.parent == folder and path.name.startswith("part-")]
    return found


def _file(
    path: Path, name: str, columns: Columns, skipped: Callable[[str], None] | None
) -> Iterator[Document]:
    suffix = path.suffix.lower()
    try:
        if suffix == ".jsonl":
            documents = _lines(path, name, columns)
        elif suffix == ".parquet":
            documents = _parquet(path, name, columns)
        elif suffix in _TABLES:
            documents = _table(path, name, columns)
        else:
            documents = iter([_whole(path, name)])
        for document in documents:
            if document.text.strip():
                yield document
                continue
            _tell(skipped, f"{document.place}: document '{document.id}' has no text.")
    except InputError as error:
        if skipped is None or suffix in _TABLES:
            raise
        skipped(str(error))


def _tell(skipped: Callable[[str], None] | None, problem: str) -> None:
    if skipped is None:
        raise InputError(problem)
    skipped(problem)


def _whole(path: Path, name: str) -> Document:
    suffix = path.suffix.lower()
    read = _READERS.get(suffix)
    if read is None and suffix not in _TEXTS:
        raise InputError(f"{path}: is no document; supported are {_supported()}.")
    facts: dict[str, Any] = {}
    try:
        if read is None:
            text = read_text(path, None).content.replace("\r\n", "\n").replace("\r", "\n")
        else:
            text, facts = read(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from None
    except InputError as error:
        told = str(error)
        raise InputError(told if told.startswith(str(path)) else f"{path}: {told}.") from None
    return Document(name, text, str(facts.get("title") or ""), place=str(path))


def _page(data: bytes) -> tuple[str, dict[str, Any]]:
    page = read_page(data)
    return page.text, {"title": page.title}


_READERS: dict[str, Callable[[bytes], tuple[str, dict[str, Any]]]] = {
    ".html": _page,
    ".htm": _page,
    ".xhtml": _page,
    ".pdf": read_pdf,
    ".hwpx": read_hwpx,
}


def _table(path: Path, name: str, columns: Columns) -> Iterator[Document]:
    table = read_table(path)
    chosen = _chosen(path, table.columns, columns)
    for index, record in enumerate(table.records):
        yield _row(record.values, name, index + 1, chosen, table.where(index))


def _lines(path: Path, name: str, columns: Columns) -> Iterator[Document]:
    """JSON lines, one at a time: a corpus of documents need not fit into memory."""
    chosen: Columns | None = None
    with path.open(encoding="utf-8-sig") as file:
        try:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                place = f"{path}, line {number}"
                try:
                    values = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InputError(f"{place}: is not JSON: {error}.") from None
                if not isinstance(values, dict):
                    raise InputError(f"{place}: is no JSON object.")
                chosen = chosen or _chosen(path, list(values), columns)
                yield from _object(values, name, number, chosen, place)
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def _parquet(path: Path, name: str, columns: Columns) -> Iterator[Document]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            chosen = _chosen(path, file.schema_arrow.names, columns)
            number = 0
            for batch in file.iter_batches(AT_ONCE):
                for values in batch.to_pylist():
                    number += 1
                    yield from _object(values, name, number, chosen, f"{path}, row {number}")
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read as Parquet: {error}.") from None


def _object(
    values: dict[str, Any], name: str, number: int, chosen: Columns, place: str
) -> Iterator[Document]:
    """The document of an object, or those of a record, which may have several."""
    text = values.get(chosen.text or "")
    if isinstance(text, list) and all(isinstance(each, str) for each in text):
        facts = values.get("meta")
        known = json.loads(facts) if isinstance(facts, str) and facts else {}
        for place_of, each in enumerate(text):
            told = {key: _shown(value) for key, value in values.items()} | {
                "title": str(known.get("title") or values.get("title") or "")
            }
            row = _row(told | {chosen.text or "": each}, name, number, chosen, place)
            several = f"#{place_of + 1}" if len(text) > 1 else ""
            yield row._replace(id=row.id + several, title=told["title"], meta={})
        return
    yield _row({key: _shown(value) for key, value in values.items()}, name, number, chosen, place)


def _row(
    values: Mapping[str, str], name: str, number: int, chosen: Columns, place: str
) -> Document:
    if chosen.text is None or chosen.text not in values:
        raise InputError(f"{place}: has no '{chosen.text}'.")
    row_id = values.get(chosen.id or "", "").strip() if chosen.id else f"{name}:{number}"
    if not row_id:
        raise InputError(f"{place}: the id ('{chosen.id}') is empty. Fill it in.")
    category = next((values[each] for each in CATEGORY_NAMES if each in values), "")
    used = {chosen.id, chosen.text, chosen.title, *CATEGORY_NAMES}
    meta = {key: text for key, text in values.items() if key not in used and text}
    title = values.get(chosen.title or "", "")
    return Document(row_id, values[chosen.text], title, category, meta, place)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _chosen(path: Path, present: Sequence[str], columns: Columns) -> Columns:
    """The columns to use among those ``present``; raises where there is none for the text."""
    missing = [name for name in columns if name is not None and name not in present]
    if missing:
        raise InputError(f"{path}: has no column {few(missing)}; it has {few(present)}.")

    def first(names: Iterable[str]) -> str | None:
        return next((name for name in names if name in present), None)

    text = columns.text or first(TEXT_NAMES)
    if text is None:
        raise InputError(
            f"{path}: no column is called {', '.join(TEXT_NAMES[:4])}…; it has {few(present)}. "
            "Name the one that holds the documents (--text-column)."
        )
    return Columns(columns.id or first(ID_NAMES), text, columns.title or first(TITLE_NAMES))


def _supported() -> str:
    return ", ".join(sorted({*_READERS, *_TABLES, *_TEXTS}))
