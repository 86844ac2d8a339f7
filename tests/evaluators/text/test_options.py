"""Numbered options, as contests write them into the question's own cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        # With a place for the answer.
        (FOUR + "\n정답:", ["하나", "둘", "셋", "넷"]),
        (FOUR + "\n\n### 답변: \n", ["하나", "둘", "셋", "넷"]),
        ("Which?\nA. one\nB. two\nAnswer:", ["one", "two"]),
        ("맞는 것은?\n1. 벽지\n2. 타일\n**[정답]**", ["벽지", "타일"]),
        (r"맞는 것은?\n1. 벽지\n2. 타일\n정답:", ["벽지", "타일"]),
        ("1. 물을 끓인다.\n2. 면을 넣는다.\n위의 순서를 설명하시오.\n정답:", []),
        ("1. 벽지\n2. 타일\n위의 둘은 무엇인가?\n정답:", []),
        ("무엇인가?\n정답:", []),
        # Fullwidth.
        ("맞는 것은?\n１．벽지\n２．타일", ["벽지", "타일"]),
        ("맞는 것은?\n1．벽지\n2．타일", ["벽지", "타일"]),
        ("맞는 것은?\n１） 벽지\n２） 타일\n정답：", ["벽지", "타일"]),
        ("맞는 것은? （１）벽지 （２）타일", ["벽지", "타일"]),
        ("맞는 것은? １．벽지 ２．타일", ["벽지", "타일"]),
        ("맞는 것은?\nＡ．벽지\nＢ．타일", ["벽지", "타일"]),
        ("표 １．３과 ２．４의 차이는?", []),
        # By letter.
        ("Which is right?\nA. one\nB. two\nC. three", ["one", "two", "three"]),
        ("The capital of France is\nA) Paris\nB) Lyon", ["Paris", "Lyon"]),
        ("Which? (A) one (B) two (C) three", ["one", "two", "three"]),
        ("옳은 것은?\n가. 벽지\n나. 타일\n다. 도장", ["벽지", "타일", "도장"]),
        ("옳은 것은?\n가) 벽지\n나) 타일", ["벽지", "타일"]),
        ("다음 대화를 읽으시오.\nA: 밥 먹었니?\nB: 응.", []),
        ("가: 어디 가세요?\n나: 학교에 가요.", []),
        # As the organizers of 말평 write them: on one line.
        (r"설날에 먹는 것은?\n 1\t떡국\n 2\t송편\n 3\tK-떡", ["떡국", "송편", "K-떡"]),
        (r"설날에 먹는 것은?\n 1\t떡국\n 2\t송편\n", ["떡국", "송편"]),
        (r"지문이다.\n옳은 것은?\r\n① 벽지\r\n② 타일", ["벽지", "타일"]),
        (r"옳은 것은?\n1) $\nu$\n2) $\theta$", [r"$\nu$", r"$\theta$"]),
        (r"1 cm인 $\nu$와 2 cm인 $\theta$의 관계는?", []),
        # Behind a passage, or about one.
        ("다음 글의 주제는?\n\n물은 100도에서 끓는다.\n\n① 물\n② 불", ["물", "불"]),
        ("1. 물을 끓인다.\n2. 면을 넣는다.\n순서가 옳은 것은?\n1) 가\n2) 나", ["가", "나"]),
        ("조건은 다음과 같다. 1. 성년 2. 국민\n옳은 것은?\n① 나이 ② 국적", ["나이", "국적"]),
        ("절차는 ① 접수 ② 심사로 나뉜다. 먼저 하는 것은?\n1 접수\n2 심사", ["접수", "심사"]),
        ("설날에는 (   )을 먹는다.\n1 떡국\n2 송편", ["떡국", "송편"]),
        ("다음 중 옳은 것을 찾아 번호를 쓰시오.\n1 벽지\n2 타일", ["벽지", "타일"]),
        ("알맞은 행동은?\n1 불을 끈다.\n2 창문을 여세요.", ["불을 끈다.", "창문을 여세요."]),
        ("옳게 쓴 것은?\n1 밥을 먹었다\n2 밥을 먹었니?", ["밥을 먹었다", "밥을 먹었니?"]),
        # Steps, conditions and items of a description.
        ("순서는 다음과 같다. 1. 물을 끓인다. 2. 면을 넣는다. 다음에 할 일은?", []),
        ("순서는 다음과 같다. 1. 물을 끓인다. 2. 면을 넣는다. 다음에 할 일을 쓰시오.", []),
        ("순서는 다음과 같다. 1. 물을 끓인다. 2. 면을 넣는다.", []),
        ("순서는 다음과 같다.\n1. 물을 끓인다.\n2. 면을 넣는다.", []),
        ("1. 물을 끓인다.\n2. 면을 넣는다.\n다음에 할 일은?", []),
        ("1. 물을 끓인다.\n2. 면을 넣는다. 다음에 할 일은 무엇인가?", []),
        ("절차는 1) 접수 2) 심사 3) 승인 순으로 진행된다.", []),
        ("절차는 1) 접수 2) 심사 3) 승인 순으로 진행된다. 심사의 목적을 설명하세요.", []),
        ("단계는 ① 수집 ② 이용 ③ 파기로 나뉜다. 각 단계를 서술하시오.", []),
        ("다음 조건에 맞게 서술하시오.\n1. 200자 이내로 쓸 것\n2. 예를 들 것", []),
        ("다음 절차에서 빠진 단계를 설명해 주세요.\n1. 접수\n2. 승인", []),
        ("신고할 사항은 다음과 같다.\n1. 성명\n2. 주소", []),
        ("Explain the following steps.\n1. Boil water.\n2. Add noodles.", []),
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


WORDS = st.lists(
    st.sampled_from(["벽지", "타일 바닥", "3.5 mm", "100%", "K-팝"]), min_size=2, max_size=5
)
FORMS = [
    "{n} {text}", "{n}\t{text}", "{n}. {text}", "{n}) {text}", "({n}) {text}", "{circled} {text}",
    "{n}번 {text}", "{letter}. {text}", "({letter}) {text}",
]  # fmt: skip


@given(WORDS, st.sampled_from(FORMS), st.booleans())
def test_options_of_any_form_are_read_escaped_or_not(
    texts: list[str], form: str, escaped: bool
) -> None:
    lines = [
        form.format(n=n, circled=chr(ord("①") + n - 1), letter="ABCDE"[n - 1], text=text)
        for n, text in enumerate(texts, 1)
    ]
    question = "\n".join(["지문이다.", "알맞은 것은?", *lines])
    if escaped:
        question = question.replace("\n", r"\n").replace("\t", r"\t")
    assert listed_options(question) == texts


@given(st.text())
def test_any_text_can_be_looked_through(text: str) -> None:
    assert len(listed_options(text)) != 1


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
@pytest.mark.parametrize(
    "piece", ["1) ", "① 가 ", "1. 가\n", "(1)", "1번 ", " ", "\n", "1", "A. 가\n", "\\n1"]
)
def test_long_cells_take_no_longer_than_their_length(piece: str) -> None:
    listed_options(piece * 50_000)
