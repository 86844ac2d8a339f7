"""Whether a passage holds an answer's text.

Texts are compared in NFKC, without case and white space: 서울특별시 is found in 서울 특별시. (NFD,
which some evaluators use, would take Hangul syllables apart.) Korean particles may follow: 서울 is
found in 서울은. Numbers and Latin words must be whole: 6일 is not found in 16일, nor 3 in 3.5 or
AI in said.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LATIN: Final = "[a-zß-öø-ɏ]"
_THOUSANDS: Final = re.compile(r"\d{3}(?!\d)")


def normal(text: str) -> str:
    """Return the text in NFKC and without case."""
    return unicodedata.normalize("NFKC", text).casefold()


def holding(passages: Iterable[str], answers: Iterable[str]) -> list[bool]:
    """Return for each passage whether it holds one of the answers; an empty answer is in none."""
    wanted = [bare for answer in answers if (bare := _bare(normal(answer)))]
    return [_holds(normal(passage), wanted) for passage in passages]


def _holds(passage: str, wanted: Iterable[str]) -> bool:
    bare = _bare(passage)
    return any(
        each in bare and ((whole := _whole(each)) is None or whole.search(passage) is not None)
        for each in wanted
    )


def _bare(text: str) -> str:
    return "".join(text.split())


@lru_cache(maxsize=1 << 12)
def _whole(answer: str) -> re.Pattern[str] | None:
    """What finds the answer where no number or Latin word goes on; None where none can."""
    before = after = ""
    if answer[0].isdecimal():
        before = r"(?<!\d)(?<!\d\.)" + (r"(?<!\d,)" if _THOUSANDS.match(answer) else "")
    elif re.match(_LATIN, answer):
        before = f"(?<!{_LATIN})"
    if answer[-1].isdecimal():
        after = r"(?!\d)(?!\.\d)(?!,\d{3}(?!\d))"
    elif re.match(_LATIN, answer[-1]):
        after = f"(?!{_LATIN})"
    if not before and not after:
        return None
    return re.compile(before + r"\s*".join(map(re.escape, answer)) + after)
