"""Terms of a field of the answer, and metrics that are better when lower."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evaluators import EvaluationError, Example, compare_answers, score_examples
from submission.cli import run
from submission.competitions.formula import Formula
from submission.errors import InputError
from submission.scoring.breakdown import slices
from submission.scoring.scorer import Scorer


def formula(**given: object) -> Formula:
    return Formula.model_validate({"name": "score", **given})


def answer(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)


ROWS = [
    Example("1", answer(topk=["d1", "d2"], grade=3), (answer(topk=["d1"], grade=3),)),
    Example("2", answer(topk=["d1", "d2"], grade=1), (answer(topk=["d2"], grade=3),)),
    Example("3", "아무 말", (answer(topk=["d2"], grade=2),)),
]


def test_a_term_sees_the_field_it_names_in_answer_and_reference() -> None:
    scorer = Scorer(formula(terms=[{"metric": "map:k=2", "of": "topk"}]))
    score = scorer.score(ROWS)
    assert score.rows.tolist() == [1.0, 0.5, 0.0]
    assert "of:topk" in score.signature
    assert score.metric == "topk.map"


def test_a_reference_that_is_no_object_is_compared_as_it_is() -> None:
    rows = [
        Example("1", answer(topk=["d1"]), ("d1",)),
        Example("2", answer(topk=["d1"]), ('["x"]',)),
    ]
    scorer = Scorer(formula(terms=[{"metric": "map", "of": "topk"}]))
    assert scorer.score(rows).rows.tolist() == [1.0, 0.0]


def test_fields_are_weighted_like_other_terms() -> None:
    scorer = Scorer(
        formula(
            terms=[
                {"metric": "map:k=2", "of": "topk", "weight": 0.5},
                {"metric": "accuracy", "of": "grade", "weight": 0.5},
            ]
        )
    )
    assert scorer.score(ROWS).rows.tolist() == [1.0, 0.25, 0.0]
    assert [term.metric for term in scorer.terms(ROWS)] == ["topk.map", "grade.accuracy"]


@pytest.mark.parametrize("metric", ["rmse:unreadable=0", "pearson:unreadable=0", "macro-f1"])
def test_a_field_of_a_corpus_metric_is_resampled_and_tested(metric: str) -> None:
    direction = "lower" if metric.startswith("rmse") else "higher"
    scorer = Scorer(formula(terms=[{"metric": metric, "of": "grade"}], direction=direction))
    own = [
        Example(row.id, str(grade), (gold,))
        for row, grade, gold in zip(ROWS, (3, 1, ""), "332", strict=True)
    ]
    bare = Scorer(formula(terms=[{"metric": metric}], direction=direction))
    one, other = scorer.score(ROWS), bare.score(own)
    assert one.value == pytest.approx(other.value)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))
    worse = [Example(row.id, answer(grade=9), row.references) for row in ROWS]
    assert np.isfinite(compare_answers(scorer.cached_formula, ROWS, worse).p_value)


@pytest.mark.parametrize("given", [{"metric": "rmse"}, {"metric": "mae", "weight": 2.0}])
def test_an_error_cannot_be_declared_better_when_higher(given: dict[str, object]) -> None:
    with pytest.raises(InputError, match='write direction = "lower"'):
        Scorer(formula(terms=[given])).score(ROWS)


def test_a_weight_below_zero_turns_a_metric_round() -> None:
    rows = [Example("1", "3", ("1",)), Example("2", "1", ("1",))]
    terms = [{"metric": "mae", "weight": -1.0}, {"metric": "accuracy"}]
    assert Scorer(formula(terms=terms)).score(rows).value == pytest.approx(-0.5)
    with pytest.raises(EvaluationError, match="mixes terms"):
        Scorer(formula(terms=[{"metric": "mae"}, {"metric": "accuracy"}])).score(rows)


def test_groups_of_errors_are_better_when_lower() -> None:
    rows = [
        Example("1", "3", ("1",), meta={"kind": "a"}),
        Example("2", "1", ("1",), meta={"kind": "b"}),
    ]
    groups = [{"value": kind, "terms": [{"metric": "mae"}]} for kind in "ab"]
    scorer = Scorer(formula(groups=groups, group_by="kind", direction="lower"))
    assert scorer.score(rows).direction == "lower"
    assert scorer.score(rows).value == 1.0


def test_the_smaller_error_leads_the_leaderboard_and_is_called_better(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = [(f"r{n}", n % 7) for n in range(30)]
    files = {"gold": 0.0, "near": 0.25, "far": 3.0}
    for name, off in files.items():
        lines = [f"{row},{value + off}" for row, value in gold]
        (tmp_path / f"{name}.csv").write_text("id,answer\n" + "\n".join(lines) + "\n")
    near, far, reference = (str(tmp_path / f"{name}.csv") for name in ("near", "far", "gold"))
    folder = tmp_path / "grades"
    folder.mkdir()
    (folder / "competition.toml").write_text(
        """name = "grades"
title = "Grades"
test = { id = "id", question = "question", columns = ["id", "question"] }
submission = { id = "id", answer = "answer" }
score = { name = "rmse", terms = [{ metric = "rmse" }], direction = "lower" }
"""
    )
    command = [
        "compare", "-c", str(folder), far, near, "--references", reference, "--baseline", far,
        "--out", str(tmp_path / "board.csv"), "--json",
    ]  # fmt: skip
    assert run(command) == 0
    board = json.loads(capsys.readouterr().out)["leaderboard"]
    assert [row["score"] for row in board] == pytest.approx([0.25, 3.0])
    best = board[0]
    assert best["difference"] == pytest.approx(-2.75)
    assert (best["wins"], best["losses"]) == (30, 0)
    assert best["p_value"] < 0.01


def test_a_plain_metric_has_its_own_direction() -> None:
    from submission.competitions.plain import plain_profile

    assert plain_profile("rmse:unreadable=0").score.direction == "lower"
    assert plain_profile("auc").score.direction == "higher"
    score = score_examples(Scorer(plain_profile("mae").score).formula, [Example("1", "2", ("1",))])
    assert score.direction == "lower"


def test_a_group_of_one_class_is_left_out_of_a_breakdown_by_auc() -> None:
    rows = [
        Example(str(n), str(n / 10), (str(n % 2),), meta={"kind": "ab"[n >= 8]}) for n in range(9)
    ]
    scorer = Scorer(formula(terms=[{"metric": "auc"}]))
    score = scorer.score(rows)
    found = slices([(scorer.cached_formula, score, 1.0)], rows, "kind")
    assert [(each.value, each.scores[0] is None) for each in found] == [("a", False), ("b", True)]
