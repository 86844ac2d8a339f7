"""A local test set from the organizer's training file, without leakage."""

from submission.holdout.make import Report, hold_out
from submission.holdout.options import Options

__all__ = ["Options", "Report", "hold_out"]
