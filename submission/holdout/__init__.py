"""A local test set from the organizer's training file, without leakage."""

from submission.holdout.folds import FoldsReport, hold_out_folds
from submission.holdout.make import Report, hold_out
from submission.holdout.options import Options

__all__ = ["FoldsReport", "Options", "Report", "hold_out", "hold_out_folds"]
