"""What rows are told apart by: category, question type, length of the question, compound or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators import Example
from submission.compare.questions import Asked
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.scoring.breakdown import values_of

TYPE_COLUMN = "question_type"


@dataclass(frozen=True)
class Dimension:
    """A way to tell rows apart: every row's group, and the groups in the order to show them."""

    name: str
    values: Sequence[str]
    groups: Sequence[str]

    @classmethod
    def sorted(cls, name: str, values: Sequence[str]) -> Dimension:
        """With the groups in alphabetical order."""
        return cls(name, values, sorted(set(values)))


def find_dimensions(
    profile: Profile,
    examples: Sequence[Example],
    questions: Mapping[str, Asked],
    by: Sequence[str],
) -> list[Dimension]:
    """The dimensions named by ``by``: those below, or columns of the references.

    Without names, whichever the data has, as far as they tell any rows apart. Raises
    :class:`InputError` for a name that the data says nothing of.
    """
    known: Mapping[str, Callable[[], Dimension | None]] = {
        "category": lambda: _category(examples),
        "type": lambda: _type(profile, examples),
        "length": lambda: _length(examples, questions),
        "compound": lambda: _compound(examples, questions),
    }
    if not by:
        found = [find() for find in known.values()]
        return [each for each in found if each is not None and len(each.groups) > 1]
    chosen = []
    for name in dict.fromkeys(by):
        dimension = known[name]() if name in known else None
        if dimension is None and name in ("length", "compound"):
            raise InputError(
                f"--by {name}: the questions are not known; give the test file with --test."
            )
        chosen.append(dimension or Dimension.sorted(name, values_of(examples, name)))
    return chosen


def _category(examples: Sequence[Example]) -> Dimension | None:
    values = [example.meta.get("category", "") for example in examples]
    return Dimension.sorted("category", values) if any(values) else None


def _type(profile: Profile, examples: Sequence[Example]) -> Dimension | None:
    column = profile.score.group_by or next(
        (name for name in examples[0].meta if name.rpartition(".")[2] == TYPE_COLUMN), None
    )
    values = [example.meta.get(column, "") if column else "" for example in examples]
    if any(values):
        return Dimension.sorted("type", values)
    listed = ["choice" if example.meta.get("options") else "open" for example in examples]
    return Dimension.sorted("type", listed) if "choice" in listed else None


def _length(examples: Sequence[Example], questions: Mapping[str, Asked]) -> Dimension | None:
    if not questions:
        return None
    labels, places = quarters([len(questions[example.id].text) for example in examples])
    return Dimension("length", [labels[place] for place in places], labels)


def _compound(examples: Sequence[Example], questions: Mapping[str, Asked]) -> Dimension | None:
    if not questions:
        return None
    values = ["compound" if questions[each.id].compound else "single" for each in examples]
    return Dimension.sorted("compound", values)


def quarters(values: Sequence[int]) -> tuple[list[str], NDArray[np.intp]]:
    """Return labels such as ``19-39``, smallest first, and each value's place among them.

    Cut at the quartiles, a value on a cut going to the lower group; equal values stay together,
    so that there may be fewer than four groups. A label shows the values that are there. Raises
    ``ValueError`` for no values.
    """
    numbers = np.asarray(values, dtype=np.int64)
    if not len(numbers):
        raise ValueError("there are no values to make groups of")
    cuts = np.quantile(numbers, (0.25, 0.5, 0.75), method="inverted_cdf")
    _, places = np.unique(np.searchsorted(cuts, numbers, side="left"), return_inverse=True)
    labels = []
    for place in range(int(places.max()) + 1):
        own = numbers[places == place]
        low, high = int(own.min()), int(own.max())
        labels.append(str(low) if low == high else f"{low}-{high}")
    return labels, places
