from __future__ import annotations

from pathlib import Path

import pytest

from evaluators import EvaluationError, load_encoder


def test_offline_takes_the_competitions_dimension() -> None:
    encoder = load_encoder("offline", 768)
    assert encoder.offline
    assert encoder.dimension == 768


def test_offline_may_name_its_dimension() -> None:
    assert load_encoder("offline:512", 512).dimension == 512
    assert load_encoder("offline:64").dimension == 64


def test_offline_of_another_dimension_is_refused_with_both_named() -> None:
    with pytest.raises(EvaluationError, match="512 dimensions where 768 are needed"):
        load_encoder("offline:512", 768)


@pytest.mark.parametrize("spec", ["offline:x", "offline:-1", "offline:²"])
def test_a_dimension_that_is_no_number_is_refused(spec: str) -> None:
    with pytest.raises(EvaluationError, match="offline:512"):
        load_encoder(spec, 512)


def test_nothing_is_refused() -> None:
    with pytest.raises(EvaluationError, match="--encoder is empty"):
        load_encoder(" ", 512)


def test_a_folder_is_a_sentence_encoder(tiny_sentence_encoder: Path) -> None:
    encoder = load_encoder(str(tiny_sentence_encoder), 16)
    assert not encoder.offline
    assert encoder.name == "tiny-encoder"
