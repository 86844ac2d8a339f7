"""What a person may choose about a local test set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from submission.competitions.declared import INDEX
from submission.competitions.profile import Profile
from submission.errors import InputError, few

_USUALLY_JOINED = 0.5
_SHARE = 0.2
_FEWEST_FOLDS = 2


@dataclass(frozen=True, slots=True)
class Options:
    """``share`` of the rows to hold out (None: a fifth); ``joined`` share of test cells with two
    questions (None: the competition's usual one); ``similarity`` from which two questions are one.

    ``group_by`` is a column whose equal cells stay on one side, ``by_time`` one with dates, of
    which the latest are held out, and ``folds`` the number of test sets that hold out every row
    once.

    Raises :class:`InputError` for numbers out of range and options that exclude each other, all of
    them in one message.
    """

    share: float | None = None
    joined: float | None = None
    similarity: float = 0.8
    seed: int = 0
    group_by: str | None = None
    by_time: str | None = None
    folds: int | None = None

    def __post_init__(self) -> None:
        problems = [*self._out_of_range(), *self._contradictions()]
        if len(problems) == 1:
            raise InputError(problems[0])
        if problems:
            raise InputError.listing("holdout", problems)

    @property
    def held_share(self) -> float:
        """The share of the rows to hold out."""
        return _SHARE if self.share is None else self.share

    def _out_of_range(self) -> Iterator[str]:
        if not 0 < self.held_share < 1:
            yield f"--share {self.share}: must be between 0 and 1, both excluded."
        if self.joined is not None and not 0 <= self.joined <= 1:
            yield f"--joined {self.joined}: must be between 0 and 1."
        if not 0 < self.similarity < 1:
            yield f"--similarity {self.similarity}: must be between 0 and 1, both excluded."
        if self.seed < 0:
            yield f"--seed {self.seed}: must not be negative."
        if self.folds is not None and self.folds < _FEWEST_FOLDS:
            yield f"--folds {self.folds}: must be {_FEWEST_FOLDS} or more."

    def _contradictions(self) -> Iterator[str]:
        if self.folds is not None and self.share is not None:
            yield "--share cannot be combined with --folds, which holds out every row once."
        if self.folds is not None and self.by_time is not None:
            yield "--by-time cannot be combined with --folds: only the latest rows are held out."

    def refuse_match(self) -> None:
        """Raise :class:`InputError` for options that a test file to be like decides."""
        decided = {
            "--joined": self.joined is not None,
            "--by-time": self.by_time is not None,
            "--folds": self.folds is not None,
        }
        given = [name for name, there in decided.items() if there]
        if given:
            raise InputError(
                f"{', '.join(given)} cannot be combined with --match, which takes rows and the "
                "share of joined cells after the test file."
            )


def exactly(number: float) -> Fraction:
    """The decimal number that was typed, so that no rounding of binary fractions shows."""
    return Fraction(repr(number))


def joined_share(profile: Profile, options: Options) -> float:
    """The share of test cells that hold two questions.

    Raises :class:`InputError` where some are asked for and the test file's rows are more than
    a question.
    """
    reason = never_joined(profile)
    if options.joined and reason:
        raise InputError(
            f"--joined {options.joined}: competition '{profile.name}' {reason}, so two of its"
            " rows cannot share a cell; remove the option, or give 0."
        )
    if options.joined is not None:
        return options.joined
    several = profile.train is not None and len(profile.train.questions) > 1
    return _USUALLY_JOINED if several and not reason else 0.0


def never_joined(profile: Profile) -> str | None:
    """Why two rows of the competition cannot share a cell, if they cannot."""
    if profile.test.template is not None or (profile.train and profile.train.template):
        return "writes its questions from a form of several columns"
    if profile.test.context is not None or (profile.train and profile.train.context):
        return "asks about a context of its own in every row"
    others = set(profile.test.columns) - {INDEX, profile.test.id, profile.test.question}
    if others:
        return f"has more than a question in a test row ({few(sorted(others))})"
    return None
