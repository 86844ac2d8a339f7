from __future__ import annotations

import random
from typing import Any

import pytest
import pytrec_eval as trec
from hypothesis import given
from hypothesis import strategies as st

from evaluators import EvaluationError
from evaluators.retrieval import (
    METRICS,
    Query,
    answer_ranks,
    average_precision,
    by_category,
    evaluate,
    evaluate_answers,
    ndcg,
    precision,
    ranked,
    reciprocal_rank,
    require_known,
    tabulate,
)

# The example of ranx's README (v0.3): two queries with graded gold documents.
QUERIES = [
    Query("q_1", {"d_12": 5, "d_25": 3}),
    Query("q_2", {"d_11": 6, "d_22": 1}),
]
RUN = {
    "q_1": ["d_12", "d_23", "d_25", "d_36", "d_32", "d_35"],
    "q_2": ["d_12", "d_11", "d_25", "d_36", "d_22", "d_35"],
}


def mean(score: Any, *given: Any) -> float:
    return sum(score(RUN[query.id], query.gold, *given) for query in QUERIES) / len(QUERIES)


def test_the_numbers_of_ranx_come_out() -> None:
    # Its README; pytrec-eval-terrier and ir_measures agree.
    assert mean(ndcg, 5) == pytest.approx(0.7861261)
    assert mean(average_precision, 5) == pytest.approx(0.6416667)
    assert mean(reciprocal_rank) == 0.75
    # ranx' nDCG with the gain of Burges et al.
    assert mean(ndcg, 5, "exponential") == pytest.approx(0.8024377)


rankings = st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=20)
golds = st.dictionaries(st.integers(0, 30), st.integers(1, 3), min_size=1, max_size=8)


@given(ranking=rankings, gold=golds, k=st.integers(1, 25))
def test_every_metric_equals_trec_eval(ranking: list[int], gold: dict[int, int], k: int) -> None:
    ids = [f"d{each:02}" for each in ranking]
    grades = {f"d{each:02}": grade for each, grade in gold.items()}
    # trec_eval sorts ties in its own way: scores that differ leave it none.
    scores = {each: float(len(ids) - place) for place, each in enumerate(ids)}
    wanted = {f"recall.{k}", f"P.{k}", f"ndcg_cut.{k}", f"map_cut.{k}", f"success.{k}"}
    found = trec.RelevanceEvaluator({"q": grades}, wanted | {"recip_rank"}).evaluate({"q": scores})[
        "q"
    ]
    cut = trec.RelevanceEvaluator({"q": grades}, {"recip_rank"}).evaluate(
        {"q": {each: scores[each] for each in ids[:k]}}
    )["q"]
    ours = {name: score(ids, grades, k) for name, score in METRICS.items()}
    assert ours["recall"] == pytest.approx(found[f"recall_{k}"])
    assert ours["precision"] == pytest.approx(found[f"P_{k}"])
    assert ours["ndcg"] == pytest.approx(found[f"ndcg_cut_{k}"])
    assert ours["map"] == pytest.approx(found[f"map_cut_{k}"])
    assert ours["hit"] == found[f"success_{k}"]
    # Its reciprocal rank has no cut.
    assert ours["mrr"] == pytest.approx(cut["recip_rank"])


@given(ranking=rankings, gold=golds)
def test_more_passages_never_lower_what_only_counts_hits(
    ranking: list[int], gold: dict[int, int]
) -> None:
    ids, grades = [str(each) for each in ranking], {str(d): g for d, g in gold.items()}
    for name in ("recall", "hit", "mrr", "map"):
        values = [METRICS[name](ids, grades, k) for k in range(1, 25)]
        assert values == sorted(values), name


@given(scores=st.dictionaries(st.text("abc", min_size=1), st.integers(0, 3), max_size=8))
def test_equal_scores_are_ranked_by_id_whatever_order_they_come_in(scores: dict[str, int]) -> None:
    items = list(scores.items())
    random.Random(0).shuffle(items)  # noqa: S311
    order = ranked(dict(items))
    assert order == ranked(dict(scores))
    assert order == sorted(scores, key=lambda each: (-scores[each], each))


def test_a_short_ranking_is_divided_by_k_all_the_same() -> None:
    assert precision(["a"], {"a": 1}, 5) == 0.2


def test_what_is_no_ranking_is_refused() -> None:
    with pytest.raises(EvaluationError, match="'a' stands twice"):
        ndcg(["a", "b", "a"], {"a": 1}, 5)
    with pytest.raises(EvaluationError, match="NaN"):
        ranked({"a": float("nan")})
    with pytest.raises(EvaluationError, match="without gold documents"):
        ndcg(["a"], {}, 5)
    with pytest.raises(EvaluationError, match="at least 1"):
        ndcg(["a"], {"a": 1}, 0)


def test_gold_ids_that_are_no_documents_are_listed() -> None:
    queries = [Query("1", {"a": 1, "x": 1}), Query("2", {"y": 1})]
    with pytest.raises(EvaluationError, match=r"x \(query 1\), y \(query 2\)"):
        require_known(queries, {"a"})
    require_known(queries, {"a", "x", "y"})


@pytest.mark.parametrize("grade", [-1, float("nan"), float("inf")])
def test_grades_that_are_no_gain_are_listed(grade: float) -> None:
    with pytest.raises(EvaluationError, match=r"of a \(query 1\)"):
        require_known([Query("1", {"a": grade, "b": 0})], {"a", "b"})


