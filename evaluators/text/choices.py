"""Which option of a multiple-choice question an answer chooses.

Language models say it in many ways: ``3``, ``③``, ``(B)``, ``정답은 3번입니다``,
``정답: c (결로)``. What says it most plainly is read first; where two readings of the same kind
disagree, nothing is read. An option that the answer denies, or that it only considers, is not read:
rather nothing than wrong.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CIRCLED: Final[Mapping[int, str]] = {
    **{ord("①") + n: f"({n + 1})" for n in range(20)},
    **{ord("❶") + n: f"({n + 1})" for n in range(10)},
    **{ord("Ⓐ") + n: f"({chr(ord('A') + n)})" for n in range(26)},
    **{ord("ⓐ") + n: f"({chr(ord('A') + n)})" for n in range(26)},
    **{ord("㉠") + n: f"({letter})" for n, letter in enumerate("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊ")},
    **{ord("㉮") + n: f"({letter})" for n, letter in enumerate("가나다라마바사아자차")},
}
_MARKUP: Final = re.compile(
    r"[*_`\"'“”‘’]|\$(?=\\)|(?<=\})\$|\\(?:boxed|text\w*|math\w*)|</?\w+>|^#+ *", re.MULTILINE
)

_SERIES: Final = ("ABCDEFGHIJ", "가나다라마바사아자차", "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊ")
# Compatibility normalisation also takes letters apart that are labels as they stand.
_JAMO: Final = str.maketrans(
    {unicodedata.normalize("NFKC", letter): letter for letter in _SERIES[2]}
)

_NUMBER: Final = r"(?:\d|1\d|20)(?![\d,]\d|\d|\.\d)"
# "3번" and "3이다" name an option, "3개" and "3 cm" count or measure.
_UNCOUNTED: Final = (
    r"(?![A-Za-z㎜㎝㎡%℃]|(?![번입이임예로라으을를과와은는])[가-힣])"
    r"(?! ?(?:개|가지|명|월|일|시간|분|초|원|년|층|회|배|차|번째|퍼센트|미터|도|[cmk]?m|k?g|℃|%)"
    r"(?:[이가을를은는의로]|입니다|이다)?(?![가-힣A-Za-z]))"
)
# "A 회사" and "A good choice" begin with a letter that is no label, "a (rare) case" with an
# article, and "e.g." is no label either.
_ENDED: Final = (
    r"\s*\Z|\n|\s?[.,:;!?)\]}](?!\w\.)|\s?(?:번|입니다|이다|이며|이고|이에요|예요|임\b|이라|라고|로\b)"
    r"|(?:이|가|은|는|을|를)\s"
)
_ALONE: Final = rf"(?={_ENDED}|\s?\(|\s[-–—]\s|\s(?:is|because|since|as|or|and|또는|혹은)\b)"
# "다 맞다" and "나는 모른다" begin with words, "정답이다" ends in one.
_SYLLABLE: Final = (
    r"(?<![가-힣])[가나다라마ㄱ-ㅊ](?=\s*\Z|\n|\s?[.,)\]}(]|번|입니다|이다|이에요|예요|임\b|이라고)"
)
_LABEL: Final = (
    rf"(?P<label>{_NUMBER}{_UNCOUNTED}|[A-Jb-j]{_ALONE}|a(?={_ENDED}|\sis\s(?:correct|right)\b)"
    rf"|{_SYLLABLE})"
)
_ANY: Final = rf"(?P<label>{_NUMBER}|[A-Ja-j]|[가나다라마바사아자차]|[ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊ])"
_BRACKETED: Final = rf"[(\[{{]{{1,2}} ?{_ANY} ?[)\]}}]{{1,2}}"
# Square brackets in the middle of an answer are citations.
_ROUND: Final = rf"\( ?{_ANY} ?\)"
_ENDING: Final = r"(?:입니다|이다|이에요|예요|임)?[.\s]*"

_ANSWER: Final = (
    r"(?:(?<!오)(?:정답|해답|답안|답변|답)"
    r"|(?:\b[Cc]orrect |\b[Rr]ight |\b[Bb]est )(?:[Oo]ption|[Cc]hoice)|\b[Aa]nswer|\bANSWER)"
)
_STATED: Final = rf"{_ANSWER}\s?(?:(?:은|는|이|:|=|is|IS|are|→|->)\s?){{0,3}}"
_NAMED: Final = r"(?:선택지|보기|\b[Oo]ption|\b[Cc]hoice)\s?(?:is )?"
_TAKEN: Final = r"\b(?:choose|select|pick|go with|going with)\s(?:[Oo]ption\s)?"
_RIGHT: Final = r"(?:정답|답이|답입|옳|맞|올바|적절|적합|correct\b|right\b)"
# Between an option's label and the words that call it right stand at most the option's own words.
_CALLED_RIGHT: Final = (
    rf"(?=(?:\s?번)?[.):]?\s?(?:(?!{_NUMBER} ?번)[^\n.!?()]){{0,40}}?(?:이|가|은|는)\s?{_RIGHT}"
    r"| is (?:the )?(?:correct|right|best|answer))"
)


class _Way(NamedTuple):
    """One way of naming an option; ``sure`` where the answer calls it the answer."""

    pattern: re.Pattern[str]
    sure: bool = False


_WAYS: Final[tuple[tuple[_Way, ...], ...]] = (
    # The answer says that it is the answer.
    (
        _Way(re.compile(rf"{_STATED}(?:{_NAMED})?{_BRACKETED}"), sure=True),
        _Way(re.compile(rf"{_STATED}(?:{_NAMED})?{_LABEL}"), sure=True),
        _Way(re.compile(rf"아니(?:라|고|며)[, ]{{0,2}}(?:{_BRACKETED})"), sure=True),
        _Way(re.compile(rf"아니(?:라|고|며)[, ]{{0,2}}{_LABEL}"), sure=True),
        _Way(re.compile(rf"(?:{_ROUND}){_CALLED_RIGHT}"), sure=True),
        _Way(
            re.compile(
                rf"(?<![\w.])(?P<label>{_NUMBER})(?=\s?번|[.)]|(?:이|가)\s){_CALLED_RIGHT}"
                rf"|(?<![A-Za-z])(?P<letter>[A-Ja-j])(?=[.)]|(?:이|가)\s| is ){_CALLED_RIGHT}"
            ),
            sure=True,
        ),
        _Way(re.compile(rf"{_TAKEN}{_LABEL}"), sure=True),
        _Way(
            re.compile(
                r"(?<![A-Za-z])(?P<label>[A-J])"
                r"(?=(?:을|를) (?:고르|고릅|고른|선택|택)|라고 (?:생각|봅|본|판단))"
            ),
            sure=True,
        ),
    ),
    # It is nothing but the label.
    (_Way(re.compile(rf"\A[(\[{{ ]{{0,3}}{_ANY} ?번? ?[)\]}}.:]*\s?{_ENDING}\Z")),),
    # A line begins with the label.
    (_Way(re.compile(rf"^{_ROUND}", re.MULTILINE)),),
    (
        _Way(
            re.compile(
                rf"^(?P<label>{_NUMBER}|[A-Ja-j]|[가나다라마]|[ㄱㄴㄷㄹㅁ]) ?[.):](?!\d|\w\.)",
                re.MULTILINE,
            )
        ),
        _Way(re.compile(r"\A(?P<label>[A-J])(?= [-–—] |,? (?:because|since)\b)")),
    ),
    (_Way(re.compile(rf"^{_ANY} ?번?[.:)]*$", re.MULTILINE)),),
    # The label stands somewhere, marked as one.
    (_Way(re.compile(_ROUND)),),
    (
        _Way(re.compile(rf"(?<![\d.])(?P<label>{_NUMBER}) ?번(?!째)")),
        _Way(re.compile(rf"{_NAMED}{_LABEL}")),
    ),
)

_REACH: Final = 60
_PARTICLE: Final = r"[.):]?\s?번?\s?(?:이|은|는|가|도|을|를|과는|와는|보기)?\s?"
_DENIAL: Final = (
    r"(?:정답이 |답이 )?(?:아니|아닌|아닙|아님|틀리|틀린|틀렸|틀립|오답|옳지 않|맞지 않"
    r"|적절하지 않|제외|다르|is not|isnt|is wrong|is incorrect)"
)
# What takes back the label that it stands right behind ...
_DENIED: Final = re.compile(
    rf"{_PARTICLE}(?:{_DENIAL}|(?:이?라고|으?로|처럼|인 것|일 것)"
    r"[^\n.!?]{0,25}?(?:지만|으나|쉽|쉬우|수도|착각|오해|틀리|틀린|아니))"
)
# ... and with the option's own text between.
_DENIED_LATER: Final = re.compile(r"(?:이|가|은|는|도)\s?(?:아니(?:고|라|며|지만)|아닌데)")
_DENIED_AT_LAST: Final = re.compile(r"(?:이|가|은|는|도)\s?(?:아니|아닌|아닙|아님|오답|틀)")
# What makes the next label a wrong one.
_WRONG: Final = re.compile(
    r"(?:오답|답이 아닌 것|답이 아닌|틀린 답|잘못된 답"
    r"|[Ww]rong \w{0,8}|[Ii]ncorrect \w{0,8}|\b[Nn]ot)"
    r"\s?(?:은|는|이|가|:|=|is)?\s?(?:선택지|보기|option|choice)?\s?\(?\Z"
)
_NEXT: Final = re.compile(
    rf"(?P<more>\s?번?\s?(?:또는|혹은|이나|나|과|와|및|,|/|&|~|or\b|and\b)\s?)[(\[]?{_LABEL}"
)
_SENTENCE: Final = re.compile(r"[\n!?]|\.(?=\s|\Z)")
_MARK: Final = re.compile(
    rf"{_ROUND}|(?<![\d.]){_NUMBER} ?(?:번(?!째)|[.)](?!\d))|(?<![A-Za-z])[A-J](?![A-Za-z])"
)


def choice(text: str, options: Sequence[str] = (), labels: Sequence[str] = ()) -> str | None:
    """Return the label that ``text`` chooses, or None where none or several can be read.

    Labels come back as numbers ("3") and, without ``options`` and ``labels``, as the letters they
    were written with ("B", "나"). With ``options``, letters become the option's number, numbers
    beyond the options are not read, and an answer may also repeat exactly one option's text.
    ``labels`` are the options' own, in order, where they are not the numbers from 1, their letters,
    가나다 or ㄱㄴㄷ: what is one of them is that option ("0" the first of 0, 1, 2).
    """
    plain = _plain(text)
    own = tuple(_plain(label).strip("()").upper() for label in labels)
    count = max(len(options), len(own))
    for ways in _WAYS:
        written = [each for way in ways for each in _read(plain, way) if each != "0" or "0" in own]
        if found := {_label(each, count, own) for each in written}:
            return found.pop() if len(found) == 1 else None
    return _worded(plain, own) or _repeated(plain, options)


def _read(plain: str, way: _Way) -> Iterator[str]:
    for match in way.pattern.finditer(plain):
        start, end = match.span(match.lastgroup or "label")
        if _WRONG.search(plain, max(0, start - 20), start) or _taken_back(plain, end, way.sure):
            continue
        yield plain[start:end]
        if way.sure and (other := _NEXT.match(plain, end)):
            yield other["label"]


def _taken_back(plain: str, end: int, sure: bool) -> bool:
    """Whether what follows a label, up to the next one or the sentence's end, denies it."""
    if _DENIED.match(plain, end):
        return True
    reach = end + _REACH
    # The label's own dot ends no sentence.
    ends = [
        found.start()
        for each in (_SENTENCE, _MARK)
        if (found := each.search(plain, end + 2, reach))
    ]
    later = _DENIED_LATER if sure else _DENIED_AT_LAST
    return later.search(plain, end, min([reach, *ends])) is not None


