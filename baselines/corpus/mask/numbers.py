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


AROUND: Final = 24
"""Characters before and after a value in which a word may say what it is."""

# No digit, letter or hyphen of a longer number or name stands before and behind.
_FREE, _END = r"(?<![0-9A-Za-z_.-])", r"(?![0-9A-Za-z_]|[-.][0-9])"
_DASH: Final = r"[-–‐·. ]"

_BANKS: Final = re.compile(
    "계좌|예금주|입금|송금|이체|환급|은행|농협|수협|신협|새마을금고|우체국|카카오뱅크|토스뱅크|케이뱅크"
)
_CARD: Final = re.compile("카드|결제|card", re.IGNORECASE)
_NO_PHONE: Final = re.compile(
    "모델|품번|제품|부품|규격|형번|시리즈|ISBN|ISSN|법률|조례|고시|특허|등록번호|주문번호|송장|운송장|문서"
    "|버전|시리얼|일련번호|접수번호|사건|일자|바코드|코드",
    re.IGNORECASE,
)
_NO_ADDRESS_OF_NET: Final = re.compile("버전|version|펌웨어|v$|릴리스|업데이트", re.IGNORECASE)
_SPOKEN: Final = "공영일이삼사오육륙칠팔구"


def _before(match: re.Match[str], length: int = AROUND) -> str:
    return match.string[max(match.start(1) - length, 0) : match.start(1)]


def _near(match: re.Match[str]) -> str:
    return _before(match) + " " + match.string[match.end(1) : match.end(1) + AROUND]


def _any(_: re.Match[str]) -> bool:
    return True


def _resident(match: re.Match[str]) -> bool:
    number = digits(match[1])
    if "*" in match[1] or "X" in match[1].upper():
        return checks.birth(f"{number[:6]}{number[6:7] or '1'}") is not None
    if checks.resident(number):
        return True
    born = checks.birth(number)
    if number[6] not in "01234 9" or born is None:
        return False
    # Without a check digit since October 2020; else a slip of the pen, where a word says so.
    return born >= checks.NO_CHECK_SINCE or "주민" in _before(match) or not match[1].isdigit()


def _foreigner(match: re.Match[str]) -> bool:
    number = digits(match[1])
    if number[6] not in "5678" or checks.birth(number) is None:
        return False
    return checks.foreigner(number) or not match[1].isdigit() or "외국인" in _before(match)


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
    return 10 <= len(number) <= 16 and bool(_BANKS.search(_near(match)))


def _phone(match: re.Match[str]) -> bool:
    return not _NO_PHONE.search(_before(match, 12))


def _network(match: re.Match[str]) -> bool:
    return all(int(part) < 256 for part in match[1].split(".")) and not _NO_ADDRESS_OF_NET.search(
        _before(match, 10)
    )


def _postcode(match: re.Match[str]) -> bool:
    return checks.postcode(digits(match[1]))


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, flags)


_AREA = r"(?:02|0(?:3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80))"
_PROVINCES = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"

