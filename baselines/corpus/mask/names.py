"""People's names, where a title or a label beside them says that they are one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from baselines.corpus.mask.numbers import Span

_SURNAMES: Final = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염"
    "여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_DOUBLE: Final = "남궁|황보|제갈|사공|선우|서문|독고"
_GIVEN: Final = (
    "가강건겸경고관광교구국권규균근금기길나남내노누다단달담대덕도동두라란람래량려련령례로록루률리린림마만명모목무"
    "문미민배백범별병보복봄봉빈사산상새서석선설섭성세소솔송수숙순슬승시식신아안애양언여연열영예오옥온완요용우욱"
    "운웅원월유윤율은을음의이익인일임자장재전정제조종주준중지진찬창채천철초춘충치태택평표필하학한해향헌혁현형혜"
    "호홍화환황회효훈휘희흠빛빈온봄결"
)
_NAME: Final = rf"(?:(?:{_DOUBLE})[{_GIVEN}]{{1,2}}|[{_SURNAMES}][{_GIVEN}]{{2}})"
_SHORT_NAME: Final = rf"(?:{_NAME}|[{_SURNAMES}][{_GIVEN}])"

_TITLES: Final = (
    "씨|님|기자|특파원|앵커|대표|대표이사|이사|사장|회장|부회장|부장|차장|과장|대리|사원|주임|팀장|실장|"
    "본부장|센터장|국장|소장|원장|관장|총장|학장|교수|박사|강사|교사|선생님|선생|의원|장관|차관|시장|군수|도지사|"
    "구청장|동장|이장|통장|변호사|판사|검사|세무사|회계사|의사|간호사|약사|감독|코치|선수|작가|시인|화가|배우|"
    "가수|PD|연구원|연구위원|위원장|위원|조합장|지점장|점장|주무관|사무관|경위|경사|순경|대위|중위|소위|목사|신부|"
    "스님|할머니|할아버지|어머니|아버지|학생|고객님|환자|어르신"
)
_LABELS: Final = (
    "이름|성명|성함|예금주|담당자|담당|작성자|신청인|신청자|환자명|고객명|수취인|수신인|보호자|대표자|연락처|"
    "받는\\s?사람|보내는\\s?사람|계약자|피보험자|임차인|임대인|발신자|의뢰인|접수자|상담원|글쓴이|저자"
)
_PARTICLES: Final = (
    "은|는|이|가|을|를|의|에게|께|께서|와|과|도|만|로|으로|이며|이고|입니다|이다|라고|한테|에|이라"
    "|였다|이었다"
)

_TITLED: Final = re.compile(
    rf"(?<![가-힣])({_NAME})\s?(?=(?:{_TITLES})님?(?:[^가-힣]|(?:{_PARTICLES})|$))"
)
_LABELLED: Final = re.compile(
    # Behind a colon a name may be as short as names are; in a sentence, three syllables are surer.
    rf"(?:{_LABELS})(?:\s?[:：]\s?({_SHORT_NAME})|(?:[은는이가]\s?|\s)({_NAME}))"
    rf"(?=[^가-힣]|(?:{_PARTICLES}|입니다|씨|님)(?:[^가-힣]|$)|$)"
)
_SELF: Final = re.compile(
    rf"(?:저는|제 이름은|나는)\s({_NAME})(?=(?:입니다|이라고|라고|이에요|예요|이고))"
)
MAY_HOLD: Final = re.compile(rf"{_TITLES}|{_LABELS}|저는|제 이름은|나는")

_WORDS: Final = Path(__file__).with_name("no_names.txt").read_text("utf-8").splitlines()
NO_NAMES: Final = frozenset(word for word in _WORDS if not word.startswith("#"))
"""Words that look like names and stand before titles."""

_ANONYMOUS: Final = re.compile(rf"[{_SURNAMES}]모|[{_SURNAMES}]아무개")


def names(text: str) -> Iterator[Span]:
    """Every name with a title behind it or a label before it."""
    if not MAY_HOLD.search(text):
        return
    seen = -1
    found = [
        match.span(match.lastindex or 0)
        for each in (_TITLED, _LABELLED, _SELF)
        for match in each.finditer(text)
    ]
    for start, stop in sorted(found):
        word = text[start:stop]
        if start < seen or word in NO_NAMES or _ANONYMOUS.fullmatch(word):
            continue
        seen = stop
        yield Span(start, stop, "name")
