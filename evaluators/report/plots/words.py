"""What plots say, in the report's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evaluators.report.data import Language

_WORDS: Final = {
    "scores": {"ko": "점수와 95 % 구간", "en": "Score with its 95 % interval"},
    "baseline": {"ko": "기준선", "en": "baseline"},
    "proxy": {"ko": "대용 점수(proxy)", "en": "proxy"},
    "by": {"ko": "{0}별 점수", "en": "Score by {0}"},
    "category": {"ko": "범주", "en": "category"},
    "length": {"ko": "질문 길이", "en": "question length"},
    "compound": {"ko": "두 질문", "en": "two questions in one"},
    "lengths": {"ko": "답의 길이와 점수", "en": "Score against the answer's length"},
    "characters": {"ko": "답의 글자 수", "en": "characters of the answer"},
    "mean": {"ko": "평균 점수", "en": "mean score"},
    "effects": {"ko": "선택마다의 효과와 95 % 구간", "en": "Effect of each choice, 95 % interval"},
    "difference": {"ko": "평균과의 차이", "en": "difference to the mean"},
    "calibration": {"ko": "로컬 점수와 공개 점수", "en": "Local and public score"},
    "local": {"ko": "로컬", "en": "local"},
    "public": {"ko": "공개(public)", "en": "public"},
    "band": {"ko": "직선의 95 % 구간", "en": "95 % band of the line"},
    "prediction": {"ko": "다음 제출의 95 % 구간", "en": "95 % band of the next submission"},
}


def word(key: str, language: Language, *inserted: str) -> str:
    """Return the words for ``key``; a key that is somebody's own column stays as it is."""
    return _WORDS[key][language].format(*inserted) if key in _WORDS else key
