from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import build_metric, choice
from evaluators.base import Example
from evaluators.consensus import least_risk, majority, utilities
from evaluators.metrics.text_f1 import TextF1


def test_the_most_frequent_answer_wins() -> None:
    assert majority(["서울", "부산", "서울"]) == (0, 2)
    assert majority(["부산", "서울", "서울"]) == (1, 2)


def test_spacing_and_case_are_no_other_answer() -> None:
    assert majority(["부산", "서울 특별시", "서울특별시"]) == (1, 2)
    assert majority(["A", "LH공사", "lh 공사"]) == (1, 2)
    # A point is: 1.5 is not 15.
    assert majority(["15", "1.5", "1.5"]) == (1, 2)


def test_a_tie_goes_to_the_highest_sum_of_pairwise_character_f1() -> None:
    # By hand, characters without spaces. F1(ab,abc) = 4/5, F1(ab,xy) = 0, F1(abc,xy) = 0;
    # F1(abc,abcd) = 6/7, F1(ab,abcd) = 2/3: sums 22/15, 58/35 and 32/21.
    assert majority(["ab", "abc", "abcd"]) == (1, 1)
    assert majority(["xy", "abcd", "abc"]) == (1, 1), "two equal sums: the first"
    assert majority(["xy", "ab", "xy", "abc", "ab"]) == (1, 2), "ab has abc, too"


def test_a_vote_may_be_read_from_the_answer() -> None:
    texts = ["2", "정답은 3번입니다.", "③"]
    assert majority(texts, lambda text: choice(text) or text) == (1, 2)


def test_nobody_to_vote_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        majority([])


def test_utilities_are_means_over_the_others() -> None:
    metric = TextF1("korquad1")
    first, second = utilities(metric, [["ab", "abc", "abcd"], ["가", "가", "나"]])
    assert first == pytest.approx([(4 / 5 + 2 / 3) / 2, (4 / 5 + 6 / 7) / 2, (2 / 3 + 6 / 7) / 2])
    assert second == pytest.approx([0.5, 0.5, 0.0])
    assert (least_risk(first), least_risk(second)) == (1, 0)


def test_what_is_lower_and_better_is_turned_around() -> None:
    class Distance(TextF1):
        direction = "lower"

        def rows(self, examples: Sequence[Example]) -> np.ndarray:
            return 1.0 - super().rows(examples)

    (found,) = utilities(Distance("korquad1"), [["ab", "abc", "zz"]])
    assert least_risk(found) in (0, 1)
    assert found[2] == -1.0


def test_pairs_without_a_score_do_not_count() -> None:
    class Half(TextF1):
        def rows(self, examples: Sequence[Example]) -> np.ndarray:
            scores = super().rows(examples)
            return np.where([example.references == ("?",) for example in examples], np.nan, scores)

    (found,) = utilities(Half("korquad1"), [["ab", "abc", "?"]])
    assert found == pytest.approx([4 / 5, 4 / 5, 0.0])
    (alone,) = utilities(Half("korquad1"), [["ab", "?"]])
    assert alone[0] == -np.inf
    assert least_risk(alone) == 1


@pytest.mark.parametrize("spec", ["chrf", "rougeL", "jaccard", "bleu", "em:rule=nikl"])
def test_any_metric_may_decide(spec: str) -> None:
    texts = ["벽지를 잘 말려야 합니다.", "벽지를 잘 말려야 합니다!", "타일을 깨끗이 닦으세요."]
    (found,) = utilities(build_metric(spec), [texts])
    assert least_risk(found) in (0, 1)


texts = st.lists(st.sampled_from(["가", "나", "가 나", "나 다", ""]), min_size=2, max_size=6)


@given(texts)
def test_what_is_taken_is_a_candidate_that_nobody_beats(candidates: list[str]) -> None:
    place, votes = majority(candidates)
    key = "".join(candidates[place].split())
    counts = ["".join(text.split()) for text in candidates]
    assert votes == counts.count(key) == max(map(counts.count, counts))
    (found,) = utilities(TextF1("inha"), [candidates])
    assert found.max() == pytest.approx(found[least_risk(found)])
    assert found.shape == (len(candidates),)
