"""One answer per row out of those of several runs, or of several samples of one."""

from submission.ensemble.make import VECTOR, Method, Report, ensemble
from submission.ensemble.members import Member, Members, find_members
from submission.ensemble.vectors import mean_vectors, write_mean

__all__ = [
    "VECTOR",
    "Member",
    "Members",
    "Method",
    "Report",
    "ensemble",
    "find_members",
    "mean_vectors",
    "write_mean",
]
