r"""The options of a multiple-choice question, as contests write them into a cell.

A cell may also have them on one line, with ``\n`` and ``\t`` for its line breaks and tabs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER: Final = r"(?:1\d|20|[1-9])"
_LETTERS: Final = "ABCDEFGHIJ"
_SYLLABLES: Final = "가나다라마바사아자차"
# A line may begin with "1 ", "1번 ", "1.", "A." or "가."; within a line a number or letter needs
# more to be an option's. "A: " begins what a person A says.
_MARK: Final = re.compile(
    rf"(?:(?P<begins>^[ \t]*)|(?<=\s))"
    rf"(?:\((?P<round>{_NUMBER})\)|(?P<circled>[①-⑳])|(?P<half>{_NUMBER})\)(?!\d)"
    rf"|(?P<dotted>{_NUMBER})(?:[.:](?=\s)|[．：](?!\d))"
    rf"|\((?P<letter_round>[{_LETTERS}])\)|(?P<letter_half>[{_LETTERS}])\)"
    rf"|(?(begins)(?:(?P<tight>{_NUMBER})[.:．：](?!\d)|(?P<named>{_NUMBER}) ?번(?=\s)"
    rf"|(?P<plain>{_NUMBER})(?: ?[.):．：])?(?=[ \t])"
    rf"|(?P<letter_dotted>[{_LETTERS}])(?:\.(?=\s)|．)|(?P<letter_hangul>[{_SYLLABLES}])(?:[.)](?=\s)|．))|(?!)))",
    re.MULTILINE,
)
# Within a line "1." and "1:" begin a list only where a sentence has ended: not in "Table 1. shows",
# "Fig. 1. shows", "2024. 1. 15." or "in the ratio of 1: 2".
_OPENING: Final = re.compile(
    r"(?:(?P<asked>[?!:])|(?<!\d)(?<!\bfig)(?<!\bsec)(?<!\btab)(?<!\beq)(?<!\bno)\.)"
    r"[\"'”’)\]]?\s+\Z",
    re.IGNORECASE,
)
_LONGEST_OPENING: Final = 16
_LONGEST_SENTENCE: Final = 200

_SENTENCE_END: Final = re.compile(r"(?<=[.!?。？])\s+|\n")
# Asks for one of several, or for what is left out, ...
_CHOOSES: Final = re.compile(
    r"[?？]|고르|고른|골라|택하|선택|\s것[은을]|다음 중|중에서|번호|기호|찾아|\(\s*\)|__|빈칸"
    r"|\b(?:which|choose|select|pick|correct)\b",
    re.IGNORECASE,
)
# ... for an answer in words, ...
_TELLS: Final = re.compile(
    r"(?:서술|설명|기술|논술|논|작성|요약|정리|나열|열거|제시|번역)(?:하|해)\S*"
    r"(?: ?주\S*| ?줘)?\.?\Z"
    r"|(?:쓰시오|쓰세요|써라|써 ?주세요|적으시오|적으세요)\.?\Z"
    r"|\A(?:explain|describe|summari[sz]e|discuss|write|translate|list)\b",
    re.IGNORECASE,
)
# ... or for anything.
_ASKS: Final = re.compile(r"(?:[?？]|(?:시오|세요|십시오|하라|해라|하여라|줘)[.!]?)\Z")
_STATES: Final = re.compile(r"다[.。]\Z")

_ESCAPED: Final = re.compile(r"\\n\s*[(①1A가]")
# "\nu" and "\theta" are LaTeX.
_WIDE: Final = "１２３４５６７８９０ＡＢＣＤＥＦＧＨＩＪ（）"
_NARROW: Final = str.maketrans(_WIDE, unicodedata.normalize("NFKC", _WIDE))
# Where the answer is to be written is no line of the last option.
_BLANK: Final = re.compile(
    r"[\s#*\[<]*(?:정답|답변|답안|해답|답|answer)[\]*>]*\s*(?:[:：][\s*]*)?", re.IGNORECASE
)
_LINE_BREAK: Final = re.compile(r"(?:\\r)?\\n(?![a-z])")
_TAB: Final = re.compile(r"(?<=[\d.)①-⑳])\\t")


def listed_options(question: str) -> list[str]:
    """Return the texts of the options that ``question`` ends with; none: an empty list.

    They count up from 1, A or 가 without a gap, on lines of their own (``1. 벽지``, ``2) 타일``,
    ``(3) 도장``, ``④ 미장``, ``5번 창호``, ``6 배관``; ``A. 벽지``; ``가. 벽지``) or behind one
    another (``1) 벽지 2) 타일``); ``1. 벽지 2. 타일`` only at the start of a line or behind a
    question. Of several such lists the last one is the options. A list that a statement introduces,
    that tells what to write, or that goes on in prose is part of a description. Numbers and marks
    may be fullwidth (``１．벽지``), and a last line may say where the answer goes (``정답:``).
    """
    return [text for _, text in labelled_options(question)]


def labelled_options(question: str) -> list[tuple[str, str]]:
    """Return what :func:`listed_options` returns, each behind its label: "1", "A" or "가".

    A number is one however it is written: ``(1)``, ``①`` and ``1번`` are "1".
    """
    if _ESCAPED.search(question):
        question = _TAB.sub("\t", _LINE_BREAK.sub("\n", question))
    before, _, last = question.rstrip().rpartition("\n")
    if _BLANK.fullmatch(last):
        question = before
    for chain in _chains(question):
        if texts := _texts(question, chain):
            return [(_label(mark), text) for mark, text in zip(chain, texts, strict=True)]
    return []


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
    for mark in _MARK.finditer(question.translate(_NARROW)):
        form = mark.lastgroup or ""
        number = _number(mark[form])
        lined = mark["begins"] is not None and not form.startswith("letter")
        for kind in ("line", form) if lined else (form,):
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
    before = question[max(0, first.start() - _LONGEST_SENTENCE) : first.start()]
    found = _OPENING.search(before[-_LONGEST_OPENING:])
    return found is not None and bool(found["asked"] or _CHOOSES.search(_last_sentence(before)))


def _texts(question: str, chain: Sequence[re.Match[str]]) -> tuple[str, ...]:
    """What stands behind each mark, on its line; empty where it is no list of options."""
    start = chain[0].start()
    ends = [*(mark.start() for mark in chain[1:]), len(question)]
    texts = tuple(question[mark.end() : end].strip() for mark, end in zip(chain, ends, strict=True))
    if not all(len(text.splitlines()) == 1 for text in texts):
        return ()
    in_one_line = "\n" not in question[start:].strip()
    return () if _introduced(question[:start]) or _goes_on(texts, in_one_line) else texts


def _introduced(stem: str) -> bool:
    """Whether what stands before a list makes it steps, conditions or items instead of options."""
    sentence = _last_sentence(stem)
    if _TELLS.search(sentence):
        return not _CHOOSES.search(sentence)
    return bool(_STATES.search(sentence)) and not _CHOOSES.search(stem)


def _goes_on(texts: Sequence[str], in_one_line: bool) -> bool:
    """Whether prose follows the list: "(1) 앞과 (2) 뒤에 들 말은?" counts places, not options."""
    *others, last = texts
    if in_one_line and (last.endswith("?") or _ends_alone(_STATES, others, last)):
        return True
    several = len(_SENTENCE_END.split(last)) > 1
    return (in_one_line or several) and _ends_alone(_ASKS, others, last)


def _ends_alone(ending: re.Pattern[str], others: Sequence[str], last: str) -> bool:
    return bool(ending.search(last)) and not any(map(ending.search, others))


def _last_sentence(text: str) -> str:
    return _SENTENCE_END.split(text.strip())[-1]


def _label(mark: re.Match[str]) -> str:
    written = unicodedata.normalize("NFKC", mark[mark.lastgroup or ""])
    return written if written in _LETTERS + _SYLLABLES else str(_number(written))


def _number(written: str) -> int:
    for series in (_LETTERS, _SYLLABLES):
        if written in series:
            return series.index(written) + 1
    return int(written) if written.isdigit() and written.isascii() else ord(written) - ord("①") + 1
