"""The options of a multiple-choice question, as contests write them into a cell."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER: Final = r"(?:1\d|20|[1-9])"
# A line may begin with "1 ", "1번 " or "1."; within a line a number needs more to be an option's.
_MARK: Final = re.compile(
    rf"(?:(?P<begins>^[ \t]*)|(?<=\s))"
    rf"(?:\((?P<round>{_NUMBER})\)|(?P<circled>[①-⑳])|(?P<half>{_NUMBER})\)(?!\d)"
    rf"|(?P<dotted>{_NUMBER})[.:](?=\s)"
    rf"|(?(begins)(?:(?P<tight>{_NUMBER})[.:](?!\d)|(?P<named>{_NUMBER}) ?번(?=\s)"
    rf"|(?P<plain>{_NUMBER})(?: ?[.):])?(?=[ \t]))|(?!)))",
    re.MULTILINE,
)
# Within a line "1." and "1:" begin a list only where a sentence has ended: not in "Table 1. shows",
# "Fig. 1. shows", "2024. 1. 15." or "in the ratio of 1: 2".
_OPENING: Final = re.compile(
    r"(?:[?!:]|(?<!\d)(?<!\bfig)(?<!\bsec)(?<!\btab)(?<!\beq)(?<!\bno)\.)[\"'”’)\]]?\s+\Z",
    re.IGNORECASE,
)
_LONGEST_OPENING: Final = 16


def listed_options(question: str) -> list[str]:
    """Return the texts of the numbered options that ``question`` ends with; none: an empty list.

    They count up from 1 without a gap, on lines of their own (``1. 벽지``, ``2) 타일``,
    ``(3) 도장``, ``④ 미장``, ``5번 창호``, ``6 배관``) or behind one another (``1) 벽지 2) 타일``);
    ``1. 벽지 2. 타일`` only at the start of a line or after the end of a sentence. Of several such
    lists the last one is the options.
    """
    chains = [_texts(question, chain) for chain in _chains(question)]
    return next((list(texts) for texts in chains if texts), [])


def split_options(text: str) -> tuple[str, ...]:
    """Return the options in a cell of their own: by line, numbered, or with ``|`` between them."""
    if "\n" in text:
        parts: Sequence[str] = text.splitlines()
    else:
        parts = listed_options(text) or text.split("|")
    return tuple(part.strip() for part in parts if part.strip())


def _chains(question: str) -> list[list[re.Match[str]]]:
    """Marks that count up from 1: all that begin lines, and those of one form; the last first."""
    chains: dict[str, list[re.Match[str]]] = defaultdict(list)
    for mark in _MARK.finditer(question):
        form = mark.lastgroup or ""
        number = _number(mark[form])
        for kind in (form,) if mark["begins"] is None else ("line", form):
            if number == 1:
                chains[kind] = [mark] if _opens(question, mark) else []
            elif number == len(chains[kind]) + 1:
                chains[kind].append(mark)
    long = [chain for chain in chains.values() if len(chain) > 1]
    return sorted(long, key=lambda chain: (chain[-1].start(), len(chain)), reverse=True)


def _opens(question: str, first: re.Match[str]) -> bool:
    """Whether a list may begin at the mark ``first``."""
    if first["begins"] is not None or first["dotted"] is None:
        return True
    before = question[max(0, first.start() - _LONGEST_OPENING) : first.start()]
    return _OPENING.search(before) is not None


def _texts(question: str, chain: Sequence[re.Match[str]]) -> tuple[str, ...]:
    """What stands behind each mark, on its line; empty where anything else stands there."""
    ends = [*(mark.start() for mark in chain[1:]), len(question)]
    texts = [question[mark.end() : end].strip() for mark, end in zip(chain, ends, strict=True)]
    if not all(len(text.splitlines()) == 1 for text in texts):
        return ()
    # "(1) 앞과 (2) 뒤에 들 말은?" counts places, not options.
    asks = texts[-1].endswith("?") and "\n" not in question[chain[0].start() :].strip()
    return () if asks else tuple(texts)


def _number(written: str) -> int:
    return int(written) if written.isdigit() and written.isascii() else ord(written) - ord("①") + 1