def _plain(text: str) -> str:
    bare = _MARKUP.sub("", text.translate(_CIRCLED))
    normal = unicodedata.normalize("NFKC", bare).translate(_JAMO)
    # Without long runs of space no pattern can take longer than the text is long.
    lines = (" ".join(line.split()) for line in normal.splitlines())
    return "\n".join(line for line in lines if line)


def _label(written: str, count: int, own: tuple[str, ...]) -> str | None:
    label = written.upper()
    if label in own:
        return str(own.index(label) + 1)
    if not count:
        return label
    place = next((each.index(label) + 1 for each in _SERIES if label in each), 0)
    if not place and any(each.isdecimal() for each in own):
        return None  # where labels are numbers, no other number is an option
    number = place or int(label)
    return str(number) if number <= count else None


def _worded(plain: str, own: tuple[str, ...]) -> str | None:
    """The place of the label in words ("예", "True") that the answer begins with, or states."""
    words = [label for label in own if len(label) > 1 or not re.fullmatch(_ANY, label)]
    if not words:
        return None
    # The longest first: one may begin as another does.
    listed = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    stated = (
        rf"(?:\A|(?i:{_STATED}))[(\[{{]?(?<!\w)"
        rf"(?P<label>(?i:{listed}))(?=\W|\Z|입니다|이다|이에요|예요)"
    )
    found = {match["label"].upper() for match in re.finditer(stated, plain)}
    return str(own.index(found.pop()) + 1) if len(found) == 1 else None


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
