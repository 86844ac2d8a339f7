from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from jiwer import process_characters
from rouge_score.rouge_scorer import lcs_ind

from evaluators.text.lcs import lcs_length, lcs_pairs

SEQUENCES = st.lists(st.sampled_from("가나다라"), max_size=25)


@given(SEQUENCES, SEQUENCES)
def test_the_same_subsequence_as_rouge_score(one: list[str], two: list[str]) -> None:
    pairs = lcs_pairs(one, two)
    assert [pair.left for pair in pairs] == lcs_ind(one, two)
    assert [one[pair.left] for pair in pairs] == [two[pair.right] for pair in pairs]


@given(SEQUENCES, SEQUENCES)
def test_pairs_ascend_and_are_as_many_as_the_length(one: list[str], two: list[str]) -> None:
    pairs = lcs_pairs(one, two)
    assert len(pairs) == lcs_length(one, two) == lcs_length(two, one)
    for side in zip(*pairs, strict=True):
        assert list(side) == sorted(set(side))


@given(st.text(alphabet="가나다", min_size=1), st.text(alphabet="가나다", min_size=1))
def test_at_least_the_hits_of_an_edit_alignment(one: str, two: str) -> None:
    assert lcs_length(one, two) >= process_characters(one, two).hits


def test_long_sequences() -> None:
    assert len(lcs_pairs("가나" * 1500, "나가" * 1500)) == 2999
    assert lcs_pairs("", "가") == []
