"""Which training rows are shown before a question."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from submission.errors import InputError
from submission.holdout.similarity import normal_form
from submission.recipes.examples import Examples
from submission.records.rows import TrainingRow
from submission.shots import Asked, Chooser, Source


def row(row_id: str, question: str, answer: str = "답", **more: Any) -> TrainingRow:
    given = {"category": "", "context": "", "row": {}} | more
    return TrainingRow(row_id, (question,), (answer,), **given)


def chooser(rows: list[TrainingRow], **settings: Any) -> Chooser:
    return Chooser(Examples(**{"count": 2} | settings), Source(Path("train.csv"), rows))


WORDS = ["벽지", "도배", "곰팡이", "결로", "장판", "타일", "누수", "균열", "방수", "단열"]
ROWS = [row(f"T{n}", f"{word} 하자는 왜 생기나요?", f"{n}번") for n, word in enumerate(WORDS)]


def test_the_first_rows_or_those_named_are_the_same_for_every_question() -> None:
    asked = [Asked("A", 0, "전혀 다른 질문"), Asked("B", 0, "또 다른 질문")]
    first = chooser(ROWS).choose(asked)
    assert [[shot.answer for shot in shots] for shots in first] == [["0번", "1번"]] * 2
    named = chooser(ROWS, ids=["T7", "T3"]).choose(asked)
    assert [[shot.answer for shot in shots] for shots in named] == [["7번", "3번"]] * 2


def test_random_examples_depend_on_the_row_and_the_seed_alone() -> None:
    asked = [Asked(f"Q{n}", 0, f"질문 {n}") for n in range(30)]
    whole = chooser(ROWS, choose="random").choose(asked)
    alone = [chooser(ROWS, choose="random").choose([each])[0] for each in asked]
    assert alone == whole
    assert len({tuple(shot.answer for shot in shots) for shots in whole}) > 20
    assert chooser(ROWS, choose="random", seed=1).choose(asked) != whole


def test_balanced_examples_have_equally_many_of_each_answer() -> None:
    rows = [row(f"T{n}", f"{n} 질문 {n * 7919}", "예" if n % 10 else "아니요") for n in range(60)]
    asked = [Asked(f"Q{n}", 0, f"물음 {n}") for n in range(20)]
    for shots in chooser(rows, choose="balanced", count=6).choose(asked):
        assert Counter(shot.answer for shot in shots) == {"예": 3, "아니요": 3}


def test_the_nearest_are_those_of_scikit_learn_the_nearest_last() -> None:
    known = [each.questions[0] for each in ROWS]
    text = "욕실 타일 균열은 왜 생겼을까요?"
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    matrix = vectors.fit_transform(known)
    order = (-cosine_similarity(vectors.transform([text]), matrix)[0]).argsort(kind="stable")
    (shots,) = chooser(ROWS, choose="nearest", count=3).choose([Asked("Q", 0, text)])
    assert [shot.question for shot in shots] == [known[place] for place in order[:3][::-1]]
    (first,) = chooser(ROWS, choose="nearest", count=3, nearest_last=False).choose(
        [Asked("Q", 0, text)]
    )
    assert first == shots[::-1]


def test_rows_that_ask_the_same_and_their_group_are_not_shown() -> None:
    rows = [
        row("T0", "벽지가 우는 까닭은 무엇인가요?", context="하나의 글"),
        row("T1", "장판 색을 고르는 법은?", context="하나의 글"),
        row("T2", "벽지가  우는 까닭은, 무엇인가요"),
        row("T3", "타일 줄눈은 언제 바르나요?"),
        row("Q", "단열재의 종류를 알려 주세요"),
    ]
    (shots,) = chooser(rows, count=5).choose([Asked("Q", 0, "벽지가 우는 까닭은 무엇인가요?")])
    assert [shot.question for shot in shots] == ["타일 줄눈은 언제 바르나요?"]


def test_no_part_of_a_row_is_answered_before_another_part_nor_its_context_shown() -> None:
    rows = [
        row("T0", "벽지가 우는 까닭은 무엇인가요?"),
        row("T1", "장판 색은 어떻게 고르나요?"),
        row("T2", "타일 줄눈은 언제 바르나요?", context="하나의 글"),
        row("T3", "단열재의 종류를 알려 주세요"),
    ]
    split = [
        Asked("Q", 0, "벽지가 우는 까닭은 무엇인가요?", "하나의  글."),
        Asked("Q", 1, "장판 색은 어떻게 고르나요?", "하나의  글."),
    ]
    whole = [Asked("Q", 0, " 그리고 ".join(each.text for each in split), "하나의 글")]
    for asked in (split, whole):
        for shots in chooser(rows, count=4).choose(asked):
            assert [shot.question for shot in shots] == ["단열재의 종류를 알려 주세요"]


def test_fewer_rows_than_examples_and_unknown_ids_are_refused() -> None:
    with pytest.raises(InputError, match="count is 11, and there are 10 training rows"):
        chooser(ROWS, count=11)
    with pytest.raises(InputError, match="no training row has the id X"):
        chooser(ROWS, ids=["T1", "X"])


QUESTIONS = st.lists(st.text("가나다라 ab?", min_size=1, max_size=12), min_size=2, max_size=12)


@settings(max_examples=40, deadline=None)
@given(QUESTIONS, QUESTIONS, st.sampled_from(["fixed", "random", "balanced", "nearest"]))
def test_no_example_asks_what_its_question_asks(
    train: list[str], test: list[str], choose: str
) -> None:
    train = [text for text in train if text.strip()] or ["가"]
    rows = [row(f"T{n}", text, str(n % 2)) for n, text in enumerate(train)]
    found = chooser(rows, count=1, choose=choose).choose(
        [Asked(f"T{n}", 0, text) for n, text in enumerate(test) if text.strip()]
    )
    asked = [(f"T{n}", text) for n, text in enumerate(test) if text.strip()]
    for (row_id, text), shots in zip(asked, found, strict=True):
        for shot in shots:
            assert normal_form(shot.question) != normal_form(text)
            assert shot.question not in [each.questions[0] for each in rows if each.id == row_id]


@pytest.mark.slow
def test_ten_thousand_questions_over_ten_thousand_rows_take_seconds() -> None:
    rows = [
        row(f"T{n}", f"{n * 7919 % 10007} 번째 {WORDS[n % 10]} 질문입니다") for n in range(10_000)
    ]
    asked = [
        Asked(f"Q{n}", 0, f"{n * 104729 % 10009} 번 {WORDS[n % 7]} 물음") for n in range(10_000)
    ]
    started = time.process_time()
    assert len(chooser(rows, choose="nearest", count=5).choose(asked)) == 10_000
    assert time.process_time() - started < 90
