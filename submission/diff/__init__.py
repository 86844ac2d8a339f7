"""Two sets of answers to the same rows, side by side."""

from submission.diff.make import Diff, Only, Row, Side, diff_scores, diff_texts
from submission.diff.page import write_page
from submission.diff.serialize import to_json, write_table
from submission.diff.word_diff import Segment, word_diff

__all__ = [
    "Diff",
    "Only",
    "Row",
    "Segment",
    "Side",
    "diff_scores",
    "diff_texts",
    "to_json",
    "word_diff",
    "write_page",
    "write_table",
]
