"""The answer in a completion."""

from __future__ import annotations

import pytest

from submission.prompts.extract import echoes, extract
from submission.recipes.schema import Extraction


@pytest.mark.parametrize(
    ("completion", "rule", "expected"),
    [
        (" 종이입니다. \n", {}, "종이입니다."),
        ("첫 줄.\n\n둘째 줄.", {}, "첫 줄. 둘째 줄."),
        ("첫 줄.\r\n  둘째 줄.", {}, "첫 줄. 둘째 줄."),
        ("첫 줄.\n둘째 줄.", {"one_line": False}, "첫 줄.\n둘째 줄."),
        # The season-2 baseline keeps what stands before the first end token.
        ("답</s>다음 질문</s>", {"cut": ["</s>"]}, "답"),
        ("답 ### 끝</s>", {"cut": ["</s>", "###"]}, "답"),
        ("</s>", {"cut": ["</s>"]}, ""),
        ("생각. 답: 하나 답: 둘", {"after": "답:"}, "둘"),
        ("표시가 없다", {"after": "답:"}, ""),
        ("답: 하나</s>", {"after": "답:", "cut": ["</s>"]}, "하나"),
        ('{"답": "하나\\n둘"}', {"json": "답"}, "하나 둘"),
        ('```json\n{"답": [1, "가"]}\n``` 끝', {"after": "json", "cut": ["```"], "json": "답"},
         '[1, "가"]'),
        ('{"답": null}', {"json": "답"}, ""),
        ('{"답": "하', {"json": "답"}, ""),
    ],
)  # fmt: skip
def test_what_is_kept(completion: str, rule: dict, expected: str) -> None:
    assert extract(completion, Extraction(**rule)) == expected


@pytest.mark.parametrize(
    ("answer", "echoed"),
    [
        ("벽지가 뭔가요? 종이입니다.", True),
        ("벽지가  뭔가요 종이입니다.", True),
        ("종이입니다. 벽지가 뭔가요?", False),
        ("벽지는 종이입니다.", False),
        ("", False),
    ],
)
def test_an_answer_that_opens_with_its_question_echoes_it(answer: str, echoed: bool) -> None:
    assert echoes(answer, "벽지가 뭔가요?") is echoed


def test_a_question_without_letters_is_echoed_by_nothing() -> None:
    assert not echoes("답", "?")
