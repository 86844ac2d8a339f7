from __future__ import annotations

import math
from pathlib import Path

import pytest

from baselines.preference.by_metric import (
    OWN,
    MetricPairs,
    SampleScores,
    metric_pairs,
    score_samples,
)
from baselines.preference.candidates import Candidate, Choice, read_choices
from submission.competitions import find_competition
from submission.errors import InputError
from submission.records.read import read_questions
from submission.records.rows import Reference
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from tests.baselines.preference.conftest import KeepRun


def choice(*texts: str, parts: int = 1) -> Choice:
    candidates = tuple(Candidate(text, sample) for sample, text in enumerate(texts))
    return Choice("key", "R0", 0, parts, "왜?", "", {}, candidates)


def chosen(found: MetricPairs) -> list[tuple[str, str]]:
    return [(pair.chosen, pair.rejected) for pair, _ in found.pairs]


def scores(*values: float, higher: bool = True) -> SampleScores:
    return SampleScores("chrf|v:1", higher, tuple({"R0": value} for value in values))


def test_best_against_worst_in_the_metrics_direction() -> None:
    three = choice("가", "나", "다")
    values = (0.5, 0.9, 0.1)
    assert chosen(metric_pairs([three], scores(*values), "r", 0.0)) == [("나", "다")]
    low = metric_pairs([three], scores(*values, higher=False), "r", 0.0)
    assert chosen(low) == [("다", "나")]
    ((_, origin),) = low.pairs
    assert (origin.by, origin.chosen_sample, origin.chosen_score) == ("chrf|v:1", 2, 0.1)


def test_ties_and_what_is_closer_than_the_margin_are_counted() -> None:
    two = choice("가", "나")
    for values, margin, ties in [
        ((0.5, 0.5), 0.0, 1),
        ((0.5, 0.75), 0.25, 0),
        ((0.5, 0.75), 0.26, 1),
    ]:
        found = metric_pairs([two], scores(*values), "r", margin)
        assert (found.ties, len(found.pairs)) == (ties, 1 - ties)


def test_nobody_is_taught_to_answer_nothing() -> None:
    assert chosen(metric_pairs([choice("", "나", "다")], scores(0.9, 0.5, 0.1), "r", 0.0)) == [
        ("나", "다")
    ]
    assert chosen(metric_pairs([choice("", "나")], scores(0.0, 0.5), "r", 0.0)) == [("나", "")]
    assert metric_pairs([choice("", "나")], scores(0.9, 0.5), "r", 0.0).ties == 1


def test_rows_asked_in_parts_and_rows_without_a_score_are_counted() -> None:
    found = metric_pairs(
        [choice("가", "나", parts=2), choice("가", "나")], scores(math.nan, 0.5), "r", 0.0
    )
    assert (found.parts, found.unscored, found.pairs) == (1, 1, ())


def test_the_competitions_own_score_chooses(
    tmp_path: Path, book: Ledger, keep_run: KeepRun
) -> None:
    keep_run({"왜 우나요?": [["전혀 다른 말", "습기 때문입니다.", "습기 탓"]]})
    contest = find_competition("sample-wallpaper")
    scorer = Scorer.of(contest)
    gold = [Reference("R0", ("습기 때문입니다.",), "벽지")]
    questions = read_questions(contest.profile, tmp_path / "test.csv")
    choices = read_choices(book, "samples", questions)
    for spec in (OWN, "chrf"):
        found = score_samples(book, "samples", scorer, gold, spec)
        made = metric_pairs(choices.choices, found, "samples", 0.0)
        assert chosen(made) == [("습기 때문입니다.", "전혀 다른 말")]
        assert made.pairs[0][1].chosen_score == pytest.approx(1.0)
    with pytest.raises(InputError, match="does not fit the references"):
        score_samples(book, "samples", scorer, [Reference("R9", ("습기",), "")], OWN)
