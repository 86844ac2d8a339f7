from __future__ import annotations

import numpy as np
import pytest
import torch

from evaluators import BertScore, EvaluationError, Example
from evaluators.metrics.bertscore import greedy_f1
from evaluators.metrics.token_vectors import TokenEncoder, TokenVectors, _recommended

ANSWERS = ["도배 하자 시공", "벽지 가나다", "곰팡이", "안전 교육 결로 도배 벽지 하자", "가"]
GOLDS = ["도배 시공", "벽지 라마바", "곰팡이 결로", "안전", "가 나 다"]


def unit(*angles: float, counts: list[bool]) -> TokenVectors:
    radians = torch.deg2rad(torch.tensor(angles, dtype=torch.float64))
    return TokenVectors(torch.stack([radians.cos(), radians.sin()], dim=1), torch.tensor(counts))


def examples(answers=ANSWERS, golds=GOLDS) -> list[Example]:
    return [
        Example(str(n), answer, (gold,) if isinstance(gold, str) else tuple(gold))
        for n, (answer, gold) in enumerate(zip(answers, golds, strict=True))
    ]


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_agrees_with_the_bert_score_package(tiny_bert, layer) -> None:
    from bert_score import score as oracle

    _, _, expected = oracle(ANSWERS, GOLDS, model_type=str(tiny_bert), num_layers=layer)
    rows = BertScore(str(tiny_bert), layer, batch_size=2).rows(examples())
    np.testing.assert_allclose(rows, expected.numpy(), atol=1e-5)


def test_greedy_matching_worked_by_hand() -> None:
    # The answer's tokens lie at 0 and 90 degrees, the reference's counted one at 60; its SEP, at 0,
    # is matched by the first answer token, but brings no recall of its own.
    answer = unit(0, 90, counts=[True, True])
    reference = unit(60, 0, counts=[True, False])
    precision, recall = (1 + np.cos(np.pi / 6)) / 2, np.cos(np.pi / 6)
    expected = 2 * precision * recall / (precision + recall)
    assert greedy_f1(answer, reference) == pytest.approx(expected)


def test_a_text_of_special_tokens_only_scores_zero() -> None:
    assert greedy_f1(unit(0, counts=[False]), unit(0, counts=[True])) == 0.0
    assert greedy_f1(None, unit(0, counts=[True])) == 0.0


@pytest.mark.parametrize("layer", [1, 2])
def test_a_causal_models_vectors_are_its_normed_hidden_states(tiny_gpt2, layer) -> None:
    from transformers import AutoModel, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(tiny_gpt2)("도배 하자", return_tensors="pt").input_ids
    model = AutoModel.from_pretrained(tiny_gpt2).eval()
    with torch.inference_mode():
        states = model(ids, output_hidden_states=True).hidden_states[layer][0]
        # The last layer's states come normed.
        states = states if layer == 2 else model.ln_f(states)
    expected = torch.nn.functional.normalize(states, dim=-1)
    found = TokenEncoder(str(tiny_gpt2), layer, device="cpu").encode(["도배 하자", "가나다라"])
    np.testing.assert_allclose(found["도배 하자"].vectors, expected, atol=1e-6)
    assert found["도배 하자"].counts.all()


def test_several_references_take_the_best_as_the_package_does(tiny_bert) -> None:
    from bert_score import score as oracle

    golds = [[gold, "안전 교육"] for gold in GOLDS]
    _, _, expected = oracle(ANSWERS, golds, model_type=str(tiny_bert), num_layers=2)
    rows = BertScore(str(tiny_bert), 2).rows(examples(ANSWERS, golds))
    np.testing.assert_allclose(rows, expected.numpy(), atol=1e-5)
    first = BertScore(str(tiny_bert), 2, references="first").rows(examples(ANSWERS, golds))
    assert (first <= rows + 1e-9).all()


def test_texts_beyond_the_models_length_are_cut_as_the_package_does(tiny_bert) -> None:
    from bert_score import score as oracle

    long = ["가 나 다 라 마 바 사 " * 10]
    _, _, expected = oracle(long, ["가 나"], model_type=str(tiny_bert), num_layers=2)
    rows = BertScore(str(tiny_bert), 2).rows(examples(long, ["가 나"]))
    np.testing.assert_allclose(rows, expected.numpy(), atol=1e-5)


def test_empty_texts_score_zero(tiny_bert) -> None:
    rows = BertScore(str(tiny_bert)).rows(examples(["", " \n", "가", "가"], ["가", "가", "", "가"]))
    assert rows[:3].tolist() == [0, 0, 0]
    assert rows[3] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("kind", ["tiny_bert", "tiny_gpt2", "tiny_t5"])
def test_every_architecture_gives_one_for_equal_texts(kind, request) -> None:
    metric = BertScore(str(request.getfixturevalue(kind)))
    same = metric.rows(examples(ANSWERS, ANSWERS))
    np.testing.assert_allclose(same, 1.0, atol=1e-5)
    assert metric.rows(examples())[0] < 0.9999


def test_a_causal_model_without_padding_or_length_takes_long_texts(tiny_gpt2) -> None:
    rows = BertScore(str(tiny_gpt2)).rows(examples(["가 나 다 라 " * 30, "가"], ["가 나", "가 나"]))
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("kind", ["tiny_bert", "tiny_gpt2", "tiny_t5"])
def test_rows_do_not_depend_on_their_batch(kind, request) -> None:
    folder = str(request.getfixturevalue(kind))
    together = BertScore(folder, batch_size=8).rows(examples())
    alone = np.concatenate([BertScore(folder, batch_size=1).rows([row]) for row in examples()])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_the_last_layer_is_taken_for_a_model_of_ones_own_and_signed(tiny_bert) -> None:
    text = str(BertScore(str(tiny_bert)).signature)
    assert text.startswith("bertscore|refs:max|model:tiny-bert@")
    assert "|layer:3|idf:0|rescale:0|v:" in text


def test_the_packages_layer_is_taken_for_a_model_it_knows() -> None:
    assert _recommended("bert-base-multilingual-cased") == 9
    assert _recommended("/models/mine") is None


def test_a_layer_the_model_lacks_is_refused(tiny_bert) -> None:
    with pytest.raises(EvaluationError, match=r"layers 0 to 3, not 9: use layer=3"):
        BertScore(str(tiny_bert), 9)


def test_a_model_that_cannot_be_loaded_says_what_to_do() -> None:
    with pytest.raises(EvaluationError) as caught:
        BertScore("nobody/no-such-model")
    assert "bertscore:model=PATH" in str(caught.value)
    assert "\n" not in str(caught.value)
