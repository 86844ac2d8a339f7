"""Personal numbers of a fixed form: each kind's pattern, and what makes a match one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from baselines.corpus.mask import checks
from baselines.corpus.mask.checks import digits


class Span(NamedTuple):
    """Where a value stands in a text, and what it is."""

    start: int
    stop: int
    kind: str


class Rule(NamedTuple):
    """A kind: its pattern, whose group 1 is the value, and whether a match is meant."""

    kind: str
    pattern: re.Pattern[str]
    meant: Callable[[re.Match[str]], bool]


PLACEHOLDER: Final = re.compile(
    r"\[[^\[\]0-9:]{1,12}(?:[0-9]+|:[a-p]{12})(?:\]|$)|^[^\[\]]{0,24}\]"
)
"""What stands where a value was, or the part of it that is in sight: it is no context."""

AROUND: Final = 24
"""Characters before and after a value in which a word may say what it is."""

# No digit, letter or hyphen of a longer number or name stands before and behind.
_FREE: Final = r"(?<![0-9A-Za-z.\x5f-])"
_ALONE: Final = r"(?<![0-9A-Za-z-])"
_END: Final = r"(?![0-9A-Za-z\x5f]|[-.][0-9])"
_DASH: Final = r"(?:\ ?[-–‐·.]\ ?|\ )"

_BANKS: Final = re.compile(
    "계좌|예금주|입금|송금|이체|환급|은행|농협|수협|신협|새마을금고|우체국|카카오뱅크|토스뱅크|케이뱅크"
)
_CARD: Final = re.compile("카드|결제|card", re.IGNORECASE)
_NO_PHONE: Final = re.compile(
    "(?:모델명?|품번|제품 ?번호|부품 ?번호|형번|ISBN|ISSN|특허|주문번호|송장|운송장|시리얼|일련번호"
    "|접수번호|사건번호|문서번호|바코드|코드)(?: ?번호)? ?[:：]? ?$",
    re.IGNORECASE,
)
"""What stands right before a number that is none of a person's."""
_ASKS: Final = re.compile(
    "전화|문의|연락|대표|고객|상담|접수|콜센터|신고|예약|☎|tel", re.IGNORECASE
)
_YEARS: Final = re.compile(r"\s?(?:년|모델|형|시리즈|세기|명|점|원|\))|\s?[~-]")
_NO_ACCOUNT: Final = re.compile("송장|운송장|택배|통계|등기|주문")
_SECTION: Final = re.compile(r"\s?(?:절|항|장|조|판|버전)")
_NO_ADDRESS_OF_NET: Final = re.compile(
    "버전|version|펌웨어|v$|릴리스|업데이트|절 ?$|항 ?$|장 ?$", re.IGNORECASE
)
_SPOKEN: Final = "공영일이삼사오육륙칠팔구"


def _before(match: re.Match[str], length: int = AROUND) -> str:
    return PLACEHOLDER.sub("", match.string[max(match.start(1) - length, 0) : match.start(1)])


def _near(match: re.Match[str]) -> str:
    behind = match.string[match.end(1) : match.end(1) + AROUND]
    return f"{_before(match)} {PLACEHOLDER.sub('', behind)}"


def _any(_: re.Match[str]) -> bool:
    return True


def _resident(match: re.Match[str]) -> bool:
    number = digits(match[1])
    if len(number) < 13:
        return checks.birth(f"{number[:6]}{number[6:7] or '1'}") is not None
    told = _before(match)
    born = checks.birth(number)
    if born is None or "법인" in told or _NO_PHONE.search(told):
        return False
    if checks.resident(number) or "주민" in told:
        return True
    # Numbers have no check digit since October 2020; before, it is a slip of the pen.
    return number[6] in "1234" and not match[1].isdigit() and not checks.corporation(number)


def _foreigner(match: re.Match[str]) -> bool:
    number = digits(match[1])
    if number[6] not in "5678" or checks.birth(number) is None:
        return False
    told = _before(match)
    if checks.foreigner(number) or "외국인" in told:
        return True
    return not match[1].isdigit() and "법인" not in told and not checks.corporation(number)


def _business(match: re.Match[str]) -> bool:
    told = "사업자" in _before(match)
    return told or ("-" in match[1] and checks.business(digits(match[1])))


