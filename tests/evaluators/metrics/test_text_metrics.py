"""Exact match and overlap F1, which share their rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.data.metrics.squad_metrics import compute_exact, compute_f1

from evaluators import EvaluationError, ExactMatch, Example, TextF1
from evaluators.metrics.text_f1 import RULES
from evaluators.pairwise import mean_scores
from evaluators.text.normalize import Rule


def f1(rule: Rule, answer: str, *golds: str) -> float:
    return float(TextF1(rule).rows([Example("1", answer, golds)])[0])


def em(rule: Rule, answer: str, *golds: str) -> float:
    return float(ExactMatch(rule).rows([Example("1", answer, golds)])[0])


def test_title_marks_cost_everything_under_squad_and_nothing_under_korquad1() -> None:
    # The trap of Korean titles: SQuAD's punctuation is ASCII only.
    assert f1("squad", "《킬 빌》", "킬 빌") == 0.0
    assert em("squad", "《킬 빌》", "킬 빌") == 0.0
    assert f1("korquad1", "《킬 빌》", "킬 빌") == 1.0
    assert em("korquad1", "《킬 빌》", "킬 빌") == 1.0


@pytest.mark.parametrize(
    ("rule", "answer", "gold", "expected"),
    [
        # 3 of 4 characters and 3 of 3: P = 3/4, R = 1.
        ("korquad1", "서울시에", "서울시", 2 * 0.75 / 1.75),
        # Characters are a multiset: 가가나 and 가나나 share 가 and 나.
        ("korquad1", "가가나", "가나나", 2 / 3),
        ("inha", "가가 나", "가나나", 2 / 3),
        ("inha", "'3만 5,000원'", "3만5000원", 1.0),
        # One word of two, two words of one.
        ("squad", "서울 시", "서울", 2 / 3),
        ("squad", "the 서울", "서울", 1.0),
    ],
)
def test_overlap_worked_by_hand(rule: Rule, answer: str, gold: str, expected: float) -> None:
    assert f1(rule, answer, gold) == pytest.approx(expected)


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"klue"}))
def test_two_empty_texts_match_exactly_but_share_nothing(rule: Rule) -> None:
    # As in the scorers themselves: equal strings, and F1 0 as soon as no token is common.
    assert em(rule, "", "") == 1.0
    assert f1(rule, "", "") == 0.0
    assert em(rule, "...", "!") == 1.0
    assert f1(rule, "", "답") == 0.0


def test_a_question_without_an_answer_wants_an_empty_one_under_klue() -> None:
    assert em("klue", "") == f1("klue", "") == 1.0
    assert em("klue", "...", "") == f1("klue", "...", "") == 1.0
    assert em("klue", "서울") == f1("klue", "서울") == 0.0


@pytest.mark.parametrize("rule", RULES)
def test_means_over_all_pairs_are_those_of_single_pairs(rule: Rule) -> None:
    texts = ["", "...", "서울 시", "<b>서울</b>", "the 부산"]
    metric = TextF1(rule)
    plain = [metric.rows([Example("1", one, (two,)) for two in texts]).mean() for one in texts]
    assert mean_scores(metric, texts, texts).tolist() == pytest.approx(plain)


def test_nikl_golds_are_alternatives() -> None:
    assert em("nikl", " 나박김치\n", "동치미# 나박김치 ") == 1.0
    assert em("nikl", "동치미#나박김치", "동치미#나박김치") == 0.0


def test_the_best_gold_counts() -> None:
    assert f1("korquad1", "부산", "서울", "부산") == 1.0
    assert em("korquad1", "부산", "서울", "부산") == 1.0
    assert f1("inha", "부산", "서울", "부산") == 0.0
    mean = TextF1("korquad1", references="mean")
    assert mean.rows([Example("1", "부산", ("서울", "부산"))])[0] == 0.5


@given(st.text(), st.text())
def test_squad_rule_agrees_with_the_scorer_in_transformers(answer: str, gold: str) -> None:
    assert em("squad", answer, gold) == compute_exact(gold, answer)
    if answer.strip() and gold.strip() and f1("squad", answer, gold):
        # That scorer is SQuAD 2.0's, which differs where a side is empty.
        assert f1("squad", answer, gold) == pytest.approx(compute_f1(gold, answer))


@given(st.sampled_from(RULES), st.text(), st.text())
def test_identity_symmetry_and_range(rule: Rule, one: str, two: str) -> None:
    assert em(rule, one, one) == 1.0
    assert f1(rule, one, two) == pytest.approx(f1(rule, two, one))
    assert 0.0 <= f1(rule, one, two) <= 1.0
    if em(rule, one, two) and f1(rule, one, one):
        assert f1(rule, one, two) == 1.0


def test_signature_names_rule_and_references() -> None:
    assert str(TextF1("korquad1").signature).startswith("f1|rule:korquad1|refs:max|v:")
    assert str(ExactMatch("inha").signature).startswith("em|rule:inha|refs:first|v:")


def test_no_reference_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="'x' has no reference"):
        TextF1().rows([Example("x", "가", ())])


def test_no_rows_have_no_mean() -> None:
    metric = ExactMatch()
    with pytest.raises(EvaluationError, match="no rows"):
        metric.aggregate(metric.rows([]))
