"""Which training rows a prompt shows before its question."""

from submission.shots.choose import Asked, Chooser
from submission.shots.source import Source, load_source

__all__ = ["Asked", "Chooser", "Source", "load_source"]
