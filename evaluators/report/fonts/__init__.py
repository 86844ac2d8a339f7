"""The font that plots are drawn with, so that Hangul shows on any machine."""

from __future__ import annotations

from typing import Final

FAMILY: Final = "Leaderkit Hangul"
FILE: Final = "LeaderkitHangul-Regular.ttf"
