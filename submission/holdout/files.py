"""The files of a local test set, in the organizer's own formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from submission.competitions.declared import INDEX
from submission.competitions.profile import Profile
from submission.holdout.cells import Cell, reference
from submission.holdout.items import Item, emptied, emptied_members, only
from submission.holdout.source import Source
from submission.records.rows import Reference
from submission.records.sheet import put
from submission.tables import write_csv, write_json, write_jsonl

TRAIN, TEST, REFERENCES, SAMPLE = "train", "test", "references", "sample_submission"
STORY, FOLDS = "holdout.json", "folds.csv"


def test_ids(count: int) -> list[str]:
    """``TEST_000``, ``TEST_001``, … with as many digits as the last one needs."""
    width = max(3, len(str(count - 1)))
    return [f"TEST_{number:0{width}}" for number in range(count)]


@dataclass(frozen=True)
class Files:
    """What the files of a local test set are made of.

    Files hold what the organizer's do: ``test_columns`` are those of the test file, the declared
    ones and answers that the organizer's leaves empty. Where the organizer's rows have no ids but
    their numbers, an id column is added, which the references and the sample submission refer to.
    """

    profile: Profile
    source: Source
    test_columns: Sequence[str]

    @classmethod
    def of(cls, profile: Profile, source: Source, known: Sequence[str] = ()) -> Files:
        """``known`` are the columns of the organizer's test file, if there is one to look at."""
        empty = [name for name in _answers(profile) if name in known]
        ids = [profile.test.id] if profile.test.numbered else []
        return cls(profile, source, tuple(dict.fromkeys([*ids, *profile.test.columns, *empty])))

    def path(self, folder: Path, name: str) -> Path:
        """Where the file ``name`` of a set is."""
        ending = self.profile.submission.ending if name == SAMPLE else self.source.suffix
        return folder / f"{name}{ending}"

    def write(self, folder: Path, cells: Sequence[Cell], ids: Sequence[str]) -> None:
        """Write the four files. Raises :class:`InputError` where one cannot be written."""
        held_out = {row for cell in cells for row in cell.rows}
        left = [place for place in range(len(self.source.rows)) if place not in held_out]
        if self.source.items is None:
            columns = self.source.table.columns
            records = self.source.table.records
            train: list[Mapping[str, Any]] = [records[place].values for place in left]
        else:
            columns = ()
            train = [self.source.items[place] for place in left]
        self._write(folder, TRAIN, columns, train)
        told = zip(range(len(cells)), cells, ids, strict=True)
        test = [self._test(*each) for each in told]
        self._write(folder, TEST, self.test_columns, test)
        self.write_references(folder, cells, ids)
        rows = zip(range(len(cells)), cells, test, ids, strict=True)
        self._write_sample(folder, [self._sample(*each) for each in rows])

    def write_references(self, folder: Path, cells: Sequence[Cell], ids: Sequence[str]) -> None:
        """Write what the cells should be answered."""
        columns = [self.profile.test.id, *self._told, *self._answer_columns]
        rows = [self._reference(cell, row_id) for cell, row_id in zip(cells, ids, strict=True)]
        self._write(folder, REFERENCES, columns, rows)

    def _write(
        self, folder: Path, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        path, source = self.path(folder, name), self.source
        if path.suffix == ".csv":
            cells = ([row[column] for column in columns] for row in rows)
            write_csv(
                path, columns, cells, bom=source.table.bom, newline=source.table.newline,
                unnamed_index=INDEX in columns,
            )  # fmt: skip
        elif path.suffix == ".jsonl":
            write_jsonl(path, rows)
        else:
            write_json(path, rows)

    def _test(self, place: int, cell: Cell, test_id: str) -> Mapping[str, Any]:
        test, row = self.profile.test, self.source.rows[cell.rows[0]].row
        made = {test.id: test_id}
        if test.question is not None and row.get(test.question) != cell.question:
            made[test.question] = cell.question
        if self.source.items is None:
            empty = dict.fromkeys(_answers(self.profile), "")
            return {**row, **empty, INDEX: str(place), **made}
        found = only(self.source.items[cell.rows[0]], self.test_columns)
        return _with(emptied_members(found, _answers(self.profile)), made)

    def _reference(self, cell: Cell, test_id: str) -> Mapping[str, Any]:
        source = self.source
        known = reference(test_id, cell, source.columns, source.rows)
        made = {self.profile.test.id: test_id}
        if source.items is not None and len(cell.rows) == 1:
            kept = [*self._told, *self._answer_columns]
            return _with(only(source.items[cell.rows[0]], kept), made)
        made |= {**self._told_of(cell, known), **self._answers_of(known)}
        return made if source.items is None else _with({}, made)

    def _told_of(self, cell: Cell, known: Reference) -> dict[str, str]:
        row = self.source.rows[cell.rows[0]].row
        category = self.source.columns.category
        return {name: known.category if name == category else row[name] for name in self._told}

    def _answers_of(self, known: Reference) -> dict[str, str]:
        blank = [""] * (len(self._answer_columns) - len(known.answers))
        return dict(zip(self._answer_columns, [*known.answers, *blank], strict=True))

    @cached_property
    def _answer_columns(self) -> list[str]:
        declared = self.source.columns.answers
        return [name for name in declared if name in self.source.table.columns]

    @cached_property
    def _told(self) -> list[str]:
        """Columns of the references that say something of a row beside its answers."""
        meta, score = self.profile.meta, self.profile.score
        named = [
            self.source.columns.category,
            score.group_by,
            *(meta.category, meta.options, meta.keywords, meta.source),
            *self.profile.test.options,
            *(field.column for field in self.profile.submission.fields.values()),
        ]
        there = [name for name in dict.fromkeys(named) if name in self.source.table.columns]
        return [name for name in there if name and name not in self._answer_columns]

    def _sample(self, place: int, cell: Cell, test: Mapping[str, Any], test_id: str) -> Item:
        submission = self.profile.submission
        if submission.format == "csv":
            row = self.source.rows[cell.rows[0]].row
            copied = {name: row.get(name, "") for name in self._copied}
            return {**self._blank, **copied, INDEX: str(place), submission.id: test_id}
        columns = [field.column for field in submission.fields.values()]
        made = {submission.id: test_id, **dict.fromkeys(columns, "")}
        if self.source.items is None:
            return _with({}, made)
        # All of the outer member: a reason beside the answer is to be filled in as well.
        item = self.source.items[cell.rows[0]]
        outers = {column.partition(".")[0] for column in columns} & set(item) - set(test)
        return _with({**test, **{name: emptied(item[name]) for name in sorted(outers)}}, made)

    @cached_property
    def _copied(self) -> list[str]:
        return self.profile.submission.copied

    @cached_property
    def _blank(self) -> Mapping[str, str]:
        """A row of a CSV sample submission before anything of a cell is in it."""
        submission = self.profile.submission
        vectors = submission.vectors.columns if submission.vectors else []
        return {**dict.fromkeys(submission.header, ""), **dict.fromkeys(vectors, "0")}

    def _write_sample(self, folder: Path, rows: Sequence[Item]) -> None:
        path, submission = self.path(folder, SAMPLE), self.profile.submission
        if submission.format == "csv":
            columns = submission.header
            cells = ([row[name] for name in columns] for row in rows)
            unnamed = INDEX in submission.columns
            write_csv(path, columns, cells, bom=submission.bom, unnamed_index=unnamed)
            return
        write = write_json if submission.format == "json" else write_jsonl
        write(path, rows)


def _answers(profile: Profile) -> list[str]:
    """Members that hold answers, under every name that the declaration has for them."""
    declared = profile.train.answers if profile.train else []
    submitted = [field.column for field in profile.submission.fields.values()]
    return list(dict.fromkeys([*submitted, *declared]))


def _with(item: Mapping[str, Any], members: Mapping[str, object]) -> dict[str, Any]:
    found = dict(item)
    for name, value in members.items():
        found = put(found, name, value)
    return found
