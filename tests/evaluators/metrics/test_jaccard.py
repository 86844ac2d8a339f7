from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import EvaluationError, Example, Jaccard
from evaluators.metrics.jaccard import jaccard


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("작업 전 안전교육", "작업 후 안전교육", 2 / 4),
        ("안전 안전 안전", "안전", 1.0),
        ("안전교육", "안전 교육", 0.0),
        ("점검,", "점검", 0.0),
        ("", "", 0.0),
        (" \n", "", 0.0),
        ("안전", "", 0.0),
    ],
)
def test_worked_by_hand(one: str, two: str, expected: float) -> None:
    assert jaccard(one, two) == pytest.approx(expected)


@given(st.text(), st.text())
def test_identity_symmetry_and_range(one: str, two: str) -> None:
    assert jaccard(one, one) == (1.0 if one.split() else 0.0)
    assert jaccard(one, two) == jaccard(two, one)
    assert 0.0 <= jaccard(one, two) <= 1.0


def test_several_references() -> None:
    example = Example("1", "가 나", ("가 나", "가", "다"))
    assert Jaccard("mean").rows([example])[0] == pytest.approx(0.5)
    assert Jaccard("max").rows([example])[0] == 1.0
    assert Jaccard("first").rows([example])[0] == 1.0


def test_vectors_without_text_are_refused() -> None:
    example = Example("1", "", ("가",), np.ones(2, np.float32))
    with pytest.raises(EvaluationError, match="compares texts"):
        Jaccard().rows([example])
