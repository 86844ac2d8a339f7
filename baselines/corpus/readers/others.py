"""The layouts of files that are no JSON data set, in the order in which they are tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from baselines.corpus.readers.base import Layout
from baselines.corpus.readers.html import HtmlFiles
from baselines.corpus.readers.hwpx import HwpxFiles
from baselines.corpus.readers.pdf import PdfFiles
from baselines.corpus.readers.plain import PlainText, TextBlocks
from baselines.corpus.readers.tables import Competition, ExobrainQuestions
from submission.competitions import find_competition, shipped_competitions
from submission.competitions.profile import Profile


def _competitions() -> list[Competition]:
    found: defaultdict[tuple[str, ...], list[Profile]] = defaultdict(list)
    for name in shipped_competitions():
        profile = find_competition(name).profile
        if profile.train is not None:
            found[tuple(profile.train.columns)].append(profile)
    return [
        Competition(first, first.train, tuple(profile.name for profile in others))
        for first, *others in found.values()
        if first.train is not None
    ]


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
