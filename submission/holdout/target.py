"""What the organizer's test file is like, as far as a local one can be made like it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from submission.competitions.profile import Profile
from submission.files.digest import sha256_file
from submission.prompts.compound import is_compound
from submission.records.read import read_questions


@dataclass(frozen=True)
class Target:
    """The lengths, in characters, of a test file's cells with one question and with several, and
    the rows of each category (none where the file does not tell).
    """

    file: str
    sha256: str
    single: Sequence[int]
    compound: Sequence[int]
    categories: Mapping[str, int]

    @property
    def joined(self) -> Fraction:
        """The share of cells that hold several questions."""
        return Fraction(len(self.compound), len(self.single) + len(self.compound))


def read_target(profile: Profile, path: Path, categories: Sequence[str], *, joins: bool) -> Target:
    """Read the organizer's test file.

    ``categories`` are those of the training rows. Where the competition never joins questions
    (``joins``), a cell counts as one question whatever stands in it. Raises :class:`InputError`
    for an unusable file.
    """
    questions = read_questions(profile, path)
    single: list[int] = []
    compound: list[int] = []
    for question in questions:
        several = joins and is_compound(question.text)
        (compound if several else single).append(len(question.text))
    column = profile.train.category if profile.train else None
    named = [question.row.get(column, "") for question in questions] if column else []
    counts = _counted([name for name in named if name], set(categories))
    return Target(path.name, sha256_file(path), tuple(single), tuple(compound), counts)


def _counted(named: Sequence[str], known: set[str]) -> Mapping[str, int]:
    """Rows per category; a joined cell names the categories of both its questions."""
    parts = [name.split("+") if name not in known and "+" in name else [name] for name in named]
    return Counter(name for each in parts for name in each)
