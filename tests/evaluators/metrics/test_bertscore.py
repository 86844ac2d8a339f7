from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import BertScore, EvaluationError, Example, build_metric
from evaluators.base import References
from evaluators.errors import ModelUnavailableError
from evaluators.metrics import bertscore
from evaluators.metrics.rouge import Stat
from evaluators.neural.token_encoder import TokenEncoder
from evaluators.progress import listening

ANSWERS = ["도배 하자 시공", "벽지 가나다", "곰팡이", "안전 교육 결로 도배 벽지 하자", "가"]
GOLDS = ["도배 시공", "벽지 라마바", "곰팡이 결로", "안전", "가 나 다"]
SEVERAL = [(gold, "안전 교육", gold[::-1]) for gold in GOLDS]


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def examples(answers: Sequence[str] = ANSWERS, golds: Sequence[Any] = GOLDS) -> list[Example]:
    return [
        Example(str(n), answer, (gold,) if isinstance(gold, str) else tuple(gold))
        for n, (answer, gold) in enumerate(zip(answers, golds, strict=True))
    ]


def package(model: Path, answers: list[str], golds: list[Any], **settings: Any) -> list[np.ndarray]:
    """Precision, recall and F1 of the bert-score package.

    Pair by pair: where it pads, it takes 0 for a token whose best cosine is negative, as happens
    with random weights.
    """
    from bert_score import score as oracle

    golds = [gold if isinstance(gold, str) else list(gold) for gold in golds]
    settings = {"num_layers": 2, "batch_size": 1, "nthreads": 0, **settings}
    return [each.numpy() for each in oracle(answers, golds, model_type=str(model), **settings)]


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_agrees_with_the_bert_score_package(tiny_bert: Path, layer: int) -> None:
    expected = package(tiny_bert, ANSWERS, GOLDS, num_layers=layer)
    rows = BertScore(str(tiny_bert), layer, budget=16).rows(examples())
    np.testing.assert_allclose(rows, expected[2], atol=1e-5)


@pytest.mark.parametrize("idf", [False, True])
@pytest.mark.parametrize(("stat", "place"), [("p", 0), ("r", 1), ("f", 2)])
def test_every_number_agrees_with_the_package(
    tiny_bert: Path, stat: Stat, place: int, idf: bool
) -> None:
    expected = package(tiny_bert, ANSWERS, SEVERAL, idf=idf)
    rows = BertScore(str(tiny_bert), 2, stat=stat, idf=idf).rows(examples(ANSWERS, SEVERAL))
    np.testing.assert_allclose(rows, expected[place], atol=1e-5)


def test_many_rows_of_many_lengths_agree_with_the_package(tiny_bert: Path) -> None:
    random = np.random.default_rng(0)
    words = np.array(" ".join(ANSWERS).split(" "))

    def text() -> str:
        return " ".join(random.choice(words, size=random.integers(1, 12)))

    answers, golds = [text() for _ in range(120)], [[text(), text()] for _ in range(120)]
    expected = package(tiny_bert, answers, golds)
    rows = BertScore(str(tiny_bert), 2, budget=64).rows(examples(answers, golds))
    np.testing.assert_allclose(rows, expected[2], atol=1e-5)


