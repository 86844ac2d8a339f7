from __future__ import annotations

import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import EvaluationError, OfflineEncoder


def test_vectors_have_unit_length_and_the_empty_text_is_zero() -> None:
    vectors = OfflineEncoder(64).encode(["벽지에 곰팡이", "", "a", " "])
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, 64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 1], atol=1e-6)


def test_vectors_are_the_same_on_every_machine() -> None:
    # One letter is one gram: splitmix64's finaliser of (1 * increment + ord), worked in Python's
    # unbounded integers.
    mask = 2**64 - 1
    z = (ord("가") + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    z ^= z >> 31
    expected = np.zeros(512, dtype=np.float32)
    expected[z % 512] = -1.0 if z >> 63 else 1.0
    np.testing.assert_array_equal(OfflineEncoder(512).encode(["가"])[0], expected)


def test_a_repeated_gram_weighs_one_plus_log_of_its_count() -> None:
    # "aaa" holds a three times, aa twice, aaa once.
    vector = OfflineEncoder(1 << 20).encode(["aaa"])[0]
    weights = np.sort(np.abs(vector[vector != 0]))
    expected = np.array([1.0, 1 + np.log(2), 1 + np.log(3)])
    np.testing.assert_allclose(weights, expected / np.linalg.norm(expected), rtol=1e-6)


def test_composed_and_decomposed_hangul_are_one_text() -> None:
    first, second = OfflineEncoder().encode(["도배", unicodedata.normalize("NFD", "도배")])
    np.testing.assert_array_equal(first, second)


def test_spaces_and_order_count() -> None:
    vectors = OfflineEncoder().encode(["도배 하자", "도배하자", "하자 도배"])
    similarity = vectors @ vectors.T
    assert similarity[0, 1] < 0.999
    assert similarity[0, 2] < 0.999


def test_like_texts_are_nearer_than_unlike_ones() -> None:
    base, near, far = OfflineEncoder().encode(
        ["벽지에 곰팡이가 생겼어요", "벽지에 곰팡이가 생겼습니다", "오늘 점심은 무엇인가요"]
    )
    assert base @ near > base @ far + 0.3


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_a_text_has_one_vector_whatever_stands_beside_it(texts: list[str]) -> None:
    encoder = OfflineEncoder(32)
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)


def test_no_texts_give_no_rows() -> None:
    assert OfflineEncoder(7).encode([]).shape == (0, 7)


def test_ten_thousand_short_texts_take_seconds() -> None:
    texts = [f"작업 전 안전교육 강화 및 점검 {number}" for number in range(10_000)]
    start = time.perf_counter()
    OfflineEncoder(768).encode(texts)
    assert time.perf_counter() - start < 10


def test_digest_tells_dimensions_apart() -> None:
    assert OfflineEncoder(512).digest != OfflineEncoder(768).digest
    assert OfflineEncoder(512).digest == OfflineEncoder(512).digest


def test_a_dimension_below_one_is_refused() -> None:
    with pytest.raises(EvaluationError, match="at least 1 dimension"):
        OfflineEncoder(0)
