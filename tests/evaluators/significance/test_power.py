from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import norm

from evaluators import EvaluationError, Example, Signature, build_metric, paired_test
from evaluators.metrics.summed import Summed
from evaluators.significance import compare_answers, detectable_by, detectable_difference

TRIALS = 1000


class Ratios(Summed):
    """A corpus score: the sum of what rows got over the sum of what they could get."""

    name = "ratios"
    proxy = False
    signature = Signature.of("ratios")

    def __init__(self, got: dict[str, np.ndarray], most: np.ndarray) -> None:
        self.got, self.most = got, most

    def rows(self, examples: Sequence[Example]) -> np.ndarray:
        return self.got[examples[0].answer] / self.most

    def statistics(self, examples: Sequence[Example]) -> np.ndarray:
        return np.column_stack([self.got[examples[0].answer], self.most])

    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        return sums[:, 0] / sums[:, 1]


def better_share(true_difference: float, rows: int, deviation: float) -> float:
    """How often the paired test calls A better, or at 0 either of them."""
    random = np.random.default_rng(11)
    found = 0
    for trial in range(TRIALS):
        b = random.normal(0.5, 0.2, rows)
        a = b + random.normal(true_difference, deviation, rows)
        result = paired_test(a, b, resamples=399, seed=trial)
        found += result.p_value <= 0.05 and (result.difference > 0 or not true_difference)
    return found / TRIALS


@pytest.mark.parametrize("rows", [20, 130])
def test_the_stated_difference_is_found_four_times_in_five(rows: int) -> None:
    pilot = np.random.default_rng(5).normal(0, 1, rows)
    pilot = 0.1 * (pilot - pilot.mean()) / pilot.std(ddof=1)
    stated = detectable_difference(0.5 + pilot, np.full(rows, 0.5))
    assert stated.deviation == pytest.approx(0.1)
    assert 0.75 <= better_share(stated.difference, rows, 0.1) <= 0.85


def test_false_alarms_are_five_in_a_hundred() -> None:
    assert 0.036 <= better_share(0.0, 130, 0.1) <= 0.064


def test_with_many_rows_it_is_the_normal_formula() -> None:
    random = np.random.default_rng(0)
    a, b = random.random((2, 20_000))
    found = detectable_difference(a, b)
    expected = (norm.ppf(0.975) + norm.ppf(0.8)) * (a - b).std(ddof=1) / np.sqrt(20_000)
    assert found.difference == pytest.approx(expected, rel=1e-3)
    assert (found.alpha, found.power, found.n) == (0.05, 0.8, 20_000)


def test_twelve_rows_by_the_tables_of_t() -> None:
    # With 11 degrees of freedom t is 2.201 at .975 and 1.363 at .90.
    scale = np.sqrt(1.5682)
    rows = np.array([-1.0, 1.0] * 6) * scale * np.sqrt(11 / 12)
    found = detectable_difference(rows, np.zeros(12), power=0.9)
    assert found.difference == pytest.approx(np.sqrt(1.5682 / 12) * (2.201 + 1.363), abs=1e-3)


def test_rows_that_all_differ_alike_show_any_difference() -> None:
    assert detectable_difference([0.5, 0.5], [0.5, 0.5]).difference == 0


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (1, {}, "at least two"),
        (5, {"alpha": 0}, "between 0 and 1"),
        (5, {"power": 1.0}, "between 0 and 1"),
    ],
)
def test_what_tells_nothing_is_refused(rows: int, options: dict[str, float], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        detectable_difference([0.5] * rows, [0.4] * rows, **options)


def test_of_a_corpus_score_it_is_that_of_the_rows_behind_it() -> None:
    """Of a score that is a mean of rows in disguise, both ways give nearly the same number."""
    random = np.random.default_rng(2)
    scores = {name: random.normal(0.5, 0.1, 400) for name in "ab"}
    a, b = ([Example(str(n), name, ("",)) for n in range(400)] for name in "ab")

    metric = Ratios(scores, np.ones(400))
    by_rows = detectable_difference(scores["a"], scores["b"])
    by_sums = detectable_by(metric, a, b)
    assert by_sums is not None
    assert by_sums.difference == pytest.approx(by_rows.difference, rel=0.05)
    assert by_sums.deviation == pytest.approx(by_rows.deviation, rel=0.05)
    assert detectable_by(metric, a, a) is None


def test_rows_that_do_not_differ_tell_nothing() -> None:
    metric = build_metric("jaccard")
    same = [Example(str(n), "가 나", ("가",)) for n in range(5)]
    other = [Example(str(n), "가" if n else "나", ("가",)) for n in range(5)]
    assert detectable_by(metric, same, same) is None
    assert detectable_by(metric, same[:1], other[:1]) is None
    found = detectable_by(metric, same, other)
    assert found == detectable_difference([0.5] * 5, [0, 1, 1, 1, 1])


def test_of_a_corpus_score_the_stated_difference_is_found_as_often() -> None:
    random = np.random.default_rng(17)
    rows = 130
    most = random.integers(5, 16, rows).astype(np.float64)
    a, b = ([Example(str(n), name, ("",)) for n in range(rows)] for name in "ab")

    def pair(true_difference: float) -> Ratios:
        base = random.normal(0.5, 0.2, rows)
        other = base + random.normal(true_difference, 0.1, rows)
        return Ratios({"a": other * most, "b": base * most}, most)

    stated = float(np.mean([detectable_by(pair(0.0), a, b).difference for _ in range(20)]))
    found = {}
    for true_difference in (0.0, stated):
        results = [
            compare_answers(pair(true_difference), a, b, resamples=399, seed=trial)
            for trial in range(TRIALS)
        ]
        found[true_difference] = np.mean(
            [
                each.p_value <= 0.05 and (each.difference > 0 or not true_difference)
                for each in results
            ]
        )
    assert 0.75 <= found[stated] <= 0.85
    assert 0.036 <= found[0.0] <= 0.064