def test_several_references_become_one_number(tiny_bert: Path) -> None:
    rows = examples(ANSWERS, SEVERAL)
    each = [
        BertScore(str(tiny_bert), 2).rows(examples(ANSWERS, golds))
        for golds in zip(*SEVERAL, strict=True)
    ]
    combined: dict[References, np.ndarray] = {
        "first": each[0],
        "max": np.max(each, 0),
        "mean": np.mean(each, 0),
    }
    for how, expected in combined.items():
        found = BertScore(str(tiny_bert), 2, references=how).rows(rows)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_long_texts_are_cut_as_the_package_does_and_counted(
    tiny_bert: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long = ["가 나 다 라 마 바 사 " * 10, "가"]
    metric = BertScore(str(tiny_bert), 2)
    with caplog.at_level(logging.WARNING):
        rows = metric.rows(examples(long, ["가 나", "가 나"]))
    np.testing.assert_allclose(rows, package(tiny_bert, long, ["가 나"] * 2)[2], atol=1e-5)
    assert metric.report.cut == 1
    assert "1 texts are longer than the model's 32 tokens" in caplog.text


def test_a_text_of_exactly_the_models_length_is_not_cut(tiny_bert: Path) -> None:
    metric = BertScore(str(tiny_bert))
    metric.rows(examples(["가 " * 30, "나 " * 31], ["가", "가"]))
    assert metric.report.cut == 1


def test_empty_texts_score_zero(tiny_bert: Path) -> None:
    rows = BertScore(str(tiny_bert)).rows(examples(["", " \n", "가", "가"], ["가", "가", "", "가"]))
    assert rows[:3].tolist() == [0, 0, 0]
    assert rows[3] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("kind", ["tiny_bert", "tiny_gpt2", "tiny_t5"])
def test_every_architecture_gives_one_for_equal_texts(
    kind: str, request: pytest.FixtureRequest
) -> None:
    metric = BertScore(str(request.getfixturevalue(kind)))
    same = metric.rows(examples(ANSWERS, ANSWERS))
    np.testing.assert_allclose(same, 1.0, atol=1e-5)
    assert metric.rows(examples())[0] < 0.9999


def test_a_causal_model_without_padding_or_length_takes_long_texts(tiny_gpt2: Path) -> None:
    rows = BertScore(str(tiny_gpt2)).rows(examples(["가 나 다 라 " * 30, "가"], ["가 나", "가 나"]))
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("kind", ["tiny_bert", "tiny_gpt2", "tiny_t5"])
def test_rows_do_not_depend_on_their_batch(kind: str, request: pytest.FixtureRequest) -> None:
    folder = str(request.getfixturevalue(kind))
    together = BertScore(folder, cache_bytes=0).rows(examples())
    alone = [BertScore(folder, budget=1, cache_bytes=0).rows([row]) for row in examples()]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)


@pytest.mark.parametrize("cache_bytes", [0, 1 << 30])
def test_bounded_memory_changes_no_number_and_embeds_no_text_twice(
    tiny_bert: Path, monkeypatch: pytest.MonkeyPatch, cache_bytes: int
) -> None:
    rows = examples(ANSWERS * 4, SEVERAL * 4)
    expected = BertScore(str(tiny_bert), 2, cache_bytes=0).rows(rows)
    monkeypatch.setattr(bertscore, "_TABLE_BYTES", 4 * 16 * 40)
    metric = BertScore(str(tiny_bert), 2, cache_bytes=cache_bytes)
    np.testing.assert_allclose(metric.rows(rows), expected, atol=1e-6)
    distinct = {*ANSWERS, *(gold for golds in SEVERAL for gold in golds)}
    assert metric.report.embedded == len(distinct)


def test_a_second_run_takes_the_references_from_disk(tiny_bert: Path, tmp_path: Path) -> None:
    first = BertScore(str(tiny_bert), 2)
    expected = first.rows(examples())
    assert (first.report.embedded, first.report.cached) == (10, 0)
    assert list((tmp_path / "cache/leaderkit/bertscore").glob("*.safetensors"))
    second = BertScore(str(tiny_bert), 2)
    np.testing.assert_array_equal(second.rows(examples()), expected)
    assert (second.report.embedded, second.report.cached) == (5, 5)
    other_layer = BertScore(str(tiny_bert), 1)
    other_layer.rows(examples())
    assert other_layer.report.cached == 0


def test_cut_texts_are_counted_when_they_come_from_disk(tiny_bert: Path) -> None:
    rows = examples(["가"], ["가 나 다 라 마 바 사 " * 10])
    BertScore(str(tiny_bert)).rows(rows)
    metric = BertScore(str(tiny_bert))
    metric.rows(rows)
    assert (metric.report.cached, metric.report.cut) == (1, 1)


def test_nothing_is_written_with_the_cache_off(tiny_bert: Path, tmp_path: Path) -> None:
    build_metric(f"bertscore:model={tiny_bert},cache=off").rows(examples())
    assert not (tmp_path / "cache/leaderkit").exists()
    build_metric(f"bertscore:model={tiny_bert},cache={tmp_path / 'mine'}").rows(examples())
    assert list((tmp_path / "mine").iterdir())