def _corporation(match: re.Match[str]) -> bool:
    return "법인" in _before(match) or (
        checks.corporation(digits(match[1])) and not match[1].isdigit()
    )


def _driver(match: re.Match[str]) -> bool:
    return digits(match[1])[:2] in checks.REGIONS or "면허" in _near(match)


def _card(match: re.Match[str]) -> bool:
    number = digits(match[1])
    return number[0] in "234569" and (checks.luhn(number) or bool(_CARD.search(_before(match))))


def _account(match: re.Match[str]) -> bool:
    number = digits(match[1])
    near = _near(match)
    return 10 <= len(number) <= 16 and bool(_BANKS.search(near)) and not _NO_ACCOUNT.search(near)


def _phone(match: re.Match[str]) -> bool:
    return not _NO_PHONE.search(_before(match, 16))


def _representative(match: re.Match[str]) -> bool:
    """A number such as 1588-1234, which may as well be two years or a model's name."""
    behind = match.string[match.end(1) : match.end(1) + 8]
    if _NO_PHONE.search(_before(match, 16)) or _YEARS.match(behind):
        return False
    sure = "-" in match[1] and not 1000 <= int(match[1][-4:]) <= 2099
    return sure or bool(_ASKS.search(_near(match)))


def _passport(match: re.Match[str]) -> bool:
    return "여권" in _near(match) or "passport" in _near(match).lower()


def _network(match: re.Match[str]) -> bool:
    behind = match.string[match.end(1) : match.end(1) + 4]
    return (
        all(int(part) < 256 for part in match[1].split("."))
        and not _NO_ADDRESS_OF_NET.search(_before(match, 10))
        and not _SECTION.match(behind)
    )


def _postcode(match: re.Match[str]) -> bool:
    return checks.postcode(digits(match[1]))


_PROVINCES: Final = (
    "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
)
_PLATE: Final = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주아바사자하허호배"
_HIDDEN: Final = "[*Xx●○ㅇ]"


def _rule(kind: str, pattern: str, meant: Callable[[re.Match[str]], bool] = _any) -> Rule:
    """A rule of a pattern with white space and comments; ``_`` is what parts groups of digits."""
    return Rule(kind, re.compile(pattern.replace("_", _DASH + "?"), re.VERBOSE), meant)


