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


OPTIONS = ("고혈압", "당뇨", "폐렴", "결핵", "천식")
THIRD = [
    # Digits.
    "3", "3.", "3번", "(3)", "３", "③", "❸", "**3**", "3) 폐렴", "3. 폐렴", "정답: 3 (폐렴)",
    "정답은 3번입니다.", "답: 3", "Answer: 3", "The answer is (3).", "보기 3", "#### 3",
    "정답은 ③",
    # Upper case, wide and marked.
    "C", "C.", "(C)", "[C]", "{C}", "Ｃ", "（Ｃ）", "Ｃ．", "Ⓒ", "**C**", "`C`", '"C"', "C번",
    "C번입니다", "C입니다.", "C)", "C:", "C) 폐렴", "C. 폐렴", "C: 폐렴", "C - 폐렴", "C — 폐렴",
    "C\n\n기침과 발열 때문이다.", "C, because of the fever", "C because of the fever",
    "\\boxed{C}", "$\\boxed{C}$", "\\boxed{\\text{C}}", "The answer is $\\boxed{\\text{C}}$.",
    "정답: C", "정답 : C", "정답：Ｃ", "정답→C", "정답 C", "정답은 C", "정답은 C입니다",
    "정답은 (C)", "정답: C (폐렴)", "정답: C. 폐렴", "정답: C - 폐렴", "**정답: C (폐렴)**",
    "답은 C", "정답은 C이다.", "답은 C번", "답: **C**", "보기 C", "선택지 C가 옳습니다",
    "C가 정답", "C가 맞습니다", "#### C", "C를 선택합니다", "저는 C라고 생각합니다",
    "<answer>C</answer>", '{"answer": "C"}', "The correct answer is C (pneumonia)",
    "The correct answer is (C) pneumonia", "Answer: C", "ANSWER: C", "The answer is C.",
    "The answer is: C", "The best answer is C.", "My answer: C", "Final answer: C", "Option C",
    "Option C is correct", "Choice C", "C is correct", "C is the answer", "I choose C",
    "I would select C.", "I'll go with C.", "I pick option C",
    # Lower case.
    "c", "c.", "(c)", "c)", "c) 폐렴", "c. pneumonia", "c: pneumonia", "(c) pneumonia", "**c**",
    "정답: c", "정답: c (폐렴)", "정답은 c입니다", "답은 c", "answer: c", "Answer: (c)",
    "answer is c.", "The correct answer is c (pneumonia)", "option c", "choice c is right",
    "c가 정답입니다",
    # 가나다 and ㄱㄴㄷ.
    "다", "다.", "다번", "(다)", "㉰", "다) 폐렴", "다. 폐렴", "정답: 다", "정답은 다입니다",
    "정답: (다)", "정답: 다 (폐렴)", "정답은 '다'입니다", "정답: 다번", "ㄷ", "㉢", "정답: ㄷ",
    "ㄷ. 폐렴",
]  # fmt: skip


@pytest.mark.parametrize("text", THIRD)
def test_every_way_of_naming_the_third_option_is_read(text: str) -> None:
    assert choice(text, OPTIONS) == choice(text, labels="ABCDE") == "3"
    assert choice(text) in {"3", "C", "다", "ㄷ"}


@pytest.mark.parametrize(
    "text",
    [
        "A 회사", "A 회사가 만들었다", "a patient", "A patient with fever", "A man, a plan",
        "정답은 A 회사의 것", "정답: A 회사", "The answer is a patient with fever",
        "The answer is A good one", "Answer: A patient with fever", "Answer: a rare (new) case",
        "The answer is a (rare) case", "e.g. the lung", "i.e. the lung",
        "The answer is e.g. fever", "I don't know", "Answer: I don't know", "다 맞다",
        "나는 모른다", "정답이다", "정답은 다 맞다", "가장 좋은 것은", "정답: 가장 좋은 것",
        "정답은 나무", "정답: 마당", "C++", "C형 간염", "B12", "vitamin C deficiency", "D-day",
        "Select a patient", "choose a or b", "A와 B", "A, B, C", "정답: A와 B", "정답: A, C",
        "가 나 다", "3개", "0", "정답은 0", "A. 고혈\nB. 당\nC. 폐", "1\n2\n3", "Not C",
        "C가 아니다", "정답은 C가 아닙니다", "오답은 C", "C is wrong",
    ],
)  # fmt: skip
def test_articles_words_and_lists_are_no_labels(text: str) -> None:
    assert choice(text) is None


@pytest.mark.parametrize(
    ("labels", "text", "option"),
    [
        (("0", "1", "2", "3"), "0", "1"),
        (("0", "1", "2", "3"), "정답은 3번", "4"),
        (("0", "1", "2", "3"), "B", "2"),
        (("①", "②", "③"), "3", "3"),
        (("E", "D", "C"), "정답: e", "1"),
        (("예", "아니오"), "아니오", "2"),
        (("예", "아니오"), "예, 그렇습니다.", "1"),
        (("예", "아니오"), "정답은 예입니다.", "1"),
        (("예", "아니오"), "예산은 없다", None),
        (("예", "아니오"), "2", "2"),
        (("True", "False"), "The answer is false.", "2"),
        (("갑", "을", "병"), "정답: 을", "2"),
        (("갑", "을", "병"), "답을 모르겠다", None),
        (("yes", "no", "no idea"), "No idea.", "3"),
    ],
)
def test_labels_of_the_contests_own_are_read(
    labels: tuple[str, ...], text: str, option: str | None
) -> None:
    assert choice(text, labels=labels) == option


@given(st.text(), st.lists(st.text(min_size=1, max_size=4), min_size=2, max_size=5, unique=True))
def test_whatever_is_read_is_one_of_the_labels(text: str, labels: list[str]) -> None:
    read = choice(text, labels=labels)
    assert read is None or 1 <= int(read) <= len(labels)


@pytest.mark.parametrize("gold", ["C", "c", "③", "3", "다", "폐렴"])
def test_gold_and_answer_may_be_labelled_differently(gold: str) -> None:
    meta = {"options": "\n".join(OPTIONS), "option_labels": "A\nB\nC\nD\nE"}
    rows = [
        Example(text, text, (gold,), meta=meta) for text in ("3", "C", "다.", "정답: c", "폐렴")
    ]
    assert Accuracy(extract="choice").rows(rows).tolist() == [1, 1, 1, 1, 1]
    assert Accuracy(extract="choice").rows([Example("x", "B", (gold,), meta=meta)]).tolist() == [0]


def test_labels_are_read_with_or_without_the_options() -> None:
    zero = {"options": "결로\n누수", "option_labels": "0\n1"}
    for meta in (zero, {"option_labels": "0\n1"}):
        rows = [Example("x", text, ("0",), meta=meta) for text in ("정답은 0", "1", "A")]
        assert Accuracy(extract="choice").rows(rows).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    "piece",
    ["\n", " ", "\t\n", "1번 ", "(1) ", "1. ", "A ", "정답 ", "정답은 ", "답은", "정답: 1 ",
     "오답 1번", "아니라 ", "1번이라고 ", "1번 가가가가가", "not ", "<a", "1", "번"],
)  # fmt: skip
@pytest.mark.timeout(20)  # quadratic time would be minutes
def test_long_answers_take_no_longer_than_their_length(piece: str) -> None:
    choice(piece * 50_000)
    choice("정답" + piece * 50_000 + "x", ("결로", "누수"))
    choice(piece * 50_000 + "예", labels=("예", "아니오"))


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