def test_scores_come_out_where_nothing_can_be_kept(
    tiny_bert: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    metric = BertScore(str(tiny_bert), cache=tmp_path / "file" / "folder")
    assert np.isfinite(metric.rows(examples())).all()
    assert "cannot be cached" in caplog.text


def test_rescaling_with_a_file_agrees_with_the_package(tiny_bert: Path, tmp_path: Path) -> None:
    numbers = "LAYER,P,R,F\n0,0.1,0.1,0.1\n1,0.2,0.2,0.2\n2,0.3,0.4,0.35\n"
    (tmp_path / "zero.tsv").write_text(numbers, encoding="utf-8")
    baseline = str(tmp_path / "zero.tsv")
    expected = package(
        tiny_bert, ANSWERS, GOLDS, rescale_with_baseline=True, lang="ko", baseline_path=baseline
    )
    places: dict[Stat, int] = {"p": 0, "r": 1, "f": 2}
    for stat, place in places.items():
        metric = BertScore(str(tiny_bert), 2, stat=stat, baseline=baseline)
        np.testing.assert_allclose(metric.rows(examples()), expected[place], atol=1e-5)
    # An empty answer has the raw score 0, which lies below what unrelated sentences have.
    assert metric.rows(examples([""], ["가"]))[0] == pytest.approx(-0.35 / 0.65)
    assert re.search(r"rescale:zero\.tsv@[0-9a-f]{8}", str(metric.signature))


def test_korean_has_no_baseline_and_that_is_an_error(tiny_bert: Path) -> None:
    with pytest.raises(EvaluationError, match=r"no numbers for .* and 'ko'.*use baseline=FILE"):
        BertScore(str(tiny_bert), baseline="ko")


def test_fast_is_a_proxy_with_its_difference_measured(
    tiny_bert: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exact = BertScore(str(tiny_bert), 2)
    expected = exact.rows(examples())
    metric = build_metric(f"bertscore:model={tiny_bert},layer=2,fast=1")
    assert isinstance(metric, BertScore)
    rows = metric.rows(examples())
    assert metric.proxy
    assert not exact.proxy
    assert "dtype:bfloat16" in str(metric.signature)
    assert metric.report.fast.rows == len(ANSWERS)
    assert metric.report.fast.largest == pytest.approx(np.abs(rows - expected).max(), abs=1e-6)
    assert 0 < metric.report.fast.largest < 0.05
    assert "off float32" in caplog.text


def test_the_last_layer_is_taken_for_a_model_of_ones_own_and_signed(tiny_bert: Path) -> None:
    text = str(BertScore(str(tiny_bert)).signature)
    assert text.startswith("bertscore|refs:max|stat:f|model:tiny-bert@")
    assert "|layer:3|idf:0|rescale:0|v:" in text


def test_a_layer_the_model_lacks_is_refused(tiny_bert: Path) -> None:
    with pytest.raises(EvaluationError, match=r"layers 0 to 3, not 9: use layer=3"):
        BertScore(str(tiny_bert), 9)


def test_a_model_that_cannot_be_loaded_says_what_to_do() -> None:
    with pytest.raises(EvaluationError) as caught:
        BertScore("nobody/no-such-model")
    assert "bertscore:model=PATH" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_rows_give_no_scores(tiny_bert: Path) -> None:
    assert BertScore(str(tiny_bert)).rows([]).shape == (0,)


def test_progress_counts_every_text_once(tiny_bert: Path) -> None:
    told: list[Any] = []

    class Ear:
        def begin(self, total: int, unit: str) -> None:
            told.append((total, unit))

        def advance(self, count: int) -> None:
            told.append(count)

    with listening(Ear()):
        BertScore(str(tiny_bert), cache_bytes=0).rows(
            [Example("1", "벽지", ("도배", "벽지")), Example("2", "벽지", ("",))]
        )
    (total, unit), *counts = told
    assert (sum(counts), total, unit) == (2, 2, "texts")


def test_equal_texts_score_one_at_most(tiny_bert: Path) -> None:
    metric = BertScore(str(tiny_bert), cache_bytes=0)
    texts = [text for text in GOLDS for _ in range(3)]
    rows = metric.rows([Example(str(n), text, (text,)) for n, text in enumerate(texts)])
    assert rows.max() <= 1
    assert rows == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", ["/nope", "./nope", "../nope", "~/nope", "a/b/c"])
def test_a_folder_that_is_not_there_is_called_one(name: str) -> None:
    with pytest.raises(ModelUnavailableError, match="there is no such folder"):
        BertScore(name)


def test_without_the_hub_no_argument_of_a_library_is_named() -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        BertScore("nobody/no-such-model")
    assert "local_files_only" not in str(caught.value)


def test_weights_or_a_vocabulary_that_are_missing_are_not_made_up(
    tiny_bert: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny_bert, tmp_path / "bert")
    file = folder / "model.safetensors"
    weights = {key: each for key, each in load_file(file).items() if "layer.0.output" not in key}
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(EvaluationError, match=r"lacks \d weights, such as .*layer\.0\.output"):
        TokenEncoder(str(folder), 1, device="cpu")
    for each in folder.glob("*token*"):
        each.unlink()
    with pytest.raises(EvaluationError, match=r"has no vocabulary|cannot be loaded"):
        TokenEncoder(str(folder), 1, device="cpu")
