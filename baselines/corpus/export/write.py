"""Write a corpus as training files: two passes, no text kept in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from baselines.corpus.export.families import Families, Links
from baselines.corpus.export.forms import Form, Row, as_cells
from baselines.corpus.export.kinds import UnfitError, asked_of
from baselines.corpus.export.sidecar import write_sidecar
from baselines.corpus.export.subsets import RowIndex, Subset, numbers, subsets
from baselines.corpus.folder import Corpus
from baselines.corpus.origin import parents_of
from baselines.corpus.record import Record
from baselines.corpus.steps import Say
from submission.errors import InputError, few
from submission.records.kin import GROUP
from submission.records.sheet import put
from submission.tables import write_csv, write_jsonl

ENDINGS = (".csv", ".tsv", ".jsonl")


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and how many rows it has of how many categories."""

    path: Path
    rows: int


@dataclass(frozen=True, slots=True)
class Export:
    """The files, and the records that no row was made of, by reason."""

    files: tuple[Written, ...]
    records: int
    unfit: Mapping[str, int]
    categories: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of one or several categories (all where none is named), in which subsets."""

    categories: Sequence[str] = ()
    sizes: Sequence[int] = ()
    validation: int = 0
    seed: int = 0


def export(corpus: Corpus, form: Form, out: Path, wanted: Wanted, say: Say) -> Export:
    """Write the rows of ``form`` to ``out``, or to files beside it named after their subsets.

    Raises :class:`InputError` where no record fits, there are too few, or a file cannot be written.
    """
    if out.suffix.lower() not in ENDINGS:
        raise InputError(f"--out {out}: the name has to end in {few(ENDINGS)}")
    links, index, unfit = Links(), RowIndex(wanted.seed), Counter[str]()
    count = 0
    for record in corpus:
        count += 1
        links.add(record.id, parents_of(record))
        try:
            for row_id, _ in _rows(form, record, wanted.categories):
                index.add(row_id, record.id, record.category)
        except UnfitError as reason:
            unfit[str(reason)] += 1
    if not len(index):
        told = few(f"{reason} ({number:,})" for reason, number in unfit.most_common())
        raise InputError(
            f"{corpus.path}: none of {count:,} records fits '{form.kind_name}' (tasks "
            f"{few(form.kind.tasks)}): {told or 'it is empty'}"
        )
    families = links.families()
    files = []
    for subset in _subsets(index, families, wanted):
        path = out.with_stem(f"{out.stem}-{subset.name}") if subset.name else out
        rows = compress(_every(corpus, form, wanted.categories), numbers(subset.rows))
        say(f"Writing {path}.")
        _write(path, form, (_grouped(each, families) for each in rows))
        write_sidecar(path, corpus)
        files.append(Written(path, int(subset.rows.sum())))
    return Export(tuple(files), count, dict(unfit.most_common()), index.categories)


def _subsets(index: RowIndex, families: Families, wanted: Wanted) -> list[Subset]:
    if wanted.sizes or wanted.validation:
        return subsets(index, families, wanted.sizes, wanted.validation)
    return [Subset("", np.ones(len(index), dtype=bool))]


def _rows(form: Form, record: Record, categories: Sequence[str]) -> Iterator[tuple[str, Row]]:
    if categories and record.category not in categories:
        raise UnfitError("other categories")
    return form.rows(record, asked_of(form.kind, record))


def _every(corpus: Corpus, form: Form, categories: Sequence[str]) -> Iterator[tuple[Record, Row]]:
    for record in corpus:
        try:
            yield from ((record, row) for _, row in _rows(form, record, categories))
        except UnfitError:
            continue


def _grouped(each: tuple[Record, Row], families: Families) -> Row:
    record, row = each
    return {**row, GROUP: families.name(record.id)}


def _write(path: Path, form: Form, rows: Iterator[Row]) -> None:
    if path.suffix.lower() == ".jsonl":
        write_jsonl(path, (_item(row) for row in rows))
    else:
        write_csv(path, form.columns, (as_cells(form.columns, row) for row in rows), bom=False)


def _item(row: Row) -> dict[str, Any]:
    item: dict[str, object] = {}
    for name, value in row.items():
        item = put(item, name, value)
    return item
