"""Labels, rankings and classes that are read from what a model writes."""

from __future__ import annotations

import json

import pytest

from submission.competitions.format import SubmissionFormat
from submission.records.labels import label_reader, of_probabilities

LETTERS = list("ABCDE")
NUMBERS = list("12345")


def read(text: str, kind: str = "list", **more: object) -> str:
    declared = {"id": "id", "answer": "answer", "kind": kind, "labels": LETTERS, **more}
    if kind == "list":
        declared.setdefault("length", 3)
    return label_reader(SubmissionFormat.model_validate(declared))(text)


@pytest.mark.parametrize(
    "text",
    [
        "C B A",
        "C, B, A",
        "C > B > A > D",
        "C -> B -> A",
        "c b a",
        "(C), (B), (A)",
        "**C, B, A**",
        "C, B, and A.",
        "Ｃ，Ｂ，Ａ".replace("，", ", "),
        "C\nB\nA",
        '["C", "B", "A"]',
        "1. C 2. B 3. A",
        "1. C\n2. B\n3. A",
        "1) C\n2) B\n3) A\n",
        "(1) c, (2) b, (3) a",
        "① C ② B ③ A",
        "１．C ２．B ３．A",
        "1위: C, 2위: B, 3위: A",
        "1. C: carbon, not A\n2. B - boron\n3. A (argon)",
        "1. **C**\n2. **B**\n3. **A**",
        "순위는 다음과 같습니다.\n1. C\n2. B\n3. A\n이상입니다.",
        "정답: C, B, A",
        "정답은 C, B, A입니다.",
        "The ranking is C, B, A",
        "The three best options are c, b and a.",
        "My answer:\nC\nB\nA",
        "I looked at A, D and E first. The ranking is: C > B > A.",
        "Answer: C B A\n\nB is second, for A has no carbon.",
        "순서: C > B > A 순입니다.",
        "Best to worst: C, B, A",
    ],
)
def test_a_ranking_is_read_in_its_order(text: str) -> None:
    assert json.loads(read(text, separator=" ")) == ["C", "B", "A"]


@pytest.mark.parametrize(
    "text", ["C", "c", "1. C", "정답: C", "The correct answer is C (carbon).", "정답은 3번입니다.",
             "The answer is C. A carbon atom has four bonds."]
)  # fmt: skip
def test_a_single_choice_is_a_list_of_it(text: str) -> None:
    assert json.loads(read(text, separator=" ")) == ["C"]


@pytest.mark.parametrize(
    "text",
    [
        "1. carbon 2. boron 3. argon",
        "1. 먼저 읽는다.\n2. 다음에 고른다.",
        "The answer is C, but B is close.",
        "The wrong options are A, B, D.",
        "Worst to best: A, B, C",
        "1. C 2. B 3. A\n정답: A",
        "정답: C, B\n답: B, C",
        "A is better than C",
        "1. C 2. nothing 3. A",
        "잘 모르겠습니다",
    ],
)
def test_what_is_no_clear_ranking_stays_as_it_is(text: str) -> None:
    assert read(text, separator=" ") == text


def test_no_number_of_a_list_is_a_label() -> None:
    assert json.loads(read("1. 3\n2. 5\n3. 1", labels=NUMBERS)) == ["3", "5", "1"]
    assert json.loads(read("1. 3. 2", labels=NUMBERS)) == ["1", "3", "2"]
    assert json.loads(read("1. 2. 3", labels=NUMBERS)) == ["1", "2", "3"]
    assert read("1. C", "label") == "C"
    for text in ("1. C 2. B 3. A", "1. C\n2. B"):
        assert read(text, "label") == text
    assert read("1. 읽는다.\n2. 고른다.\n정답은 B입니다.", "label") == "B"


def test_names_are_ranked_as_their_labels() -> None:
    names = ["argon", "boron", "carbon", "neon", "iron"]
    assert json.loads(read("1. Carbon 2. boron 3. argon", names=names)) == ["C", "B", "A"]


def test_labels_that_differ_in_case_alone_are_read_as_written() -> None:
    labels = ["a", "A", "b"]
    assert json.loads(read("A, a, B", labels=labels)) == ["A", "a", "b"]


@pytest.mark.parametrize("text", ["부정", "정답: 부정", " 부정 "])
@pytest.mark.parametrize("columns", [True, False])
def test_a_bare_label_is_certain_among_probabilities(text: str, columns: bool) -> None:
    declared: dict[str, object] = {"id": "id", "kind": "probabilities"}
    if columns:
        declared["answers"] = {"긍정": "p1", "부정": "p2"}
    else:
        declared |= {"answer": "answer", "labels": ["긍정", "부정"]}
    reader = label_reader(SubmissionFormat.model_validate(declared))
    assert json.loads(reader(text)) == {"긍정": 0.0, "부정": 1.0}
    for other in ('{"긍정": 0.9, "부정": 0.1}', "긍정과 부정 모두", "0.9"):
        assert reader(other) == other


def test_long_answers_are_read_in_little_time() -> None:
    text = "답 " * 20_000 + "x 1. x " * 5_000 + "is " * 5_000
    assert read(text) == text


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"kind": "list", "length": 2}, '["B", "A"]'),
        ({"kind": "list"}, '["B", "A", "C"]'),
        ({"kind": "probabilities"}, '{"A": 0.3, "B": 0.6, "C": 0.1}'),
        ({"kind": "label"}, None),
    ],
)
def test_probabilities_are_submitted_as_what_is_declared(
    declared: dict[str, object], expected: str | None
) -> None:
    labels = {"id": "id", "answer": "answer", "labels": ["A", "B", "C"]}
    submission = SubmissionFormat.model_validate({**labels, **declared})
    assert of_probabilities(submission, {"A": 0.3, "B": 0.6, "C": 0.1}) == expected
    assert of_probabilities(submission, {"D": 1.0}) is None
