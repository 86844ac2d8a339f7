"""Runs, and files made elsewhere, beside a baseline on the same rows."""

from submission.compare.make import Comparison, compare
from submission.compare.subjects import find_subject
from submission.compare.write import write_leaderboard

__all__ = ["Comparison", "compare", "find_subject", "write_leaderboard"]
