"""What the cases in tests/golden do not already say of reading choices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import Accuracy, ChoiceRead, EvaluationError, Example, choice
from evaluators.choices import split_options


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


@given(st.integers(1, 20), st.sampled_from(["{}", "{}번", "({})", "정답은 {}번입니다", "{}) 결로"]))
def test_every_number_is_read_in_every_form(number: int, form: str) -> None:
    assert choice(form.format(number)) == str(number)


@given(st.text(), st.lists(st.text(max_size=5), max_size=5))
def test_whatever_is_read_is_an_option(text: str, options: list[str]) -> None:
    label = choice(text, options)
    if label is not None and options:
        assert 1 <= int(label) <= len(options)


def test_options_are_written_by_line_or_with_bars() -> None:
    assert split_options("결로\n누수|균열\n") == ("결로", "누수|균열")
    assert split_options("결로| 누수 |") == ("결로", "누수")
    assert split_options("") == ()


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
