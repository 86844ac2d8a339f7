"""What ko-pii finds: addresses, numbers of insurances and employees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from baselines.corpus.mask.numbers import Span

LABELS: Final = {
    "ADDRESS": "address",
    "MEDICAL_INSURANCE": "insurance",
    "EMPLOYEE_ID": "employee",
}
LONGEST: Final = 2_000
"""Characters of a line that are looked at together."""
OVERLAP: Final = 200
"""Characters of two such windows that are the same, so that no value lies across their border."""

MAY_HOLD: Final = re.compile(
    r"(?:시|군|구|읍|면|동|리|로|길|가)\s?\d|건강\s?보험|보험증|사번|직원\s?번호|사원\s?번호"
)
_REST: Final = re.compile(
    r"(?:가|번?길|번지)?\s?\d*(?:-\d+)*(?:번지|번길|길)?(?:\s?\d+(?:-\d+)?(?=[^\d가-힣]|$|번지|에|로|으))?"
)


def places(text: str) -> Iterator[Span]:
    """Every such value of a text."""
    if not MAY_HOLD.search(text):
        return
    from ko_pii import detect_all

    start = 0
    for line in re.split(r"(?<=[\n.?!])", text):
        for first in range(0, len(line), LONGEST - OVERLAP):
            part = line[first : first + LONGEST]
            for found in detect_all(part, include=LABELS) if MAY_HOLD.search(part) else ():
                stop = found.end
                rest = _REST.match(part, stop) if found.label == "ADDRESS" else None
                if rest is not None and part[stop - 1].isdigit():
                    stop = rest.start() + len(rest[0].rstrip())
                place = start + first
                yield Span(place + found.start, place + stop, LABELS[found.label])
        start += len(line)
