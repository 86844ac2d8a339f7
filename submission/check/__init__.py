"""Checks a submission file against the template: every finding at once."""

from submission.check.findings import Finding, Severity
from submission.check.run import check_submission

__all__ = ["Finding", "Severity", "check_submission"]