def test_an_answer_is_found_in_other_widths_and_normal_forms() -> None:
    decomposed = "\u1109\u1165\u110b\u116e\u11af"
    assert answer_ranks([f"{decomposed}에 있다", "부산", "ＳＥＯＵＬ 시"], ["서울", "seoul시"]) == [
        True,
        False,
        True,
    ]
    assert answer_ranks(["무엇이든"], ["  "]) == [False]


def test_a_query_without_a_ranking_scores_nothing_and_is_counted() -> None:
    queries = [Query("1", {"a": 1}), Query("2", {"b": 1}), Query("3")]
    row = evaluate(queries, {"1": ["a"]}, "recall", 5)
    assert row.scores.tolist() == [1.0, 0.0]
    assert row.coverage == (3, 2, 1)


def test_a_table_tests_every_way_against_the_first() -> None:
    queries = [Query(str(number), {"a": 1}) for number in range(40)]
    good = {query.id: ["a"] for query in queries}
    bad = {query.id: ["b", "a"] for query in queries}
    rows = {
        name: [evaluate(queries, found, "mrr", 5)]
        for name, found in {"good": good, "same": good, "bad": bad}.items()
    }
    first, same, worse = tabulate(rows)
    assert (first.mean, first.difference, first.p) == (1.0, None, None)
    assert (same.difference, same.p) == (0.0, 1.0)
    assert worse.difference == -0.5
    assert worse.p is not None
    assert worse.p < 0.001
    with pytest.raises(EvaluationError, match="other metrics or on other queries than good"):
        tabulate(rows | {"part": [evaluate(queries[:9], good, "mrr", 5)]})
    with pytest.raises(EvaluationError, match="no way"):
        tabulate({})


def test_a_query_without_gold_scores_nothing_only_where_that_is_asked_for() -> None:
    queries = [Query("1", {"a": 1}, ("서울",)), Query("2", {"a": 0}, (" ",)), Query("3")]
    for row in (
        evaluate(queries, {"1": ["a"]}, "ndcg", 5, "zero"),
        evaluate_answers(queries, {"1": ["서울은"]}, "answer", 5, "zero"),
    ):
        assert row.scores.tolist() == [1.0, 0.0, 0.0]
        assert (row.queries, row.coverage) == (("1", "2", "3"), (3, 1, 1))
    assert evaluate(queries, {"1": ["a"]}, "ndcg", 5).queries == ("1",)
    with pytest.raises(EvaluationError, match="without_gold='drop'"):
        evaluate(queries, {}, "ndcg", 5, "drop")  # type: ignore[arg-type]


def test_passages_are_scored_by_the_first_that_holds_an_answer() -> None:
    queries = [Query("1", answers=("한울", "서울")), Query("2", answers=("부산",)), Query("3")]
    passages = {"1": ["인천은", "서울은", "한울은"], "2": ["부산항"]}
    scores = {
        (metric, k): evaluate_answers(queries, passages, metric, k).scores.tolist()
        for metric in ("answer", "answer-mrr")
        for k in (1, 9)
    }
    assert scores == {
        ("answer", 1): [0.0, 1.0],
        ("answer", 9): [1.0, 1.0],
        ("answer-mrr", 1): [0.0, 1.0],
        ("answer-mrr", 9): [0.5, 1.0],
    }
    with pytest.raises(EvaluationError, match="no query has answers"):
        evaluate_answers([Query("3", {"a": 1})], passages, "answer", 5)


@pytest.mark.parametrize(
    ("answer", "passage", "found"),
    [
        ("6일", "책은 16일 동안", False),
        ("6일", "책은 6 일 동안", True),
        ("926", "1,926명", False),
        ("3번", "2,3번", True),
        ("3", "3.5배", False),
        ("3", "모두 3.", True),
        ("1,926", "1,926명", True),
        ("1", "1,926명", False),
        ("AI", "he said so", False),
        ("AI", "생성형 AI는", True),
        ("서울특별시", "서울 특별시는", True),
        ("C++ (언어)", "C++(언어)", True),
    ],
)
def test_numbers_and_latin_words_of_an_answer_are_whole(
    answer: str, passage: str, found: bool
) -> None:
    assert answer_ranks([passage], [answer]) == [found]


def test_every_category_has_a_table_of_its_own() -> None:
    queries = [
        Query(str(number), {"a": 1}, category="시설" if number < 3 else "기업")
        for number in range(8)
    ]
    good = {query.id: ["a"] for query in queries}
    mixed = {query.id: ["a"] if query.category == "시설" else ["b"] for query in queries}
    rows = {
        name: [evaluate(queries, found, metric, 5) for metric in ("recall", "mrr")]
        for name, found in {"good": good, "mixed": mixed}.items()
    }
    tables = by_category(rows, queries)
    assert list(tables) == ["기업", "시설"]
    shown = {
        name: [(cell.way, cell.metric, cell.n, cell.mean) for cell in cells]
        for name, cells in tables.items()
    }
    assert shown["기업"][:2] == [("good", "recall", 5, 1.0), ("mixed", "recall", 5, 0.0)]
    assert shown["시설"][2:] == [("good", "mrr", 3, 1.0), ("mixed", "mrr", 3, 1.0)]
