from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import Example, RougeW
from evaluators.metrics.rouge_w import longest_run_f1

TEXTS = st.text(alphabet="가나다라 ", max_size=12)


def longest_run(one: str, two: str) -> int:
    runs = (one[start:end] for start in range(len(one)) for end in range(start + 1, len(one) + 1))
    return max((len(run) for run in runs if run in two), default=0)


@given(TEXTS, TEXTS)
def test_the_run_found_by_trying_all(answer: str, gold: str) -> None:
    one, two = " ".join(answer.split()), " ".join(gold.split())
    expected = (
        2 * longest_run(one, two) / (len(one) + len(two)) if one and two else float(one == two)
    )
    assert longest_run_f1(answer, gold) == pytest.approx(expected)


@given(TEXTS, TEXTS)
def test_symmetry_and_identity(one: str, two: str) -> None:
    assert longest_run_f1(one, two) == pytest.approx(longest_run_f1(two, one))
    assert longest_run_f1(one, one) == 1.0


def test_a_row_without_references_wants_no_answer() -> None:
    assert RougeW().rows([Example("1", "", ()), Example("2", "가", ())]).tolist() == [1, 0]
    assert str(RougeW().signature).startswith("rougeW|rule:klue|refs:max|")
