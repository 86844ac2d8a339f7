from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from evaluators import (
    Cosine,
    EvaluationError,
    ExactMatch,
    Example,
    Jaccard,
    MacroF1,
    OfflineEncoder,
    Weighted,
)

EXAMPLES = [
    Example("1", "작업 전 안전교육", ("작업 전 안전교육",)),
    Example("2", "작업 전 점검", ("작업 후 점검",)),
    Example("3", "", ("점검",)),
]


@pytest.fixture
def metric() -> Weighted:
    return Weighted([(0.7, Cosine(OfflineEncoder(64))), (0.3, Jaccard())], "season-3")


def test_rows_are_the_weighted_sum_of_the_terms(metric: Weighted) -> None:
    terms = metric.rows_by_term(EXAMPLES)
    assert list(terms) == ["cosine", "jaccard"]
    expected = 0.7 * terms["cosine"] + 0.3 * terms["jaccard"]
    np.testing.assert_allclose(metric.rows(EXAMPLES), expected)
    np.testing.assert_allclose(metric.combine(terms), expected)
    assert metric.rows(EXAMPLES)[[0, 2]] == pytest.approx([1.0, 0.0])
    assert terms["jaccard"][1] == pytest.approx(0.5)


def test_each_term_is_computed_once(metric: Weighted, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = Jaccard.rows

    def counted(self: Jaccard, rows: Sequence[Example]) -> np.ndarray:
        calls.append(1)
        return original(self, rows)

    monkeypatch.setattr(Jaccard, "rows", counted)
    metric.rows(EXAMPLES)
    assert calls == [1]


def test_one_proxy_makes_the_sum_a_proxy(metric: Weighted) -> None:
    assert metric.proxy
    assert not Weighted([(1, Jaccard()), (1, ExactMatch())]).proxy


def test_signature_lists_the_terms(metric: Weighted) -> None:
    text = str(metric.signature)
    assert text.startswith("season-3|terms:0.7*(cosine,refs:mean,encoder:offline@")
    assert "+0.3*(jaccard,refs:mean,tok:whitespace)|v:" in text


def test_a_name_that_comes_twice_is_numbered() -> None:
    twice = Weighted([(0.5, ExactMatch("squad")), (0.5, ExactMatch("korquad1"))])
    rows = twice.rows_by_term([Example("1", "《킬 빌》", ("킬 빌",))])
    assert {key: value.tolist() for key, value in rows.items()} == {"em": [0.0], "em#2": [1.0]}


def test_what_cannot_be_added_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no terms"):
        Weighted([])
    with pytest.raises(EvaluationError, match="no row scores"):
        Weighted([(1, MacroF1())])
    with pytest.raises(EvaluationError, match="weight of jaccard is nan"):
        Weighted([(float("nan"), Jaccard())])
