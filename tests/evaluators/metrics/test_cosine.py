from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from evaluators import Cosine, EvaluationError, Example, OfflineEncoder
from evaluators.metrics import cosine as cosine_module
from evaluators.metrics.cosine import cosines


@dataclass
class Plane:
    """Texts "x,y" are their own vectors; calls are counted."""

    name: str = "plane"
    dimension: int = 2
    digest: str = "0123456789"
    offline: bool = False
    seen: list[str] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.seen.extend(texts)
        self.calls.append(len(texts))
        return np.array([text.split(",") for text in texts], dtype=np.float32)


def rows(metric: Cosine, *examples: tuple[str, tuple[str, ...]]) -> list[Any]:
    found = [Example(str(n), answer, refs) for n, (answer, refs) in enumerate(examples)]
    return [pytest.approx(value) for value in metric.rows(found)]


def test_worked_by_hand() -> None:
    # 3,4 against 4,3: (12 + 12) / 25; against 0,1: 4/5; against -1,0: -3/5, raised to 0.
    refs = ("4,3", "0,1", "-1,0")
    assert rows(Cosine(Plane(), "first"), ("3,4", refs)) == [0.96]
    assert rows(Cosine(Plane(), "max"), ("3,4", refs)) == [0.96]
    assert rows(Cosine(Plane(), "mean"), ("3,4", refs)) == [(0.96 + 0.8 + 0) / 3]
    assert rows(Cosine(Plane(), "mean", clip=False), ("3,4", refs)) == [(0.96 + 0.8 - 0.6) / 3]


def test_rows_may_have_different_numbers_of_references() -> None:
    metric = Cosine(Plane())
    assert rows(metric, ("1,0", ("1,0",)), ("1,0", ("0,1", "1,0")), ("0,1", ("1,0",))) == [
        1.0,
        0.5,
        0.0,
    ]


def test_a_zero_vector_scores_zero_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    metric = Cosine(Plane())
    assert rows(metric, ("0,0", ("1,0",)), ("1,0", ("0,0",)), ("0,0", ("0,0",))) == [0, 0, 0]
    assert not recwarn.list


def test_a_given_vector_stands_in_for_the_text() -> None:
    encoder = Plane()
    example = Example("1", "not a vector", ("1,0",), np.array([1, 1], np.float32))
    assert Cosine(encoder).rows([example])[0] == pytest.approx(np.sqrt(0.5))
    assert encoder.seen == ["1,0"]


def test_references_are_encoded_once_in_the_life_of_the_metric() -> None:
    encoder = Plane()
    metric = Cosine(encoder)
    rows(metric, ("1,0", ("0,1", "1,1")), ("2,0", ("0,1",)))
    rows(metric, ("3,0", ("0,1", "1,1")))
    assert encoder.seen == ["1,0", "2,0", "0,1", "1,1", "3,0"]


def test_texts_are_encoded_some_rows_at_a_time_and_equal_to_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = [(f"{n % 7 + 1},{n % 3}", (f"{n % 5},1", f"1,{n}")) for n in range(60)]
    at_once = rows(Cosine(Plane()), *given)
    monkeypatch.setattr(cosine_module, "_ROWS_AT_ONCE", 8)
    monkeypatch.setattr(cosine_module, "_KEPT_BYTES", 2 * 4 * 10)
    encoder = Plane()
    metric = Cosine(encoder)
    assert rows(metric, *given) == at_once
    assert len(metric._known) == 10
    assert max(encoder.calls) <= 16


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(3, np.float32), "has 2 dimensions"),
        (np.ones((1, 2), np.float32), "has 2 dimensions"),
        (np.array([np.nan, 1], np.float32), "not finite"),
    ],
)
def test_an_unusable_vector_is_refused_with_its_row(vector: np.ndarray, message: str) -> None:
    with pytest.raises(EvaluationError, match=message) as caught:
        Cosine(Plane()).rows([Example("TEST_007", "", ("1,0",), vector)])
    assert "TEST_007" in str(caught.value)


def test_a_row_without_references_is_refused_with_its_id() -> None:
    with pytest.raises(EvaluationError, match="'q9' has no reference"):
        Cosine(Plane()).rows([Example("q9", "1,0", ())])


def test_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(1)
    left, right = (random.normal(size=(50, 8)).astype(np.float32) for _ in range(2))
    expected = np.diag(cosine_similarity(left.astype(float), right.astype(float)))
    np.testing.assert_allclose(cosines(left, right), expected, atol=1e-12)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [
        Example(str(n), f"{n % 7},{n % 5 - 2}", tuple(f"{n % 3 + k},1" for k in range(n % 3 + 1)))
        for n in range(40)
    ]
    whole = Cosine(Plane()).rows(examples)
    monkeypatch.setattr("evaluators.metrics.cosine._ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(Cosine(Plane()).rows(examples), whole)


def test_signature_names_the_encoder_and_its_digest() -> None:
    text = str(Cosine(Plane(), "max", clip=False).signature)
    assert text.startswith("cosine|refs:max|encoder:plane@01234567|dims:2|clip:0|v:")


def test_a_stand_in_encoder_makes_a_proxy() -> None:
    assert not Cosine(Plane()).proxy
    assert Cosine(Plane(), proxy=True).proxy
    assert Cosine(OfflineEncoder(8)).proxy


@given(st.text(min_size=1), st.text())
def test_identity_symmetry_and_range(one: str, two: str) -> None:
    metric = Cosine(OfflineEncoder(64))
    same, forth, back = metric.rows(
        [Example("1", one, (one,)), Example("2", one, (two,)), Example("3", two, (one,))]
    )
    assert same == pytest.approx(1.0, abs=1e-6)
    assert forth == pytest.approx(back, abs=1e-12)
    assert 0.0 <= forth <= 1.0


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=8), st.randoms())
def test_rows_do_not_depend_on_order(pairs: list[tuple[str, str]], random: Random) -> None:
    examples = [Example(str(n), one, (two,)) for n, (one, two) in enumerate(pairs)]
    order = list(range(len(examples)))
    random.shuffle(order)
    straight = Cosine(OfflineEncoder(16)).rows(examples)
    shuffled = Cosine(OfflineEncoder(16)).rows([examples[place] for place in order])
    np.testing.assert_array_equal(straight[order], shuffled)


def test_a_real_sentence_encoder_serves(tiny_sentence_encoder: Path) -> None:
    from evaluators import load_encoder

    metric = Cosine(load_encoder(str(tiny_sentence_encoder), 16))
    values = metric.rows([Example("1", "도배", ("도배",)), Example("2", "", ("도배",))])
    assert values[0] == pytest.approx(1.0)
    assert 0.0 <= values[1] < 1.0
    assert not metric.proxy
