from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import EvaluationError, Example, KeywordRecall

WORDS = st.lists(st.sampled_from(["균열", "누수", "방수층", "결로"]), min_size=1, max_size=6)


def recall(answer: str, reference: str, **meta: str) -> float:
    return float(KeywordRecall().rows([Example("1", answer, (reference,), meta=meta)])[0])


@given(WORDS)
def test_all_keywords_are_found_in_their_own_list(words: list[str]) -> None:
    assert recall(", ".join(words), "|".join(words)) == 1.0


@given(WORDS, WORDS)
def test_the_order_of_keywords_does_not_matter(words: list[str], said: list[str]) -> None:
    answer = " ".join(said)
    assert recall(answer, "|".join(words)) == recall(answer, "|".join(reversed(words)))


def test_keywords_of_the_row_come_before_its_reference() -> None:
    assert recall("누수", "모범 답안이다", keywords="누수|균열") == 0.5


@pytest.mark.parametrize("keywords", ["", "|", " | "])
def test_a_row_without_keywords_is_an_error(keywords: str) -> None:
    with pytest.raises(EvaluationError, match="row '1' has no keywords"):
        recall("누수", keywords)
    with pytest.raises(EvaluationError, match="row '2' has no keywords"):
        KeywordRecall().rows([Example("2", "누수", ())])
