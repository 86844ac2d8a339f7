"""Runs, and files made elsewhere, beside a baseline on the same rows."""

from submission.compare.comparison import Comparison, compare
from submission.compare.write import write_leaderboard
from submission.scoring.subjects import find_subject

__all__ = ["Comparison", "compare", "find_subject", "write_leaderboard"]
