"""Tables of questions and answers: a competition's training file, ETRI's question sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Self

from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.cut import Problems, rows_of, tell
from baselines.corpus.readers.sheet import ROWS, header, readable_table, row_pieces, suffix
from baselines.corpus.record import Record, Source, meta
from submission.competitions import find_competition
from submission.competitions.columns import TrainColumns
from submission.competitions.profile import Profile
from submission.errors import InputError, few
from submission.records.read import answers_by_column, row_ids, training_rows
from submission.records.rows import TrainingRow
from submission.tables import Table


@dataclass(frozen=True, eq=False)
class Competition:
    """A competition's training file: a record for every phrasing of a question x every answer.

    All records of a row have the row as their parent.
    """

    profile: Profile
    columns: TrainColumns
    alike: tuple[str, ...] = ()
    """Other competitions whose training files have the same columns."""

    @classmethod
    def named(cls, spec: str) -> Self:
        """The competition of that name, or in that folder.

        Raises :class:`InputError` where there is none, or it declares no training file.
        """
        profile = find_competition(spec).profile
        if profile.train is None:
            raise InputError(f"Competition '{profile.name}' declares no [train] columns.")
        return cls(profile, profile.train)

    @property
    def name(self) -> str:
        """The competition's."""
        return self.profile.name

    @property
    def about(self) -> str:
        """Its title."""
        return f"the training file of {self.profile.title}"

    def recognizes(self, member: Member, head: bytes) -> str | None:
        """By its columns: all of them, in their order."""
        if suffix(member) not in {".csv", ".tsv"} or header(head) != tuple(self.columns.columns):
            return None
        others = f" (and of {few(self.alike)}: --competition NAME chooses)" if self.alike else ""
        return f"its columns are those of the training file of {self.name}{others}"

    def pieces(self, member: Member) -> Sequence[Piece]:
        """Rows."""
        return row_pieces(member, unnamed_index=self.columns.unnamed_index)

    def read(self, member: Member, piece: Piece, problems: Problems) -> Iterator[Record]:
        """The pairs of some rows."""
        table = readable_table(member, problems, unnamed_index=self.columns.unnamed_index)
        if table is None:
            return
        try:
            training_rows(self.profile, self.columns, replace(table, rows=[], lines=[]))
        except InputError as error:  # a column is missing
            tell(problems, member, "row 1", error)
            return
        ids = self._ids(member, table, problems)
        for number in rows_of(member, piece, len(table), ROWS):
            one = replace(table, rows=[table.rows[number]], lines=[table.lines[number]])
            try:
                row = training_rows(self.profile, self.columns, one)[0]
            except InputError as error:
                tell(problems, member, f"row {table.lines[number]}", error)
                continue
            yield from self._pairs(member, row, ids[number], table.lines[number])

    def _ids(self, member: Member, table: Table, problems: Problems) -> list[str]:
        try:
            return row_ids(self.profile, table, self.columns.id)
        except InputError as error:
            tell(problems, member, f"column '{self.columns.id}'", error)
            return [f"row {line}" for line in table.lines]

    def _pairs(self, member: Member, row: TrainingRow, row_id: str, line: int) -> Iterator[Record]:
        columns = self.columns
        given = [
            (column, text)
            for column, texts in answers_by_column(columns, row.row).items()
            for text in texts
        ]
        used = {columns.id, columns.context, columns.category, *columns.questions, *columns.answers}
        others = {name: cell for name, cell in row.row.items() if name not in used}
        whole = f"{self.name}:{row_id}"
        several = len(row.questions) * len(given) > 1
        for asked, question in enumerate(row.questions, start=1):
            for number, (column, answer) in enumerate(given, start=1):
                yield Record(
                    id=f"{whole}:{asked}-{number}" if several else whole,
                    source=Source(self.name, member.name, f"row {line}, column '{column}'"),
                    task="choice" if row.options else "qa",
                    documents=(row.context,) if row.context.strip() else (),
                    question=question,
                    options=row.options,
                    answers=(answer,),
                    category=row.category,
                    parent=whole if several else "",
                    meta=meta(others),
                )


_QUESTION, _OPTION = "질문(Q_string)", "보기()E_string"
_ANSWER, _TITLE, _KIND = "정답(A_ans)", "위키피디아 제목(AP_title)", "문제유형(Q_form)"


@dataclass(frozen=True)
class ExobrainQuestions:
    """ETRI's question sets of several kinds: with options, by association, to be written."""

    name: str = "etri-qa"
    about: str = "ETRI / 엑소브레인 QA (객관식, 연상형, 주관식)"

    def recognizes(self, member: Member, head: bytes) -> str | None:
        """By the columns of question and answer."""
        if suffix(member) not in {".csv", ".tsv"} or not {_QUESTION, _ANSWER} <= {*header(head)}:
            return None
        return f"it has the columns '{_QUESTION}' and '{_ANSWER}'"

    def pieces(self, member: Member) -> Sequence[Piece]:
        """Rows."""
        return row_pieces(member, _options_apart)

    def read(self, member: Member, piece: Piece, problems: Problems) -> Iterator[Record]:
        """The questions of some rows."""
        table = readable_table(member, problems, _options_apart)
        if table is None:
            return
        try:
            table.require([_QUESTION, _ANSWER])
        except InputError as error:
            tell(problems, member, "row 1", error)
            return
        options = [name for name in table.columns if name.startswith(_OPTION)]
        for number in rows_of(member, piece, len(table), ROWS):
            line, row = table.records[number]
            empty = [name for name in (_QUESTION, _ANSWER) if not row[name].strip()]
            if empty:
                told = "is empty; fill it in, or remove the row"
                tell(problems, member, f"row {line}, column '{empty[0]}'", told)
                continue
            shown = tuple(row[name] for name in options if row[name].strip())
            yield Record(
                id=f"{self.name}:{PurePosixPath(member.name).stem}:{number + 1}",
                source=Source(self.name, member.name, f"row {line}"),
                task="choice" if shown else "qa",
                question=row[_QUESTION],
                options=shown,
                answers=(row[_ANSWER],),
                category=row.get(_KIND, ""),
                meta=meta({"title": row.get(_TITLE, "")}),
            )


def _options_apart(content: str) -> str:
    """The header with the columns of options, which have one name, called apart."""
    first, end, rest = content.partition("\n")
    start, *others = first.split(_OPTION)
    named = (f"{_OPTION} {number}{text}" for number, text in enumerate(others, start=1))
    return start + "".join(named) + end + rest
