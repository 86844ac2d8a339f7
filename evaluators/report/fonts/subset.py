"""Make the shipped font from NanumSquare Regular (Debian: ``apt install fonts-nanum``).

    python -m evaluators.report.fonts.subset /usr/share/fonts/truetype/nanum/NanumSquareR.ttf OUT

Keeps every Hangul syllable and jamo, ASCII, Latin-1 and common punctuation; leaves out hanja and
hints. A changed font may not carry the name of the original (its licence, condition 3).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont

from evaluators.report.fonts import FAMILY, FILE

KEPT: Final = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x2027), (0x2030, 0x203A), (0x20A9, 0x20A9),
    (0x2122, 0x2122), (0x2190, 0x2193), (0x2200, 0x22FF), (0x3000, 0x3020), (0x3131, 0x318E),
    (0xAC00, 0xD7A3), (0xFF01, 0xFF5E),
)  # fmt: skip
UNUSED_TABLES: Final = (
    "BASE", "DSIG", "FFTM", "GDEF", "GPOS", "GSUB", "TSI0", "TSI1", "TSI2", "TSI3", "TSI5",
    "VORG", "gasp", "kern", "vhea", "vmtx",
)  # fmt: skip
COPYRIGHT: Final = 0
LICENCE: Final = {
    13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
    14: "https://openfontlicense.org",
}
NAMES: Final = {
    1: FAMILY,
    2: "Regular",
    3: FAMILY,
    4: FAMILY,
    5: "Version 1.0",
    6: Path(FILE).stem,
}


def make(source: Path, target: Path) -> None:
    """Write the subset of ``source`` to ``target``."""
    options = subset.Options(hinting=False, layout_features=[], recalc_timestamp=False)
    options.drop_tables += UNUSED_TABLES
    font = TTFont(source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for low, high in KEPT for code in range(low, high + 1)])
    subsetter.subset(font)
    names = font["name"]
    holder = names.getDebugName(COPYRIGHT)
    names.names = []
    for place, text in {COPYRIGHT: holder, **NAMES, **LICENCE}.items():
        names.setName(text, place, 3, 1, 0x409)
    font.save(target)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
