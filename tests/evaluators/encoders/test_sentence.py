from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import EvaluationError, SentenceTransformerEncoder

TEXTS = ["도배 하자", "곰팡이 결로 가나다라", "도배 하자", "", "안전"]


@pytest.fixture(scope="module")
def encoder(tiny_sentence_encoder: Path) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(str(tiny_sentence_encoder), 16, device="cpu")


def test_vectors_are_those_of_sentence_transformers(
    encoder: SentenceTransformerEncoder, tiny_sentence_encoder: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(tiny_sentence_encoder), device="cpu").encode(TEXTS)
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_vectors_are_mean_pooled_and_not_normalised(
    encoder: SentenceTransformerEncoder, tiny_bert: Path
) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    model = AutoModel.from_pretrained(tiny_bert).eval()
    with torch.inference_mode():
        states = model(**tokenizer(TEXTS[1], return_tensors="pt")).last_hidden_state
    np.testing.assert_allclose(encoder.encode([TEXTS[1]])[0], states[0].mean(0), atol=1e-6)


def test_tokens_are_counted_without_special_ones(
    encoder: SentenceTransformerEncoder, tiny_bert: Path
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    assert [encoder.count_tokens(text) for text in TEXTS] == [
        len(tokenizer.tokenize(text)) for text in TEXTS
    ]


def test_equal_texts_are_encoded_once(
    encoder: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    original = encoder._model.encode

    def spy(texts: list[str], **settings: Any) -> Any:
        seen.extend(texts)
        return original(texts, **settings)

    monkeypatch.setattr(encoder._model, "encode", spy)
    vectors = encoder.encode(TEXTS)
    assert sorted(seen) == sorted(set(TEXTS))
    np.testing.assert_array_equal(vectors[0], vectors[2])


def test_a_copy_elsewhere_has_the_same_digest_and_other_weights_another(
    encoder: SentenceTransformerEncoder, tiny_sentence_encoder: Path, tmp_path: Path
) -> None:
    import torch

    copy = shutil.copytree(tiny_sentence_encoder, tmp_path / "copy")
    other = SentenceTransformerEncoder(str(copy), device="cpu")
    assert other.name == "copy"
    assert other.dimension == 16
    assert other.digest == encoder.digest
    assert len(encoder.digest) >= 8
    int(encoder.digest, 16)
    changed = SentenceTransformerEncoder(str(copy), device="cpu")
    with torch.no_grad():
        next(changed._model.parameters()).add_(1)
    assert changed.digest != encoder.digest


def test_encoding_leaves_the_digest_as_it_was(tiny_sentence_encoder: Path) -> None:
    one = SentenceTransformerEncoder(str(tiny_sentence_encoder), device="cpu")
    one.encode(TEXTS)
    two = SentenceTransformerEncoder(str(tiny_sentence_encoder), device="cpu")
    assert one.digest == two.digest


def test_encoding_draws_no_bars(
    tiny_sentence_encoder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    SentenceTransformerEncoder(str(tiny_sentence_encoder), device="cpu").encode(TEXTS)
    assert "it/s" not in capfd.readouterr().err


def test_another_dimension_is_refused_with_both_named(tiny_sentence_encoder: Path) -> None:
    with pytest.raises(EvaluationError, match=r"16 dimensions where 512 are needed"):
        SentenceTransformerEncoder(str(tiny_sentence_encoder), 512, device="cpu")


@pytest.mark.parametrize("name", ["nobody/no-such-encoder", "/no/such/folder"])
def test_an_encoder_that_cannot_be_loaded_says_what_to_do(name: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        SentenceTransformerEncoder(name, 512)
    message = str(caught.value)
    assert name in message
    assert "--encoder PATH" in message
    assert "--encoder offline" in message
    assert "\n" not in message


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot be loaded"):
        SentenceTransformerEncoder(str(tmp_path), 512)


def test_a_folder_without_modules_gets_no_pooling_made_up(tiny_bert: Path) -> None:
    with pytest.raises(EvaluationError, match=r"has no modules\.json.*copy the whole") as caught:
        SentenceTransformerEncoder(str(tiny_bert), 16, device="cpu")
    assert "--encoder offline" in str(caught.value)


def test_weights_that_are_missing_are_not_made_up(
    tiny_sentence_encoder: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny_sentence_encoder, tmp_path / "copy")
    file = folder / "model.safetensors"
    weights = {key: each for key, each in load_file(file).items() if "layer.0.output" not in key}
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(EvaluationError, match=r"lacks \d weights, such as .*layer\.0\.output"):
        SentenceTransformerEncoder(str(folder), 16, device="cpu")


def test_a_folder_without_a_vocabulary_is_refused(
    tiny_sentence_encoder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_sentence_encoder, tmp_path / "copy")
    for file in folder.glob("*token*"):
        file.unlink()
    with pytest.raises(EvaluationError, match=r"has no vocabulary|cannot be loaded"):
        SentenceTransformerEncoder(str(folder), 16, device="cpu")
