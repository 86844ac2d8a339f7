from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.errors import EvaluationError
from evaluators.text.normalize import RULES, Rule, check_rule, normalize, tokens


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("squad", "The  Cat, a dog!", "cat dog"),
        ("squad", "《킬 빌》", "《킬 빌》"),
        ("korquad1", "《킬 빌》", "킬 빌"),
        ("korquad1", "‘LG’<전자>(주)", "lg 전자 주"),
        ("korquad1", "a-b, c.", "ab c"),
        ("korquad1", "The 가", "the 가"),
        ("inha", "《킬 빌》\n 2", "킬빌2"),
        ("inha", "1,000 원", "1000원"),
        ("korquad2", "<b>서울</b> 특별시", "서울특별시"),
        ("korquad2", "<td>1,000</td>\n<td>원&nbsp;</td>", "1000원"),
        ("korquad2", "3 < 5", "35"),
        ("klue", "《킬 빌》", "《킬 빌》"),
        ("klue", "‘LG’(주)", "‘lg’주"),
        # What its pattern does match: one mark with ()‘’ right behind it.
        ("klue", "가《()‘’나", "가 나"),
        ("nikl", "  《킬  빌》, A\n", "《킬  빌》, A"),
    ],
)
def test_rules_give_what_their_scorers_compare(rule: Rule, text: str, expected: str) -> None:
    assert normalize(text, rule) == expected


def test_quotes_part_words_under_korquad1_and_only_vanish_under_squad() -> None:
    assert normalize("가'나", "korquad1") == "가 나"
    assert normalize("가'나", "squad") == "가나"


def test_squad_counts_words_and_the_korean_rules_characters() -> None:
    assert tokens("킬 빌", "squad") == ["킬", "빌"]
    assert tokens("서울 시", "korquad1") == ["서", "울", "시"]
    assert tokens("서울 시", "inha") == ["서", "울", "시"]


@given(st.text(), st.sampled_from([rule for rule in RULES if rule != "nikl"]))
def test_result_has_no_outer_or_double_spaces(text: str, rule: Rule) -> None:
    result = normalize(text, rule)
    assert result == " ".join(result.split())


def test_unknown_rule_names_the_choices() -> None:
    with pytest.raises(EvaluationError, match="squad, korquad1, korquad2, klue, inha, nikl"):
        check_rule("korquad9")
