"""Which option of a multiple-choice question an answer chooses.

Language models say it in many ways: ``3``, ``③``, ``(B)``, ``정답은 3번입니다``, ``3) 결로``. What
says it most plainly is read first; where two readings of the same kind disagree, nothing is read.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CIRCLED: Final[Mapping[int, str]] = {
    **{ord("①") + n: f"({n + 1})" for n in range(20)},
    **{ord("❶") + n: f"({n + 1})" for n in range(10)},
    **{ord("Ⓐ") + n: f"({chr(ord('A') + n)})" for n in range(26)},
    **{ord("ⓐ") + n: f"({chr(ord('A') + n)})" for n in range(26)},
    **{ord("㉠") + n: f"({letter})" for n, letter in enumerate("ㄱㄴㄷㄹㅁ")},
    **{ord("㉮") + n: f"({letter})" for n, letter in enumerate("가나다라마")},
}
_MARKUP: Final = re.compile(r"[*_`\"'“”‘’]|\\boxed|</?\w+>")

_SERIES: Final = ("ABCDEFGHIJ", "가나다라마", "ㄱㄴㄷㄹㅁ")
# Compatibility normalisation also takes letters apart that are labels as they stand.
_JAMO: Final = str.maketrans(
    {unicodedata.normalize("NFKC", letter): letter for letter in _SERIES[2]}
)

_NUMBER: Final = r"(?:[1-9]|1\d|20)(?![\d,]|\.\d)"
# "3번" and "3이다" name an option, "3개" and "3cm" count or measure.
_UNCOUNTED: Final = r"(?![A-Za-z㎜㎝㎡%]|(?![번입이임예로라으을를과와은는])[가-힣])"
_LABEL: Final = rf"(?P<label>{_NUMBER}{_UNCOUNTED}|[A-J](?![A-Za-z]))"
_ANY: Final = rf"(?P<label>{_NUMBER}|[A-Ja-j]|[가나다라마]|[ㄱㄴㄷㄹㅁ])"
_BRACKETED: Final = rf"[(\[{{]\s*{_ANY}\s*[)\]}}]"
# Square brackets in the middle of an answer are citations.
_ROUND: Final = rf"\(\s*{_ANY}\s*\)"
_NOT: Final = r"(?!\s*번?\s*(?:이|은|는|가)?\s*(?:아니|아닌|아닙|틀|오답))"
_ENDING: Final = r"(?:입니다|이다|이에요|예요|임)?[.\s]*"

_STATED: Final = (
    r"(?<!오)(?:정답|해답|답안|답변|답|[Aa]nswer|ANSWER)\s*(?:은|는|이|:|=|is|IS|are|→|->)*\s*"
)
_WAYS: Final = (
    # The answer says that it is the answer.
    re.compile(rf"{_STATED}{_BRACKETED}{_NOT}"),
    re.compile(rf"{_STATED}{_LABEL}{_NOT}"),
    # It is nothing but the label.
    re.compile(rf"\A\s*[(\[{{]?\s*{_ANY}\s*번?\s*[)\]}}.:]*\s*{_ENDING}\Z"),
    # A line begins with the label.
    re.compile(rf"^\s*{_ROUND}{_NOT}", re.MULTILINE),
    re.compile(
        rf"^\s*(?P<label>{_NUMBER}|[A-J]|[가나다라마]|[ㄱㄴㄷㄹㅁ])\s*[.):](?!\d){_NOT}",
        re.MULTILINE,
    ),
    # The label stands somewhere, marked as one.
    re.compile(rf"{_ROUND}{_NOT}"),
    re.compile(rf"(?<![\d.])(?P<label>{_NUMBER})\s*번(?!째){_NOT}"),
)


def choice(text: str, options: Sequence[str] = ()) -> str | None:
    """Return the label that ``text`` chooses, or None where none or several can be read.

    Labels come back as numbers ("3") and, without ``options``, as the letters they were written
    with ("B", "나"). With ``options``, letters become the option's number, numbers beyond the
    options are not read, and an answer may also repeat exactly one option's text.
    """
    plain = _plain(text)
    for way in _WAYS:
        found = {_label(match["label"], len(options)) for match in way.finditer(plain)}
        if found:
            return found.pop() if len(found) == 1 else None
    return _repeated(plain, options)


def split_options(text: str) -> tuple[str, ...]:
    """Return the options of a question, written line by line or with ``|`` between them."""
    parts = text.splitlines() if "\n" in text else text.split("|")
    return tuple(part.strip() for part in parts if part.strip())


def _plain(text: str) -> str:
    bare = _MARKUP.sub("", text.translate(_CIRCLED))
    return unicodedata.normalize("NFKC", bare).translate(_JAMO)


def _label(written: str, options: int) -> str | None:
    label = written.upper()
    if not options:
        return label
    place = next((each.index(label) + 1 for each in _SERIES if label in each), 0)
    number = place or int(label)
    return str(number) if number <= options else None


def _repeated(plain: str, options: Sequence[str]) -> str | None:
    answer = _squeezed(plain)
    texts = [_squeezed(_plain(option)) for option in options]
    same = [place for place, option in enumerate(texts, 1) if option and option == answer]
    within = [place for place, option in enumerate(texts, 1) if option and option in answer]
    for places in (same, within):
        if len(places) == 1:
            return str(places[0])
    return None


def _squeezed(text: str) -> str:
    return "".join(text.casefold().split()).rstrip(".")
