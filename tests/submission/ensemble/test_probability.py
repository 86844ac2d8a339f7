"""Means of probabilities, where members lack them."""

from __future__ import annotations

import pytest

from submission.ensemble.members import Member, Members
from submission.ensemble.probability import averaged
from submission.errors import InputError
from submission.runs.answers import Answer


def test_a_member_without_probabilities_is_named_with_what_to_do() -> None:
    chosen = Answer("r1", "?", "1", probabilities={"1": 0.7, "2": 0.3})
    written = chosen._replace(probabilities=None)
    members = Members([Member("a", 0, "x"), Member("b", 0, "y")], [[chosen], [written]])
    with pytest.raises(InputError, match=r"has no probabilities for row 'r1'.*--by majority"):
        averaged(members, [chosen])