RULES: Final[tuple[Rule, ...]] = (
    Rule("url-user", _compiled(r"(?<=://)([^\s/@:]{1,64}:[^\s/@]{1,64})(?=@)"), _any),
    Rule(
        "email",
        _compiled(r"(?<![\w.+-])([\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24})", re.ASCII),
        _any,
    ),
    Rule(
        "resident",
        _compiled(rf"(?<![0-9A-Za-z-])(\d{{6}}\s?[-–‐]\s?[0-49](?:\d{{6}}|[*Xx●]{{6}}|\d[*Xx●]{{5}})|\d{{6}}[0-49]\d{{6}})(?!\d|-\d)"),
        _resident,
    ),
    Rule("foreigner", _compiled(r"(?<![0-9A-Za-z-])(\d{6}\s?[-–‐]?\s?[5-8]\d{6})(?!\d|-\d)"), _foreigner),
    Rule("corporation", _compiled(r"(?<![0-9A-Za-z-])(\d{6}[-–‐]?\d{7})(?!\d|-\d)"), _corporation),
    Rule("card", _compiled(rf"{_FREE}(\d{{4}}{_DASH}?\d{{4}}{_DASH}?\d{{4}}{_DASH}?\d{{4}}|\d{{4}}{_DASH}?\d{{6}}{_DASH}?\d{{5}}){_END}"), _card),
    Rule("driver", _compiled(rf"{_FREE}(\d{{2}}-\d{{2}}-\d{{6}}-\d{{2}}){_END}"), _driver),
    Rule("driver", _compiled(rf"(?<![가-힣])((?:{_PROVINCES})\s?\d{{2}}-\d{{6}}-\d{{2}}){_END}"), _any),
    Rule("business", _compiled(rf"{_FREE}(\d{{3}}-\d{{2}}-\d{{5}}|\d{{10}}){_END}"), _business),
    Rule(
        "phone",
        _compiled(rf"(?<![0-9A-Za-z_.-])(\(?{_AREA}\)?{_DASH}?\d{{3,4}}{_DASH}?\d{{4}}|01[016789]{_DASH}?\d{{3,4}}{_DASH}?\d{{4}}|050\d?{_DASH}?\d{{3,4}}{_DASH}?\d{{4}}|060[2-9]?{_DASH}?\d{{3,4}}{_DASH}?\d{{4}}|\+82{_DASH}?(?:\(0\))?\d{{1,2}}{_DASH}?\d{{3,4}}{_DASH}?\d{{4}}|030\d?-\d{{3,4}}-\d{{4}}){_END}"),
        _phone,
    ),
    Rule("phone", _compiled(rf"{_FREE}((?:15(?:22|33|44|66|77|88|99)|16(?:00|70|44|60|61|66|68|88)|18(?:00|33|55|77|99))[-–]\d{{4}}){_END}"), _phone),
    Rule("phone", _compiled(rf"(?<![가-힣0-9])((?:공일공|영일영|공일일)[\s-]?[{_SPOKEN}]{{3,4}}[\s-]?(?:에\s)?[{_SPOKEN}]{{4}})(?![{_SPOKEN}])"), _any),
    Rule("account", _compiled(rf"{_FREE}(\d{{2,6}}-\d{{2,6}}-\d{{2,8}}(?:-\d{{1,4}})?|\d{{10,14}}){_END}"), _account),
    Rule("passport", _compiled(r"(?<![0-9A-Za-z-])([MSRODG]\d{3}[A-Z]\d{4}|[MSRODG]\d{8})(?![0-9A-Za-z])"), lambda match: "여권" in _near(match) or "passport" in _near(match).lower()),
    Rule("vehicle", _compiled(rf"(?<![0-9가-힣A-Za-z-])((?:(?:{_PROVINCES})\s?)?\d{{2,3}}\s?[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주아바사자하허호배]\s?\d{{4}})(?![0-9]|\s?(?:년|원|명|개|만|천|억|번지|호|회|건))"), _any),
    Rule("ip", _compiled(rf"{_FREE}(\d{{1,3}}\.\d{{1,3}}\.\d{{1,3}}\.\d{{1,3}})(?![0-9]|\.[0-9])"), _network),
    Rule("postcode", _compiled(r"(?:우편\s?번호|우\)|\(우\)|〒)\s?[:：]?\s?[\[(]?(\d{5})(?!\d)"), _postcode),
    Rule("postcode", _compiled(rf"[\[(](\d{{5}})[\])](?=\s?(?:{_PROVINCES}))"), _postcode),
    Rule("birth", _compiled(r"(?:생년월일|생일|출생일?)\s?(?:[:：은는이가]\s?)?((?:19|20)?\d{2}\s?[.년/-]\s?\d{1,2}\s?[.월/-]\s?\d{1,2}일?|(?:19|20)\d{6}|\d{6}(?!\d))"), _any),
)  # fmt: skip

KINDS: Final = tuple(dict.fromkeys(rule.kind for rule in RULES))
MAY_HOLD: Final = re.compile(rf"\d[\d\s.·–-]{{3,}}[\d*Xx●]|\d{{2,3}}\s?[가-힣]\s?\d{{4}}|\d{{5}}|[MSRODG]\d|@|[{_SPOKEN}]{{6,}}|[*Xx●]{{5}}|생년월일|생일|출생")
"""A text without this has none of these values."""


def numbers(text: str) -> Iterator[Span]:
    """Every value, the surest kinds first; spans do not overlap."""
    taken: list[Span] = []
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            start, stop = match.span(1)
            if any(start < other.stop and other.start < stop for other in taken):
                continue
            if rule.meant(match):
                span = Span(start, stop, rule.kind)
                taken.append(span)
                yield span
