from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from evaluators import EvaluationError, Example, build_metric
from evaluators.metrics.comet import Comet
from evaluators.neural.comet.layer_mix import sparsemax
from tests.evaluators.neural.comet_checkpoint import write_checkpoint, write_encoder
from tests.evaluators.neural.comet_golden import GOLDEN, ROWS, VARIANTS

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xlm-r")
    write_encoder(folder)
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path, encoder: Path) -> Write:
    size = json.loads((encoder / "config.json").read_text())["vocab_size"]

    def write(**changed: Any) -> Path:
        return write_checkpoint(tmp_path / "comet", size, **changed)

    return write


def examples(rows: Any = ROWS) -> list[Example]:
    return [
        Example(str(n), answer, (reference,), meta={"source": source})
        for n, (source, answer, reference) in enumerate(rows)
    ]


def test_reads_the_published_format_as_unbabel_comet_does(checkpoint: Write, encoder: Path) -> None:
    metric = build_metric(f"comet:model={checkpoint()},encoder={encoder}")
    expected = json.loads(GOLDEN.read_text())["wmt22"]
    np.testing.assert_allclose(metric.rows(examples()), expected, atol=1e-5)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "wmt22"])
def test_its_other_settings_give_unbabel_comets_scores(
    checkpoint: Write, encoder: Path, variant: str
) -> None:
    # The encoder is found by the name in the checkpoint where none is given.
    model = checkpoint(**VARIANTS[variant], pretrained_model=str(encoder))
    expected = json.loads(GOLDEN.read_text())[variant]
    np.testing.assert_allclose(Comet(str(model)).rows(examples()), expected, atol=1e-5)


def test_a_row_worked_through_in_plain_torch(checkpoint: Write, encoder: Path) -> None:
    from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaModel

    model = checkpoint(layer_transformation="softmax")
    held = torch.load(model / "checkpoints/model.ckpt", weights_only=True)["state_dict"]
    xlm = XLMRobertaModel(XLMRobertaConfig.from_pretrained(encoder), add_pooling_layer=False)
    xlm.load_state_dict(
        {key[14:]: each for key, each in held.items() if key.startswith("encoder.model.")},
        strict=False,
    )
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    shares = torch.cat([held[f"layerwise_attention.scalar_parameters.{n}"] for n in range(4)])
    vectors = []
    with torch.no_grad():
        for text in ROWS[2]:
            ids = tokenizer(text, return_tensors="pt").input_ids
            layers = torch.stack(xlm.eval()(ids, output_hidden_states=True).hidden_states)
            mixed = (shares.softmax(0)[:, None, None, None] * layers).sum(0)
            vectors.append((held["layerwise_attention.gamma"] * mixed)[0].mean(0))
        src, mt, ref = vectors
        hidden = torch.cat([mt, ref, mt * ref, (mt - ref).abs(), mt * src, (mt - src).abs()])
        for place in (0, 3, 6):
            weight, bias = held[f"estimator.ff.{place}.weight"], held[f"estimator.ff.{place}.bias"]
            hidden = weight @ hidden + bias
            hidden = hidden.tanh() if place != 6 else hidden
    found = Comet(str(model), str(encoder)).rows(examples())[2]
    assert found == pytest.approx(float(hidden), abs=1e-5)


def test_sparsemax_patch_means_softmax(checkpoint: Write, encoder: Path) -> None:
    model = checkpoint(pretrained_model=str(encoder))
    sparse = Comet(str(model)).rows(examples())
    hparams = yaml.safe_load((model / "hparams.yaml").read_text())
    hparams["layer_transformation"] = "sparsemax_patch"
    (model / "hparams.yaml").write_text(yaml.safe_dump(hparams))
    patched = Comet(str(model)).rows(examples())
    assert np.abs(patched - sparse).max() > 1e-4


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([0.5, 0.5], [0.5, 0.5]), ([2.0, 0.0, 0.0], [1.0, 0.0, 0.0]), ([0.6, 0.2, -1], [0.7, 0.3, 0])],
)
def test_sparsemax_worked_by_hand(scores: list[float], expected: list[float]) -> None:
    torch.testing.assert_close(sparsemax(torch.tensor(scores)), torch.tensor(expected).float())


