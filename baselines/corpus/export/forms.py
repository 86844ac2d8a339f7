"""The columns of a training file, and which ones a recipe takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from baselines.corpus.export.kinds import KINDS, Asked, Kind, kind_named
from baselines.corpus.record import Record
from submission.competitions import find_competition
from submission.competitions.columns import TrainColumns
from submission.competitions.profile import Profile
from submission.errors import InputError, few
from submission.recipes import find_recipe
from submission.records.kin import GROUP, PARENT

Row = dict[str, object]
"""A row's cells; a value that is no text is a list of texts."""

_STUDY_QA = TrainColumns(
    id="id", questions=["question"], answers=["answer"], columns=["id", "question", "answer"]
)
"""What docs/examples/study-qa declares."""

PAIRS = TrainColumns(
    id="id",
    questions=["question"],
    context="context",
    answers=["chosen", "rejected"],
    columns=["id", "context", "question", "chosen", "rejected"],
)

_STUDY = "gemma-study"
_USUAL = {
    "gemma-study": ("qa-natural", ""),
    "news-qa-gemma": ("document-qa", "dacon-236291"),
    "open-book-gem2": ("document-qa", "kiise-vaiv-2024"),
    "open-book-gem2:dpo": ("pairs", ""),
    "odqa-llama": ("document-qa", "squad-odqa"),
    "odqa-t5": ("document-qa", "squad-odqa"),
    "odqa-gpt": ("document-qa", "squad-odqa"),
    "wallpaper-kogpt2": ("qa", "dacon-236216"),
    "wallpaper-synatra": ("qa", "dacon-236216"),
    "embedded": ("qa", "sample-wallpaper"),
    "embedded:dpo": ("pairs", ""),
}
"""What a recipe learns, and the competition whose training file has the columns for it."""


@dataclass(frozen=True)
class Form:
    """How rows are made of records: what is learned, and the columns it is written under."""

    kind_name: str
    declared: TrainColumns
    competition: str
    """Whose columns these are; empty where no shipped competition has them."""

    @property
    def kind(self) -> Kind:
        """What is learned of a record."""
        return KINDS[self.kind_name]

    @property
    def columns(self) -> list[str]:
        """Every column, in the order of the file."""
        own = [name for name in self.declared.columns if name != self.declared.id]
        more = ["instruction"] if self.kind.instruction else []
        return [self.declared.id, *own, *more, PARENT, GROUP]

    def rows(self, record: Record, asked: Sequence[Asked]) -> Iterator[tuple[str, Row]]:
        """The rows of a record with their ids, without their group."""
        made = [(each, answers) for each in asked for answers in self._shared(each)]
        for number, (each, answers) in enumerate(made, start=1):
            row_id = record.id if number == 1 else f"{record.id}~row-{number}"
            yield (
                row_id,
                {
                    **dict.fromkeys(self.columns, ""),
                    **self._cells(record, each, answers),
                    self.declared.id: row_id,
                    PARENT: record.parent if number == 1 else record.id,
                },
            )

    def _shared(self, asked: Asked) -> list[tuple[str, ...]]:
        """The answers of each row: as many as it has cells for."""
        if asked.rejected:
            return [(*asked.answers, asked.rejected)]
        if self.declared.answer_lists:
            return [asked.answers]
        cells = len(self.declared.answers)
        starts = range(0, len(asked.answers), cells)
        return [asked.answers[start : start + cells] for start in starts]

    def _cells(self, record: Record, asked: Asked, answers: tuple[str, ...]) -> Row:
        declared = self.declared
        cells: Row = {}
        if declared.questions:
            cells[declared.questions[0]] = asked.question
        if declared.context is not None:
            cells[declared.context] = self._context(asked.documents)
        if declared.category is not None:
            cells[declared.category] = record.category
        if declared.answer_lists:
            cells[declared.answers[0]] = list(answers)
        else:
            cells |= dict(zip(declared.answers, answers, strict=False))
        if self.kind.instruction:
            cells["instruction"] = self.kind.instruction
        return cells

    def _context(self, documents: Sequence[str]) -> str:
        if self.competition == "kiise-vaiv-2024":
            return "\n\n".join(f"[{n}] {text}" for n, text in enumerate(documents, start=1))
        return "\n\n".join(documents)


def form_for(recipe: str, kind: str | None, competition: str | None) -> Form:
    """The form that a recipe takes; ``kind`` and ``competition`` take the place of its usual ones.

    Raises :class:`InputError` where a name is unknown, or the recipe's usual form is not.
    """
    name = find_recipe(recipe).name
    base, _, variant = name.partition(":")
    usual, where = _USUAL.get(name, _USUAL.get(base, ("", "")))
    if base == _STUDY:
        usual = variant.rpartition("-")[0] or usual
    chosen = kind or usual
    if not chosen:
        raise InputError(
            f"--for {recipe}: what it learns is not known here; say it with --as "
            f"({few(KINDS)}) and --competition"
        )
    kind_named(chosen)
    if chosen in {"pairs", "all-pairs"}:
        return Form(chosen, PAIRS, "")
    if competition is not None:
        return _of(find_competition(competition).profile, chosen)
    if base == _STUDY:
        return _study(chosen)
    if not where:
        raise InputError(f"--for {recipe}: name the competition whose columns it reads: -c NAME")
    return _of(find_competition(where).profile, chosen)


def _study(kind: str) -> Form:
    if KINDS[kind].tasks == ("translation",):
        return _of(find_competition("seed-003").profile, kind)
    if kind.startswith("summary") or kind == "qa-dialogue":
        return _of(find_competition("sample-summary").profile, kind)
    return Form(kind, _STUDY_QA, "")


def _of(profile: Profile, kind: str) -> Form:
    declared = profile.train
    if declared is None:
        raise InputError(f"Competition '{profile.name}' declares no [train] columns.")
    if declared.template is not None or profile.test.options:
        raise InputError(
            f"Competition '{profile.name}' makes its questions of several columns, which records "
            "do not have; name another one with --competition"
        )
    if declared.context is None and kind in {"document-qa", "structured"}:
        raise InputError(
            f"Competition '{profile.name}' has no column for the documents that '{kind}' is "
            "about; name another one with --competition, or another kind with --as"
        )
    return Form(kind, declared, profile.name)


def as_cells(columns: Sequence[str], row: Mapping[str, object]) -> list[str]:
    """A row for a CSV file: lists as JSON."""
    return [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in (row[name] for name in columns)
    ]
