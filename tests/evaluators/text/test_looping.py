import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluators.text.looping import (
    FEWEST_LONG_REPEATS,
    FEWEST_REPEATS,
    LONG_UNIT,
    SHORTEST_SPAN,
    Loop,
    is_looping,
    repeated_share,
    tail_loop,
)

SENTENCE = "벽지를 바르기 전에 벽면을 말려야 합니다."


@pytest.mark.parametrize(
    "text",
    [
        "!" * 40,
        "곰팡이 " * 8,
        f"먼저 청소합니다. {'환기를 자주 합니다. ' * 5}환기를",
        f"{SENTENCE} {SENTENCE} {SENTENCE}",
        f"답은 이렇습니다.\n{SENTENCE}\n{SENTENCE}\n\n{SENTENCE}\n벽지를 바르기",
        # No tail repeats, but next to nothing is new.
        " ".join(f"{n}. 벽지를 새로 바르고 잘 말려야 합니다" for n in range(1, 9)) + " 끝.",
    ],
)
def test_loops_are_found(text: str) -> None:
    assert is_looping(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "네, 네, 네",
        "ㅋㅋㅋㅋㅋㅋㅋㅋ",
        "빨리빨리 서두르지 말고 천천히 천천히 하세요.",
        "1,000,000,000원입니다.",
        "사랑해요 사랑해요 사랑해요",
        f"{SENTENCE} {SENTENCE}",
        "첫째, 벽을 말립니다. 둘째, 벽지를 자릅니다. 셋째, 풀을 바릅니다. 넷째, 벽지를 붙입니다.",
        "| 항목 | 값 |\n|---|---|\n| 온도 | 20 |",
    ],
)
def test_what_people_write_is_no_loop(text: str) -> None:
    assert not is_looping(text)


def test_a_loop_is_measured_in_characters_with_its_last_part() -> None:
    # A unit of nine characters and a blank; the ". " before the first one and "환기를" fit too.
    assert tail_loop("시작. " + "환기를 합니다요. " * 3 + "환기를 ") is None
    found = tail_loop("시작. " + "환기를 합니다요. " * 5 + "환기를 ")
    assert found == Loop(unit=10, span=2 + 5 * 10 + 3)


def test_the_share_of_repeated_four_grams_is_welleck_s() -> None:
    # Seven distinct 4-grams of a cycle of seven words; 28 words have 25: 1 - 7/25.
    assert repeated_share("가 나 다 라 마 바 사 " * 4) == pytest.approx(1 - 7 / 25)
    assert repeated_share("가 " * 23) == 0.0


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=12)


@given(st.text(max_size=60), words, st.integers(0, 11))
@example("", "a", 0)
def test_a_repeated_end_is_always_found(before: str, unit: str, rest: int) -> None:
    repeats = max(FEWEST_REPEATS, -(-SHORTEST_SPAN // len(unit)) + 1)
    found = tail_loop(f"{before} {unit * repeats}{unit[:rest]}")
    assert found is not None
    assert found.span >= repeats * len(unit)


@given(st.text(max_size=300))
def test_what_is_found_does_repeat(text: str) -> None:
    found = tail_loop(text)
    plain = " ".join(text.split())
    if found is None:
        return
    tail = plain[-found.span :]
    assert all(tail[place] == tail[place - found.unit] for place in range(found.unit, len(tail)))
    assert found.span >= SHORTEST_SPAN
    least = FEWEST_LONG_REPEATS if found.unit >= LONG_UNIT else FEWEST_REPEATS
    assert found.span >= least * found.unit - 1


@given(st.lists(st.sampled_from("ab"), max_size=80).map("".join))
def test_no_loop_of_a_binary_text_is_missed(text: str) -> None:
    def loops(unit: int) -> bool:
        span = unit
        while span < len(text) and text[-span - 1] == text[-span - 1 + unit]:
            span += 1
        least = FEWEST_LONG_REPEATS if unit >= LONG_UNIT else FEWEST_REPEATS
        return span >= max(SHORTEST_SPAN, least * unit - 1)

    assert (tail_loop(text) is not None) == any(loops(unit) for unit in range(1, len(text)))
