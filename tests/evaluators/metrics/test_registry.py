from __future__ import annotations

from pathlib import Path

import pytest

from evaluators import (
    Cosine,
    EvaluationError,
    Example,
    OfflineEncoder,
    available,
    build_metric,
    parse_spec,
)
from evaluators.metrics.registry import direction_of

NAMES = {
    "accuracy",
    "auc",
    "balanced-accuracy",
    "bertscore",
    "bleu",
    "bleu1",
    "choice-read",
    "chrf",
    "cosine",
    "em",
    "f1",
    "jaccard",
    "kappa",
    "keyword-recall",
    "language-match",
    "logloss",
    "macro-f1",
    "mae",
    "map",
    "mcc",
    "micro-f1",
    "pearson",
    "rmse",
    "rouge1",
    "rouge2",
    "rougeL",
    "rougeLsum",
    "rougeW",
    "spearman",
    "weighted-f1",
}


def test_every_metric_is_listed_with_its_help_and_needs() -> None:
    entries = available()
    assert {entry.name for entry in entries} >= NAMES
    assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
    assert all(entry.help and entry.needs for entry in entries)


def test_a_spec_is_read_and_written_back() -> None:
    spec = parse_spec(" f1:rule=korquad1, references=max ")
    assert spec.name == "f1"
    assert spec.options == (("rule", "korquad1"), ("references", "max"))
    assert str(spec) == "f1:rule=korquad1,references=max"
    assert str(parse_spec("jaccard")) == "jaccard"


def test_the_listed_direction_is_the_metrics_own() -> None:
    lower = {entry.name for entry in available() if entry.direction == "lower"}
    assert lower == {"logloss", "mae", "rmse"}
    simple = [entry.name for entry in available() if entry.needs == "nothing"]
    assert len(simple) > 20
    for name in simple:
        assert build_metric(name).direction == direction_of(name)


def test_a_value_may_hold_colons_and_equals_signs() -> None:
    assert parse_spec("bertscore:model=/m/a=b:c,layer=9").options[0] == ("model", "/m/a=b:c")


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("cosin", ["no metric 'cosin'", "perhaps 'cosine'", "use one of cosine", "in all)"]),
        ("", ["no metric ''", "use one of accuracy"]),
        ("F1", ["perhaps 'f1'"]),
        ("acc", ["perhaps 'accuracy'", "use one of accuracy"]),
        ("f1:ref=max", ["perhaps 'references'"]),
        ("f1:rul=squad", ["f1 has no option 'rul'", "perhaps 'rule'", "references, rule"]),
        ("f1:rule=korquad", ["rule='korquad'", "squad, korquad1, korquad2"]),
        ("cosine:references=median", ["first, mean, max"]),
        ("cosine:clip=maybe", ["clip='maybe'", "true"]),
        ("bertscore:model=x,layer=nine", ["layer='nine'", "whole number"]),
        ("bertscore:model=", ["model has no value"]),
        ("f1:rule", ["'rule' is not an option"]),
        ("f1:rule=squad,rule=inha", ["rule is given twice"]),
        ("macro-f1:x=1", ["macro-f1 has no option 'x'", "takes none"]),
    ],
)
def test_a_bad_spec_names_what_there_is(spec: str, parts: list[str]) -> None:
    with pytest.raises(EvaluationError) as caught:
        parse_spec(spec)
    for part in parts:
        assert part in str(caught.value)


def test_options_reach_the_metric() -> None:
    signature = str(build_metric("f1:rule=korquad1,references=mean").signature)
    assert signature.startswith("f1|rule:korquad1|refs:mean|")
    cosine = build_metric("cosine:clip=0,references=max", encoder_factory=lambda: OfflineEncoder(8))
    assert "|refs:max|" in str(cosine.signature)
    assert "|clip:0|" in str(cosine.signature)
    assert cosine.proxy


def test_the_callers_aggregation_applies_only_where_the_metric_leaves_it_open() -> None:
    def refs(spec: str) -> str:
        metric = build_metric(
            spec, encoder_factory=lambda: OfflineEncoder(8), default_references="first"
        )
        return dict(metric.signature.options)["refs"]

    assert refs("cosine") == refs("jaccard") == "first"
    assert refs("f1") == refs("em") == refs("accuracy") == "max"
    assert refs("f1:references=mean") == "mean"


def test_the_encoder_is_made_only_for_a_metric_that_embeds() -> None:
    def never() -> OfflineEncoder:
        raise AssertionError

    build_metric("jaccard", encoder_factory=never)
    with pytest.raises(AssertionError):
        build_metric("cosine", encoder_factory=never)


def test_a_missing_encoder_or_model_says_which_option_helps() -> None:
    with pytest.raises(EvaluationError, match="--encoder"):
        build_metric("cosine")
    with pytest.raises(EvaluationError, match="bertscore:model=PATH"):
        build_metric("bertscore")


def test_bertscore_is_built_from_a_folder(tiny_bert: Path) -> None:
    metric = build_metric(f"bertscore:model={tiny_bert},layer=2", default_references="mean")
    assert dict(metric.signature.options)["layer"] == "2"
    assert metric.rows([Example("1", "가", ("가",))])[0] == pytest.approx(1.0, abs=1e-5)


def test_built_metrics_are_those_of_the_package() -> None:
    assert isinstance(build_metric("cosine", encoder_factory=OfflineEncoder), Cosine)