RULES: Final[tuple[Rule, ...]] = (
    _rule("url-user", r"(?<=://) ([^\s/@:]{1,64} : [^\s/@]{1,64}) (?=@)"),
    _rule(
        "email",
        r"""(?<![A-Za-z0-9.+\x5f-])
            ([A-Za-z0-9.+\x5f-]{1,64} @ (?:[A-Za-z0-9-]{1,63}\.){1,4} [A-Za-z]{2,24})""",
    ),
    _rule(
        "resident",
        rf"""{_ALONE} (
            \d{{6}} (?:[ ]?[-–‐][ ]?|[ ]) [0-49]
                (?: \d{{6}} | {_HIDDEN}{{6}} | \d{_HIDDEN}{{5}} )
            | \d{{6}} [ ]?[-–‐][ ]? {_HIDDEN}{{7}}
            | \d{{6}} [0-49] \d{{6}}
        ) (?!\d|-\d)""",
        _resident,
    ),
    _rule("foreigner", rf"{_ALONE} (\d{{6}} [ ]?[-–‐]?[ ]? [5-8]\d{{6}}) (?!\d|-\d)", _foreigner),
    _rule("corporation", rf"{_ALONE} (\d{{6}} [-–‐]? \d{{7}}) (?!\d|-\d)", _corporation),
    _rule(
        "card",
        rf"{_FREE} (\d{{4}} _ \d{{4}} _ \d{{4}} _ \d{{4}} | \d{{4}} _ \d{{6}} _ \d{{5}}) {_END}",
        _card,
    ),
    _rule("driver", rf"{_FREE} (\d{{2}}-\d{{2}}-\d{{6}}-\d{{2}}) {_END}", _driver),
    _rule("driver", rf"(?<![가-힣]) ((?:{_PROVINCES})[ ]?\d{{2}}-\d{{6}}-\d{{2}}) {_END}"),
    _rule("business", rf"{_FREE} (\d{{3}}-\d{{2}}-\d{{5}} | \d{{10}}) {_END}", _business),
    _rule(
        "phone",
        rf"""{_FREE} (
            \(? (?: 02 | 0(?: 3[1-3] | 4[1-4] | 5[1-5] | 6[1-4] | 70 | 80 ) ) \)?
                _ \d{{3,4}} _ \d{{4}}
            | 01[016789] _ \d{{3,4}} _ \d{{4}}
            | 050\d? _ \d{{3,4}} _ \d{{4}}
            | 060[2-9]? _ \d{{3,4}} _ \d{{4}}
            | 030\d? - \d{{3,4}} - \d{{4}}
            | (?:\+|00)82 _ (?:\(0\))? \d{{1,2}} _ \d{{3,4}} _ \d{{4}}
        ) {_END}""",
        _phone,
    ),
    _rule(
        "phone",
        rf"""{_FREE} ( (?: 15(?:22|33|44|66|77|88|99) | 16(?:00|70|44|60|61|66|68|88)
            | 18(?:00|33|55|77|99) ) [-–\ ]? \d{{4}} ) {_END}""",
        _representative,
    ),
    _rule(
        "phone",
        rf"""(?<![가-힣0-9]) ( (?:공일공|영일영|공일일|공이|영이) [\s-]?
            [{_SPOKEN}]{{3,4}} [\s-]? (?:에\s)? [{_SPOKEN}]{{4}} )
            (?![{_SPOKEN}](?!라|에|고|며|다|었))""",
    ),
    _rule(
        "account",
        rf"{_FREE} (\d{{2,6}}-\d{{2,6}}-\d{{2,8}}(?:-\d{{1,4}})? | \d{{10,16}}) {_END}",
        _account,
    ),
    _rule(
        "passport",
        rf"{_ALONE} ([MSRODG]\d{{3}}[A-Z]\d{{4}} | [MSRODG]\d{{8}}) (?![0-9A-Za-z])",
        _passport,
    ),
    _rule(
        "vehicle",
        rf"""(?<![0-9가-힣A-Za-z-])
            ( (?:(?:{_PROVINCES})[ ]?)? \d{{2,3}} [ ]? [{_PLATE}] [ ]? \d{{4}} )
            (?! [0-9A-Za-z] | \s?(?:년|원|명|개|만|천|억|번지|호|회|건) )""",
    ),
    _rule(
        "ip",
        rf"{_FREE} (\d{{1,3}}\.\d{{1,3}}\.\d{{1,3}}\.\d{{1,3}}) (?![0-9]|\.[0-9])",
        _network,
    ),
    _rule(
        "postcode",
        r"(?:우편\s?번호|우\)|\(우\)|〒) [은는이가]?\s?[:：]?\s?[\[(]? (\d{5}) (?!\d)",
        _postcode,
    ),
    _rule("postcode", rf"[\[(] (\d{{5}}) [\])] (?=\s?(?:{_PROVINCES}))", _postcode),
    _rule(
        "birth",
        r"""(?:생년월일|생일|출생일?) \s?(?:[:：은는이가]\s?)? (
            (?:19|20)?\d{2} \s?[.년/-]\s? \d{1,2} \s?[.월/-]\s? \d{1,2} 일?
            | (?:19|20)\d{6} | \d{6}(?!\d) )""",
    ),
    _rule(
        "birth",
        r"((?:19|20)\d{2}\s?년\s?\d{1,2}\s?월\s?\d{1,2}\s?일) (?=\s?(?:생|출생|에\s태어))",
    ),
)

KINDS: Final = tuple(dict.fromkeys(rule.kind for rule in RULES))
MAY_HOLD: Final = re.compile(
    rf"\d[\d\s.·–-]{{3,}}[\d*Xx●]|\d{{2,3}}\s?[가-힣]\s?\d{{4}}|\d{{5}}|[MSRODG]\d|@"
    rf"|[{_SPOKEN}]{{3,4}}(?:에?[\s-])?[{_SPOKEN}]{{3,4}}|{_HIDDEN}{{5}}|생년월일|생일|출생|일\s?생|태어|\d\s[-–]\s\d"
)
"""A text without this has none of these values."""


def numbers(text: str) -> Iterator[Span]:
    """Every value, the surest kinds first; spans do not overlap."""
    if not MAY_HOLD.search(text):
        return
    taken = bytearray(len(text))
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            start, stop = match.span(1)
            if not any(taken[start:stop]) and rule.meant(match):
                taken[start:stop] = b"\1" * (stop - start)
                yield Span(start, stop, rule.kind)
