"""What the cases in tests/golden do not already say of reading choices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import Accuracy, ChoiceRead, EvaluationError, Example, choice


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("오답은 1번이고 정답은 2번이다", "2"),
        ("답변 3개를 검토했다", None),
        ("정답은 3cm가 아니라 4번", "4"),
        ("누수가 원인이다 [2].", None),
        ("보기 중에서는 (2)가 맞다", "2"),
        ("저는 2번을 고르겠습니다", "2"),
        ("2번이 아니라 4번을 고른다", "4"),
        ("정답: [3]", "3"),
        ("3번째 줄", None),
        ("정답은 B입니다", "B"),
        ("**B**", "B"),
        ("<b>③</b>", "3"),
        ("0", None),
        ("21", None),
        ("1,000원", None),
    ],
)
def test_traps(text: str, label: str | None) -> None:
    assert choice(text) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("오답은 1번", None),
        ("1번은 정답이 아니다", None),
        ("정답은 3번이 아닙니다.", None),
        ("정답이 아닌 것은 1번이다", None),
        ("1) 옥상은 아니다", None),
        ("1번은 틀렸고 2번이 맞다", "2"),
        ("정답: 3번 (1번은 오답)", "3"),
        ("정답은 3번으로, 1번은 옳지 않다", "3"),
        ("정답은 A 회사가 아니라 B입니다.", "B"),
        ("1) 옥상 은 아니고, 2) 결로가 정답이다", "2"),
        ("정답이 1번이라고 생각할 수 있지만 실제로는 3번이 정답이다.", "3"),
        ("1번처럼 보이지만 4번", "4"),
        ("3번과 다르게 2번이 정답", "2"),
        ("정답은 C이며, A는 틀렸습니다", "C"),
        ("The answer is C because A is wrong", "C"),
        ("The answer is not A but B", None),
        # A negative in the option's own words, or in the question's, denies nothing.
        ("정답은 3) 벽지를 물로 닦지 않는다", "3"),
        ("정답: 4. 동의는 필수가 아니다.", "4"),
        ("옳지 않은 것은 3번입니다", "3"),
    ],
)
def test_what_is_denied_or_only_considered_is_not_chosen(text: str, label: str | None) -> None:
    assert choice(text) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The correct option is C.", "C"),
        ("Option B is correct", "B"),
        ("The answer is 3 because it leaks", "3"),
        ("선택지 3이 옳습니다", "3"),
        ("3번 결로가 정답이다", "3"),
        ("정답은 1번이라고 생각합니다", "1"),
        ("정답은 ②이다.", "2"),
        ("정답: 2 분양권", "2"),
        ("Answer: A good choice is 3", "3"),
        ("정답은 3 가지가 있다", None),
        ("정답은 3 개입니다", None),
        ("정답은 1번 또는 2번", None),
        ("정답은 1, 3", None),
    ],
)
def test_statements_of_the_answer(text: str, label: str | None) -> None:
    assert choice(text) == label


@pytest.mark.parametrize(
    "piece",
    ["\n", " ", "\t\n", "1번 ", "(1) ", "1. ", "A ", "정답 ", "정답은 ", "답은", "정답: 1 ",
     "오답 1번", "아니라 ", "1번이라고 ", "1번 가가가가가", "not ", "<a", "1", "번"],
)  # fmt: skip
@pytest.mark.timeout(20)  # quadratic time would be minutes
def test_long_answers_take_no_longer_than_their_length(piece: str) -> None:
    choice(piece * 50_000)
    choice("정답" + piece * 50_000 + "x", ("결로", "누수"))


@given(st.integers(1, 20), st.sampled_from(["{}", "{}번", "({})", "정답은 {}번입니다", "{}) 결로"]))
def test_every_number_is_read_in_every_form(number: int, form: str) -> None:
    assert choice(form.format(number)) == str(number)


@given(st.text(), st.lists(st.text(max_size=5), max_size=5))
def test_whatever_is_read_is_an_option(text: str, options: list[str]) -> None:
    label = choice(text, options)
    if label is not None and options:
        assert 1 <= int(label) <= len(options)


def test_unreadable_answers_are_wrong_and_counted() -> None:
    rows = [Example("1", "③", ("3",)), Example("2", "모르겠다", ("3",)), Example("3", "2", ("3",))]
    metric = Accuracy(extract="choice")
    assert metric.rows(rows).tolist() == [1, 0, 0]
    assert metric.unparsed(rows) == 1
    assert Accuracy().unparsed(rows) == 0
    assert ChoiceRead().rows(rows).tolist() == [1, 0, 1]


def test_a_gold_that_is_no_choice_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="'모름' of row 'x' names no option"):
        Accuracy(extract="choice").rows([Example("x", "3", ("모름",))])


def test_the_signature_says_what_is_extracted() -> None:
    assert "|extract:choice|" in str(Accuracy(extract="choice").signature)
    assert "extract" not in str(Accuracy().signature)


def test_letters_against_numbers_without_options_are_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bare = [Example("1", "정답은 C", ("3",)), Example("2", "3", ("다",)), Example("3", "3", ("3",))]
    Accuracy(extract="choice").rows(bare)
    (warning,) = caplog.messages
    assert warning.startswith("accuracy: 2 answers give a letter where the gold is a number")
    caplog.clear()
    told = Example("1", "정답은 C", ("3",), meta={"options": "결로\n누수\n균열"})
    assert Accuracy(extract="choice").rows([told]).tolist() == [1]
    assert not caplog.messages
