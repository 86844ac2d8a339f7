"""People's names, where a title or a label beside them says that they are one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from baselines.corpus.mask.numbers import Span

_SURNAMES: Final = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염"
    "여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_DOUBLE: Final = "남궁|황보|제갈|사공|선우|서문|독고"
_GIVEN: Final = (
    "가강건겸경고관광교구국권규균근금기길나남내노누다단달담대덕도동두라란람래량려련령례로록루률리림마만명모목무"
    "문미민배백범별병보복봄봉빈사산상새서석선설섭성세소솔송수숙순슬승시식신아안애양언여연열영예오옥온완요용우욱"
    "운웅원월유윤율은을음의이익인일임자장재전정제조종주준중지진찬창채천철초춘충치태택평표필하학한해향헌혁현형혜"
    "호홍화환황회효훈휘희흠"
)
_NAME: Final = rf"(?:(?:{_DOUBLE})[{_GIVEN}]{{1,2}}|[{_SURNAMES}][{_GIVEN}]{{2}})"
_SHORT_NAME: Final = rf"(?:{_NAME}|[{_SURNAMES}][{_GIVEN}])"

_TITLES: Final = (
    "씨|님|양|군|기자|특파원|앵커|대표|대표이사|이사|사장|회장|부회장|부장|차장|과장|대리|사원|주임|팀장|실장|"
    "본부장|센터장|국장|소장|원장|관장|총장|학장|교수|박사|강사|교사|선생님|선생|의원|장관|차관|시장|군수|도지사|"
    "구청장|동장|이장|통장|변호사|판사|검사|세무사|회계사|의사|간호사|약사|감독|코치|선수|작가|시인|화가|배우|"
    "가수|PD|연구원|연구위원|위원장|위원|조합장|지점장|점장|주무관|사무관|경위|경사|순경|대위|중위|소위|목사|신부|"
    "스님|할머니|할아버지|어머니|아버지|학생|고객님|환자|어르신"
)
_LABELS: Final = (
    "이름|성명|성함|예금주|담당자|담당|작성자|신청인|신청자|환자명|고객명|수취인|수신인|보호자|대표자|연락처|"
    "받는\\s?사람|보내는\\s?사람|계약자|피보험자|임차인|임대인|발신자|의뢰인|접수자|상담원|글쓴이|저자"
)
_PARTICLES: Final = "은|는|이|가|을|를|의|에게|께|께서|와|과|도|만|로|으로|이며|이고|입니다|이다|라고|한테|에|이라|였다|이었다"

_TITLED: Final = re.compile(rf"(?<![가-힣])({_NAME})\s?(?=(?:{_TITLES})(?:[^가-힣]|(?:{_PARTICLES})|$))")
_LABELLED: Final = re.compile(
    rf"(?:{_LABELS})\s?(?:[:：]|은|는|이|가)?\s?({_SHORT_NAME})(?=[^가-힣]|(?:{_PARTICLES}|입니다|씨|님)(?:[^가-힣]|$)|$)"
)
_SELF: Final = re.compile(rf"(?:저는|제 이름은|나는)\s({_NAME})(?=(?:입니다|이라고|라고|이에요|예요|이고))")
MAY_HOLD: Final = re.compile(rf"{_TITLES}|{_LABELS}|저는|제 이름은|나는")

NO_NAMES: Final = frozenset(
    "고객 고객명 이용자 사용자 관계자 담당자 신청자 신청인 주민 시민 국민 구민 도민 주부 여성 남성 남자 여자 소비자 상인 "
    "전임 신임 선임 후임 현직 전직 전문 공동 국제 국가 한국 미국 중국 정부 지방 지역 지도 지정 지원 지점 지사 주임 주요 주무 "
    "선배 선생 선수 선원 원장 원로 전체 전국 전공 전담 전속 정식 정규 조교 조합 조장 조경 장애 장기 장학 임시 임원 임대 임차 "
    "임직원 유명 유치원 유소년 고등 고위 고문 고참 문화 문학 문의 문제 남도 남부 남편 심사 심리 심판 노동 노인 노조 하청 하급 "
    "성인 성우 차기 차량 차세대 우리 우수 우선 구단 구청 구조 구성 민간 민주 민원 나이 진료 진행 지휘 채용 원어민 천문 방문 "
    "방송 공무 공사 공연 공인 공장 현장 현지 함장 변호 여행 여당 야당 추천 도시 도청 소방 소속 소아 석사 석유 선교 설계 "
    "마을 연구 연기 연극 위탁 표준 명예 명인 기술 기업 기관 기획 반장 금융 인사 인턴 인문 제작 제조 제자 모두 모든 모교 국어 "
    "국내 국립 어린 어느 은행 편집 용역 이사 이전 이번 이웃 이주 이장 이공 정치 정보 정형 조사 조선 강사 강의 강남 강원 "
    "서울 서양 서부 신경 신문 신입 신규 신고 권역 황금 안전 안내 송년 전기 전통 전시 홍보 유명인 백화점 허가 배관 배달 배우 "
    "양식 양육 손님 오전 오후 한의 한문 한방 한자 윤리 최고 최초 최종 최연소 박물 김장 김치 이동 이상 이하 이후 의사 주치 "
    "지하 지인 도예 도배 도장 미장 경비 경리 수리 시설 영업 생산 자재 하자 보수 조명 전산 총무 재무 회계 홍보 국제부 "
    "연예 연출 연합 지부 지회 지구 기초 기상 기계 기록 현대 현역 현재 원예 원자 진단 진학 진로 성악 성형 공학 공업 공동체 "
    "안과 내과 외과 치과 소아과 정신 정형외 피부 주민센터 인공 인근 인기 제주 제약 국가대표 신고자 수신자 수취인 발신자".split()
)
"""Words that look like names and stand before titles."""

_ANONYMOUS: Final = re.compile(rf"[{_SURNAMES}]모|[{_SURNAMES}]아무개")


def names(text: str) -> Iterator[Span]:
    """Every name with a title behind it or a label before it."""
    if not MAY_HOLD.search(text):
        return
    seen = -1
    found = [match.span(1) for each in (_TITLED, _LABELLED, _SELF) for match in each.finditer(text)]
    for start, stop in sorted(found):
        word = text[start:stop]
        if start < seen or word in NO_NAMES or _ANONYMOUS.fullmatch(word):
            continue
        seen = stop
        yield Span(start, stop, "name")
