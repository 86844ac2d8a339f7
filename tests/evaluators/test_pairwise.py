"""Mean scores over all pairs against the metrics' own rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators import Cosine, Example, Metric, OfflineEncoder, Weighted, build_metric, pairwise
from evaluators.metrics.jaccard import Jaccard
from evaluators.pairwise import mean_scores

METRICS: dict[str, Metric] = {
    "cosine": Cosine(OfflineEncoder(32)),
    "cosine unclipped": Cosine(OfflineEncoder(32), clip=False),
    "jaccard": Jaccard(),
    **{f"f1 {rule}": build_metric(f"f1:rule={rule}") for rule in ("squad", "korquad1", "inha")},
    "em, without a short way": build_metric("em"),
    "weighted": Weighted([(0.7, Cosine(OfflineEncoder(32))), (0.3, Jaccard())]),
    "weighted, nested": Weighted(
        [(-0.5, Weighted([(2.0, Jaccard())])), (-1.0, build_metric("f1:rule=inha"))]
    ),
}
# Few letters, so that texts share some; quotes, case, spaces and nothing at all.
TEXT = st.text(alphabet="가나다aA '\"《》.\n", max_size=8)


def one_by_one(metric: Metric, candidates: list[str], references: list[str]) -> np.ndarray:
    return np.array([
        np.mean([metric.rows([Example("", text, (gold,))])[0] for gold in references])
        for text in candidates
    ])  # fmt: skip


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=40, deadline=None)
@given(
    candidates=st.lists(TEXT, min_size=1, max_size=5),
    references=st.lists(TEXT, min_size=1, max_size=5),
)
def test_every_candidates_mean_is_that_of_its_rows(
    name: str, candidates: list[str], references: list[str]
) -> None:
    metric = METRICS[name]
    np.testing.assert_allclose(
        mean_scores(metric, candidates, references),
        one_by_one(metric, candidates, references),
        rtol=1e-6,
        atol=1e-7,
    )


@pytest.mark.parametrize("name", METRICS)
def test_nothing_but_empty_texts_is_no_accident(
    name: str, recwarn: pytest.WarningsRecorder
) -> None:
    metric = METRICS[name]
    found = mean_scores(metric, ["", "가"], [""])
    np.testing.assert_allclose(found, one_by_one(metric, ["", "가"], [""]))
    assert not recwarn.list


def test_worked_by_hand() -> None:
    # "가 나" against "가 나", "나 다" and "라": 1, 1/3, 0.
    assert mean_scores(Jaccard(), ["가 나"], ["가 나", "나 다", "라"]) == pytest.approx([4 / 9])
    # Characters of "가가나" against "가나나": two of three shared.
    assert mean_scores(METRICS["f1 inha"], ["가가나"], ["가나나"]) == pytest.approx([2 / 3])


@pytest.mark.parametrize("name", ["cosine", "jaccard", "f1 korquad1"])
def test_the_result_does_not_depend_on_the_blocks(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["가 나", "나", "", "다 가 나", "라", "나 나"]
    whole = mean_scores(METRICS[name], texts, texts)
    monkeypatch.setattr(pairwise, "_CELLS_AT_ONCE", 7)
    np.testing.assert_allclose(mean_scores(METRICS[name], texts, texts), whole, rtol=1e-6)
