from __future__ import annotations

import numpy as np
import pytest

from evaluators import (
    EvaluationError,
    Example,
    Jaccard,
    bootstrap_interval,
    build_metric,
    compare_answers,
    score_examples,
)

GOLDS = ("가", "가 나", "가 다", "나 다 라")
EXAMPLES = [Example(str(n), "가 나", (GOLDS[n % 4],)) for n in range(30)]


def test_a_score_is_mean_interval_and_signature() -> None:
    metric = Jaccard()
    result = score_examples(metric, EXAMPLES, resamples=999, seed=4)
    rows = metric.rows(EXAMPLES)
    assert result.value == pytest.approx(rows.mean())
    assert (result.low, result.high) == bootstrap_interval(rows, resamples=999, seed=4)
    assert (result.metric, result.n, result.direction) == ("jaccard", 30, "higher")
    assert result.signature == str(metric.signature)
    assert not result.proxy
    np.testing.assert_array_equal(result.rows, rows)


def test_the_same_seed_gives_the_same_score() -> None:
    once, again = (score_examples(Jaccard(), EXAMPLES, resamples=99) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("spec", ["jaccard", "bleu", "macro-f1", "kappa"])
def test_one_row_has_no_interval(spec: str) -> None:
    result = score_examples(build_metric(spec), EXAMPLES[1:2])
    assert np.isnan([result.low, result.high]).all()
    assert (result.to_dict()["low"], result.to_dict()["high"]) == (None, None)
    tested = compare_answers(build_metric(spec), EXAMPLES[1:2], EXAMPLES[1:2])
    assert np.isnan([tested.low, tested.high]).all()


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="nothing to score"):
        score_examples(Jaccard(), [])


@pytest.mark.parametrize(("answer", "gold"), [("가\ud800", "가"), ("가", "나\udcff")])
def test_half_a_character_is_refused_whatever_the_metric(answer: str, gold: str) -> None:
    for metric in ("em", "bleu", "f1:rule=korquad2", "macro-f1"):
        with pytest.raises(EvaluationError, match="row 'x' holds a lone surrogate"):
            score_examples(build_metric(metric), [Example("x", answer, (gold,))])
