from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from submission.diff.word_diff import LARGEST, Segment, word_diff

pieces = st.lists(
    st.one_of(
        st.sampled_from(["벽지", "타일", " ", "\n", ",", ".", "습기가"]), st.text(max_size=4)
    ),
    max_size=20,
).map("".join)


def joined(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


@given(pieces, pieces)
@example("가 나", "")
@example("", "")
def test_the_pieces_give_both_texts_back(first: str, second: str) -> None:
    diff = word_diff(first, second)
    assert joined(diff.first) == first
    assert joined(diff.second) == second
    for side in diff:
        assert all(segment.text for segment in side)
        assert all(one.changed != two.changed for one, two in pairwise(side))


@given(pieces, pieces)
def test_what_is_not_marked_is_the_same_on_both_sides(first: str, second: str) -> None:
    diff = word_diff(first, second)
    kept = [[s.text for s in side if not s.changed] for side in diff]
    assert "".join(kept[0]) == "".join(kept[1])


@given(pieces)
def test_equal_texts_have_no_mark(text: str) -> None:
    diff = word_diff(text, text)
    assert not any(segment.changed for side in diff for segment in side)


def test_words_are_marked_whole() -> None:
    diff = word_diff("벽지가 울면 말립니다.", "타일이 울면 말립니다.")
    assert diff.first == [Segment("벽지가", True), Segment(" 울면 말립니다.", False)]
    assert diff.second == [Segment("타일이", True), Segment(" 울면 말립니다.", False)]


def test_a_replaced_phrase_reads_as_one() -> None:
    diff = word_diff("시작 벽지를 떼고, 말린다 끝", "시작 타일을 닦고, 붙인다 끝")
    assert diff.first == [
        Segment("시작 ", False), Segment("벽지를 떼고, 말린다", True), Segment(" 끝", False),
    ]  # fmt: skip


def test_an_added_sentence_is_all_that_is_marked() -> None:
    diff = word_diff("환기를 합니다.", "환기를 합니다. 문을 엽니다.")
    assert not any(segment.changed for segment in diff.first)
    assert [segment.text for segment in diff.second if segment.changed] == [" 문을 엽니다."]


def test_huge_texts_are_compared_at_their_ends_only() -> None:
    words = int(LARGEST**0.5) // 2 + 10
    first = "앞 " + " ".join(f"가{n}" for n in range(words)) + " 뒤"
    second = "앞 " + " ".join(f"나{n}" for n in range(words)) + " 뒤"
    diff = word_diff(first, second)
    assert joined(diff.first) == first
    assert [segment.changed for segment in diff.first] == [False, True, False]
