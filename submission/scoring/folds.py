"""Scores over all of a training file, from the runs over the folds that hold out its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev

from evaluators import Example
from submission.competitions.profile import Profile
from submission.errors import InputError, few
from submission.holdout.files import FOLDS, REFERENCES
from submission.records.rows import References
from submission.runs.ledger import Ledger
from submission.scoring.breakdown import Slice
from submission.scoring.subjects import Subject, find_subject, load_references
from submission.tables import read_table

FOLD = "fold"
"""What says of a reference which fold holds it out."""
PLACE = "{fold}"
_NAMED = f"{{name}}-fold-{PLACE}"


@dataclass(frozen=True)
class Folds:
    """The folds of ``leaderkit holdout --folds``: the references to all rows, and each row's fold,
    by test id, as a number from 1.
    """

    folder: Path
    references: References
    fold_of: Mapping[str, str]

    @property
    def numbers(self) -> list[str]:
        """The folds, in order."""
        return sorted(set(self.fold_of.values()), key=int)


@dataclass(frozen=True)
class FoldSpread:
    """What a system scores on each fold's rows, their mean, and their standard deviation.

    A score is None where no row of the fold counts; the mean and the deviation are of the others,
    None where there are none.
    """

    run: str
    scores: Mapping[str, float | None]
    mean: float | None
    deviation: float | None


def load_gold(
    profile: Profile,
    references: Path | None,
    folder: Path | None,
    answer_columns: Sequence[str] = (),
) -> tuple[References, Folds | None]:
    """The references, in a file or of folds. Raises :class:`InputError` for both or neither."""
    if (references is None) == (folder is None):
        raise InputError("Give either --references FILE or --folds DIR.")
    if references is not None:
        return load_references(profile, references, answer_columns), None
    folds = read_folds(profile, Path(str(folder)), answer_columns)
    return folds.references, folds


def read_folds(profile: Profile, folder: Path, answer_columns: Sequence[str] = ()) -> Folds:
    """The folder that ``leaderkit holdout --folds`` wrote.

    Raises :class:`InputError` where it is none, or its files do not fit each other.
    """
    path = folder / FOLDS
    if not path.is_file():
        raise InputError(
            f"{folder}: has no {FOLDS}; give the folder that leaderkit holdout --folds wrote."
        )
    table = read_table(path)
    fold_of = dict(zip(table.ids("id"), table.column(FOLD), strict=True))
    for index, number in enumerate(fold_of.values()):
        if not (number.isascii() and number.isdigit()):
            raise InputError(f"{table.where(index, FOLD)}: {number!r} is not a number of a fold.")
    written = [each for each in sorted(folder.glob(f"{REFERENCES}.*")) if each.is_file()]
    if not written:
        raise InputError(f"{folder}: has no {REFERENCES} file to all folds.")
    found = load_references(profile, written[0], answer_columns)
    differing = {row.id for row in found.rows} ^ set(fold_of)
    if differing:
        raise InputError(
            f"{written[0]} and {path} differ in {len(differing)} ids: {few(sorted(differing))}."
        )
    rows = [replace(row, meta={**row.meta, FOLD: fold_of[row.id]}) for row in found.rows]
    return Folds(folder, replace(found, rows=rows), fold_of)


def fold_subject(
    profile: Profile, ledger: Ledger | None, name: str, folds: Folds, *, competition: str | None
) -> Subject:
    """The answers to all rows, each from the run over the fold that holds it out.

    Runs are called ``NAME-fold-1``, ``NAME-fold-2``, … in the ledger; of another name, or of
    files, ``{fold}`` stands for the number. A file with the answers to all folds is one, too.
    Raises :class:`InputError` for one that is missing, or that answers other rows than its fold's.
    """
    if PLACE not in name and Path(name).is_file():
        return find_subject(profile, None, name, competition=competition)
    pattern = name if PLACE in name else _NAMED.replace("{name}", name)
    parts = []
    for number in folds.numbers:
        own = pattern.replace(PLACE, number)
        part = find_subject(profile, ledger, own, competition=competition)
        rows = {row_id for row_id, fold in folds.fold_of.items() if fold == number}
        differing = rows ^ {prediction.id for prediction in part.predictions}
        if differing:
            raise InputError(
                f"{own} does not answer the rows of fold {number} in {folds.folder}: "
                f"{len(differing)} ids differ ({few(sorted(differing))}). Each fold's run is over "
                "the test file in that fold's folder."
            )
        parts.append(part)
    return Subject(
        name,
        "folds",
        [prediction for part in parts for prediction in part.predictions],
        [answer for part in parts for answer in part.answers],
    )


def folds_of(examples: Sequence[Example]) -> tuple[list[str], list[str]]:
    """Every row's fold, and the folds in order."""
    values = [example.meta[FOLD] for example in examples]
    return values, sorted(set(values), key=int)


def spread(run: str, slices: Sequence[Slice]) -> FoldSpread:
    """How a system's score by the first metric differs between folds."""
    scores = {
        each.value: None if (score := each.scores[0]) is None else score.value for each in slices
    }
    values = [value for value in scores.values() if value is not None]
    if not values:
        return FoldSpread(run, scores, None, None)
    return FoldSpread(run, scores, mean(values), stdev(values) if len(values) > 1 else 0.0)
