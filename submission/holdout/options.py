"""What a person may choose about a local test set."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from submission.competitions.profile import Profile
from submission.errors import InputError

_USUALLY_JOINED = 0.5


@dataclass(frozen=True, slots=True)
class Options:
    """``share`` of the rows to hold out; ``joined`` share of test cells with two questions
    (None: the competition's usual one); ``similarity`` from which two questions are one.

    Raises :class:`InputError` for a number out of range.
    """

    share: float = 0.2
    joined: float | None = None
    similarity: float = 0.8
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise InputError(f"--share {self.share}: must be between 0 and 1, both excluded.")
        if self.joined is not None and not 0 <= self.joined <= 1:
            raise InputError(f"--joined {self.joined}: must be between 0 and 1.")
        if not 0 < self.similarity < 1:
            raise InputError(
                f"--similarity {self.similarity}: must be between 0 and 1, both excluded."
            )
        if self.seed < 0:
            raise InputError(f"--seed {self.seed}: must not be negative.")


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
    others = set(profile.test.columns) - {profile.test.id, profile.test.question}
    if others:
        return f"has more than a question in a test row ({', '.join(sorted(others))})"
    return None
