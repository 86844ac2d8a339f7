from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import EvaluationError
from evaluators.grounding import (
    Cited,
    StringSupport,
    abstention,
    attributed,
    cited_sentences,
    grounding,
)


@pytest.mark.parametrize(
    ("answer", "cited"),
    [
        ("시청은 중구에 있다.[1]", [(1,)]),
        ("시청은 중구에 있다. [1]", [(1,)]),
        ("시청은 중구에 있다[1].", [(1,)]),
        ("시청은 중구에 있다. [1] 역은 둘이다. [2]", [(1,), (2,)]),
        ("시청은 중구에 있다[1][3]. 역은 둘이다[1, 2].", [(1, 3), (1, 2)]),
        ("[2] 시청은 중구에 있다.", [(2,)]),
        ("시청은 중구에 있다.", [()]),
        ("시청은 중구에 있다.\n[1]", [(1,)]),
        ("시청은 중구에 있다.[1]역은 둘이다.[2]", [(1,), (2,)]),
        ("시청은 중구에 있다. [1] [3]역은 둘이다.", [(1, 3), ()]),
        ("시청은 중구에 있다\n[1] 역은 둘이다", [(1,), ()]),
        ("시청[1]은 중구에 있다［2］.", [(1, 2)]),
    ],
)
def test_a_mark_belongs_to_the_sentence_before_it(
    answer: str, cited: list[tuple[int, ...]]
) -> None:
    found = cited_sentences(answer, 3)
    assert [each.passages for each in found] == cited
    assert "[" not in "".join(each.text for each in found)


def test_numbers_of_no_passage_cite_nothing() -> None:
    (found,) = cited_sentences("시청은 중구에 있다. [0][99][2]", 2)
    assert found.passages == (2,)
    assert found.invalid == (0, 99)


@given(st.text("가나. [12]\n,", max_size=60), st.integers(0, 3))
def test_any_text_has_its_sentences_and_no_citation_beyond_the_passages(
    answer: str, passages: int
) -> None:
    for each in cited_sentences(answer, passages):
        assert each.text
        assert all(1 <= number <= passages for number in each.passages)


def test_a_mark_leaves_its_sentence_as_it_is_read_without_it() -> None:
    found = cited_sentences("서울[1]은 수도다 [2]. Seoul [1]is big.[2]It is old.", 2)
    assert [each.text for each in found] == ["서울은 수도다.", "Seoul is big.", "It is old."]


def test_numbers_of_any_length_are_marks() -> None:
    (found,) = cited_sentences(f"시청은 중구에 있다[{'9' * 5000}][00000001].", 2)
    assert (found.text, found.passages, len(found.invalid)) == ("시청은 중구에 있다.", (1,), 1)


def test_another_splitter_gets_the_text_without_marks() -> None:
    seen = []

    def split(text: str) -> list[tuple[int, int]]:
        seen.append(text)
        return [(0, 5), (6, len(text))]

    found = cited_sentences("가나다라.[1] 마바사.[2]", 2, split)
    assert seen == ["가나다라. 마바사."]
    assert [(each.text, each.passages) for each in found] == [
        ("가나다라.", (1,)),
        ("마바사.", (2,)),
    ]


@pytest.mark.parametrize(
    "answer", ["가나다. [1] " * 8000, "[1]" * 20_000, " " * 50_000, "[1," * 20_000]
)
def test_a_looping_answer_takes_linear_time(answer: str) -> None:
    started = time.perf_counter()
    cited_sentences(answer, 2)
    assert time.perf_counter() - started < 10


def says(premise: str, claim: str) -> bool:
    """Entailment of lists of facts."""
    return set(claim.split()) <= set(premise.split())


def test_citations_are_judged_as_alce_has_them() -> None:
    passages = ["a", "b", "a b", "z"]
    sentences = [
        Cited("a b", (1, 2), ()),  # together: neither alone, but none is wasted
        Cited("a", (1, 4), ()),  # the second is wasted: it fails alone and the first does without
        Cited("b", (4,), ()),  # not supported by what it cites, though by another
        Cited("q", (), ()),  # nothing says so
    ]
    found = grounding(sentences, passages, says)
    assert found.recall == 2 / 4
    # The first two citations count, and one of the second sentence.
    assert found.precision == 3 / 5
    assert found.grounded == 3 / 4


def test_a_citation_of_no_passage_is_a_wrong_one() -> None:
    found = grounding([Cited("a", (1,), (9,))], ["a"], says)
    assert (found.citations, found.invalid, found.precision) == (2, 1, 0.5)


def test_an_empty_answer_has_no_scores_and_divides_by_nothing() -> None:
    found = grounding([], ["a"], says)
    assert (found.recall, found.precision, found.grounded) == (None, None, None)


def test_letters_support_a_claim_only_with_its_numbers() -> None:
    support = StringSupport()
    assert support("한울시청은 1926년에 지었다", "시청은 1926년에 지었다.")
    assert not support("한울시청은 1926년에 지었다", "시청은 1927년에 지었다.")
    assert not support("한울시청은 1926년에 지었다", "시청은 19년에 지었다.")
    assert support("한울시는 1,926명이 산다", "한울시는 1926명이 산다.")
    assert not support("곰팡이는 습기 때문이다", "시청은 중구에 있다.")
    assert not support("무엇이든", "...")


def test_an_answer_is_attributed_only_to_what_is_cited() -> None:
    passages = ["부산항은 크다", "서울 특별시"]
    assert attributed(["서울특별시"], [Cited("서울", (2,), ())], passages)
    assert not attributed(["서울특별시"], [Cited("서울", (1,), ())], passages)
    assert not attributed(["6일"], [Cited("6일이다", (1,), ())], ["16일이다"])


def test_abstention_is_a_class_of_its_own() -> None:
    # Of two without an answer one was abstained from; of three with one, one was right, one wrong
    # and one abstained from: (2 * (1 + 1) + 1) / 5 - 1.
    found = abstention(
        [False, False, True, True, True],
        [True, False, False, False, True],
        [False, False, True, False, False],
    )
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.crag == pytest.approx(0.0)


def test_nobody_abstaining_is_zero_and_never_nan() -> None:
    found = abstention([True, True], [False, False], [True, True])
    assert (found.precision, found.recall, found.f1, found.crag) == (0.0, 0.0, 0.0, 1.0)
    with pytest.raises(EvaluationError):
        abstention([], [], [])
