"""Competitions: one folder each, found by name among the shipped ones or by path."""

from submission.competitions.find import (
    KnownScore,
    find_competition,
    known_scores,
    shipped_competitions,
)
from submission.competitions.plain import plain_profile
from submission.competitions.profile import Competition

__all__ = [
    "Competition",
    "KnownScore",
    "find_competition",
    "known_scores",
    "plain_profile",
    "shipped_competitions",
]
