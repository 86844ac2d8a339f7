from __future__ import annotations

import pytest

from evaluators import EvaluationError, Example
from evaluators.miss_rate import count_misses, languages_differ, miss_rate_frame


def rows(*pairs: tuple[str, str]) -> list[Example]:
    return [Example(str(n), answer, (gold,)) for n, (answer, gold) in enumerate(pairs)]


def test_the_table() -> None:
    one = count_misses(
        rows(("hello there", "안녕하세요"), ("안녕", "안녕하세요"), ("42", "사십이 입니다")),
        "en-ko",
        200,
    )
    two = count_misses([], "ko-en", 400)
    frame = miss_rate_frame([one, two])
    assert list(frame.columns) == [
        "Translation_Type",
        "Dataset_Size",
        "Total_Entries",
        "Mismatch_Count",
        "Miss_Rate",
    ]
    assert frame.iloc[0].tolist() == ["en-ko", 200, 3, 1, pytest.approx(1 / 3)]
    assert frame.iloc[1].tolist() == ["ko-en", 400, 0, 0, 0.0]


def test_too_few_letters_are_in_no_language() -> None:
    assert not languages_differ("", "안녕하세요")
    assert not languages_differ("A", "안녕하세요")
    assert languages_differ("你好世界", "안녕하세요")


def test_a_row_without_a_reference_is_refused() -> None:
    with pytest.raises(EvaluationError, match="row 'x' has no reference"):
        count_misses([Example("x", "가", ())], "en-ko", 200)
