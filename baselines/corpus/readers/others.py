"""The layouts of files that are no JSON data set, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.corpus.readers.base import Layout
from baselines.corpus.readers.html import HtmlFiles
from baselines.corpus.readers.hwpx import HwpxFiles
from baselines.corpus.readers.pdf import PdfFiles
from baselines.corpus.readers.plain import PlainText, TextBlocks
from baselines.corpus.readers.tables import Competition, ExobrainQuestions
from submission.competitions import find_competition, shipped_competitions


def _competitions() -> list[Competition]:
    found = [find_competition(name).profile for name in shipped_competitions()]
    return [Competition(profile, profile.train) for profile in found if profile.train]


OTHERS: Sequence[Layout] = (
    *_competitions(),
    ExobrainQuestions(),
    HtmlFiles(),
    PdfFiles(),
    HwpxFiles(),
    PlainText(),
    TextBlocks(),
)
"""Tried in this order, after the layouts of JSON files."""