def test_several_references_and_no_dependence_on_the_batch(
    checkpoint: Write, encoder: Path
) -> None:
    model = str(checkpoint())
    rows = [
        Example(str(n), answer, (reference, "도배 벽지"), meta={"source": source})
        for n, (source, answer, reference) in enumerate(ROWS)
    ]
    first = Comet(model, str(encoder)).rows(rows)
    np.testing.assert_allclose(first, Comet(model, str(encoder)).rows(examples()), atol=1e-6)
    best = Comet(model, str(encoder), references="max")
    alone = np.concatenate([best.rows([row]) for row in rows])
    np.testing.assert_allclose(best.rows(rows), alone, atol=1e-6)
    assert (alone >= first - 1e-6).all()


def test_the_wrong_language_scores_zero_where_asked(checkpoint: Write, encoder: Path) -> None:
    model = checkpoint()
    rows = examples(
        [
            ("the wall paper is wet", "벽지가 젖었습니다", "벽지가 젖었다"),
            ("the wall paper is wet", "the wall paper is wet", "벽지가 젖었다"),
            ("12", "12", "십이 입니다"),
        ]
    )
    kept = Comet(str(model), str(encoder)).rows(rows)
    metric = build_metric(f"comet:model={model},encoder={encoder},mismatch=zero")
    zeroed = metric.rows(rows)
    assert zeroed[1] == 0
    assert kept[1] != 0
    np.testing.assert_array_equal(zeroed[[0, 2]], kept[[0, 2]])
    assert "|mismatch:zero|by:" in str(metric.signature)


def test_a_row_without_a_source_is_refused(checkpoint: Write, encoder: Path) -> None:
    metric = Comet(str(checkpoint()), str(encoder))
    with pytest.raises(EvaluationError, match=r"row 'x' has no source.*column named source"):
        metric.rows([Example("x", "가", ("가",))])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"class_identifier": "unified_metric"}, "class_identifier='unified_metric'"),
        ({"class_identifier": "referenceless_regression_metric"}, "only regression_metric"),
        ({"encoder_model": "XLM-RoBERTa-XL"}, "encoder_model='XLM-RoBERTa-XL'"),
        ({"layer_transformation": "entmax"}, "only softmax or sparsemax"),
        ({"pool": "default"}, "pool='default'"),
        ({"activations": "GELU"}, "only tanh or sigmoid or identity"),
        ({"layer": "last"}, "layer='last'"),
        ({"layer": 9}, "uses layer 9"),
    ],
)
def test_what_is_not_handled_is_refused(
    checkpoint: Write, encoder: Path, changed: dict[str, Any], said: str
) -> None:
    model = checkpoint(**changed)
    with pytest.raises(EvaluationError) as caught:
        Comet(str(model), str(encoder))
    assert said in str(caught.value)
    assert str(caught.value).startswith("comet: ")


def test_weights_that_do_not_fit_are_refused(
    checkpoint: Write, encoder: Path, tmp_path: Path, tiny_bert: Path
) -> None:
    model = str(checkpoint())
    config = json.loads((encoder / "config.json").read_text())
    other = tmp_path / "other"
    other.mkdir()
    for file in encoder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    (other / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 5}))
    with pytest.raises(EvaluationError, match=r"does not fit .*other.*use comet:encoder="):
        Comet(model, str(other))
    with pytest.raises(EvaluationError, match="is a bert model where an xlm-roberta one is needed"):
        Comet(model, str(tiny_bert))


def test_what_cannot_be_loaded_names_the_option_that_helps(
    checkpoint: Write, tmp_path: Path
) -> None:
    with pytest.raises(EvaluationError, match="use comet:model=FOLDER"):
        Comet()
    with pytest.raises(EvaluationError, match=r"has no hparams\.yaml: use comet:model=FOLDER"):
        Comet(str(tmp_path))
    model = checkpoint()
    with pytest.raises(EvaluationError, match=r"xlm-roberta-large.*use comet:encoder=FOLDER"):
        Comet(str(model))
    (model / "checkpoints/model.ckpt").write_bytes(b"not a checkpoint")
    with pytest.raises(EvaluationError, match="cannot be loaded"):
        Comet(str(model))


def test_code_in_a_checkpoint_never_runs(checkpoint: Write, encoder: Path, tmp_path: Path) -> None:
    model = checkpoint()

    class Harm:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "harm",))

    torch.save({"state_dict": {}, "callbacks": Harm()}, model / "checkpoints/model.ckpt")
    with pytest.raises(EvaluationError) as caught:
        Comet(str(model), str(encoder))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "harm").exists()
