"""A new competition's folder, guessed from its test file, training file and sample submission."""

from submission.competitions.new.draft import Ask, Asked, Draft, make_draft
from submission.competitions.new.seen import Files, read_files
from submission.competitions.new.write import write_folder

__all__ = ["Ask", "Asked", "Draft", "Files", "make_draft", "read_files", "write_folder"]
