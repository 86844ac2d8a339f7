"""Numbered options, as contests write them into the question's own cell."""

from __future__ import annotations

import pytest

from evaluators.text.options import listed_options, split_options

FOUR = "알맞은 것은?\n1 하나\n2 둘\n3 셋\n4 넷"
TWELVE = [f"{number}0원" for number in range(1, 13)]


@pytest.mark.parametrize(
    ("question", "options"),
    [
        # On lines.
        (FOUR, ["하나", "둘", "셋", "넷"]),
        (FOUR + "\n5 다섯\n", ["하나", "둘", "셋", "넷", "다섯"]),
        (FOUR.replace("\n", "\r\n"), ["하나", "둘", "셋", "넷"]),
        ("맞는 것은?\n1) 벽지\n2) 타일\n3) 도장", ["벽지", "타일", "도장"]),
        ("맞는 것은?\n1.벽지\n2.타일", ["벽지", "타일"]),
        ("맞는 것은?\n1: 벽지\n2: 타일", ["벽지", "타일"]),
        ("맞는 것은?\n1 . 벽지\n2 . 타일", ["벽지", "타일"]),
        ("맞는 것은?\n(1) 벽지\n(2)타일", ["벽지", "타일"]),
        ("맞는 것은?\n1번 벽지\n2번 타일", ["벽지", "타일"]),
        ("맞는 것은?\n① 벽지\n②타일\n③ 도장", ["벽지", "타일", "도장"]),
        ("맞는 것은?\n  1\t벽지\n\n  2\t타일", ["벽지", "타일"]),
        ("1. 벽지\n2) 타일\n③ 도장\n4 미장", ["벽지", "타일", "도장", "미장"]),
        ("값은?\n" + "\n".join(f"{n} {text}" for n, text in enumerate(TWELVE, 1)), TWELVE),
        # Behind one another.
        ("1) 벽지 2) 타일 3) 도장", ["벽지", "타일", "도장"]),
        ("맞는 것은? 1)벽지 2)타일", ["벽지", "타일"]),
        ("맞는 것은? 1. 벽지 2. 타일", ["벽지", "타일"]),
        ("다음 중 옳은 것은? 1. 벽지 2. 타일 3. 도장", ["벽지", "타일", "도장"]),
        ("맞는 것을 고르시오. 1. 벽지 2. 타일", ["벽지", "타일"]),
        ('"누수"란 무엇인가?" 1. 벽지 2. 타일', ["벽지", "타일"]),
        ("보기: 1: 벽지 2: 타일", ["벽지", "타일"]),
        ("1. 벽지 2. 타일", ["벽지", "타일"]),
        ("맞는 것은? (1) 벽지 (2) 타일", ["벽지", "타일"]),
        ("맞는 것은? ① 벽지 ②타일 ③ 도장", ["벽지", "타일", "도장"]),
        ("맞는 것은?\n① 벽지 ② 타일\n③ 도장 ④ 미장", ["벽지", "타일", "도장", "미장"]),
        # Numbers that are none.
        ("알맞은 빠르기는?\n1 1분에 30~40회\n2 1분에 100회", ["1분에 30~40회", "1분에 100회"]),
        ("두께는?\n1. 3.5 mm\n2. 4.5 mm", ["3.5 mm", "4.5 mm"]),
        ("두께는? 1) 3.5 mm 2) 4 mm", ["3.5 mm", "4 mm"]),
        ("금리가 1.5%에서 2.5%로 올랐다. 무엇이라고 하는가?", []),
        ("두께는?\n1.5 mm\n2.5 mm", []),
        ("2024년의 일은?", []),
        ("2024년 1월\n2 일에 무엇이 있었는가?", []),
        ("1 더하기 1은?", []),
        # Prose that counts tables, sections, days and parts.
        ("표 1. 배합비와 그림 2. 양생을 보고 설명하시오.", []),
        ("1. 표 1. 배합비와 그림 2. 양생을 보고 설명하시오.", []),
        ("Section 1. covers A. Section 2. covers B.", []),
        ("Look at them. Fig. 1. shows A. Fig. 2. shows B.", []),
        ("회의는 2024. 1. 15. 오전이고 마감은 2. 20. 입니다. 언제까지 내야 합니까?", []),
        ("회의는 2024. 1. 15. 오전이고 마감은 2. 20. 입니다.", []),
        ("비율은 1: 2 또는 2: 3 이다", []),
        # Lists that are not the options.
        ("1. 다음 글을 읽고 답하시오.\n맞는 것은?\n1 벽지\n2 타일", ["벽지", "타일"]),
        ("(1) 앞과 (2) 뒤에 들 말은?\n1 벽지\n2 타일", ["벽지", "타일"]),
        ("(1) 앞과 (2) 뒤에 들 말은?", []),
        ("1. 벽지\n2. 타일\n위의 둘은 무엇인가?", []),
        ("1. 벽지\n3. 타일", []),
        ("3 벽지\n4 타일", []),
        ("맞는 것은?\n1.\n2.", []),
        ("무엇인가?", []),
        ("", []),
    ],
)
def test_options_are_read_out_of_the_question(question: str, options: list[str]) -> None:
    assert listed_options(question) == options


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        ("결로\n누수|균열\n", ("결로", "누수|균열")),
        ("결로| 누수 |", ("결로", "누수")),
        ("1) 결로 2) 누수 3) 균열", ("결로", "누수", "균열")),
        ("1 cm\n2 cm", ("1 cm", "2 cm")),
        ("", ()),
    ],
)
def test_a_cell_of_options_is_split(cell: str, options: tuple[str, ...]) -> None:
    assert split_options(cell) == options


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["1) ", "① 가 ", "1. 가\n", "(1)", "1번 ", " ", "\n", "1"])
def test_long_cells_take_no_longer_than_their_length(piece: str) -> None:
    listed_options(piece * 50_000)
