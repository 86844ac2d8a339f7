"""What is scored once is not scored again."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evaluators import BertScore, Example, Signature, build_metric, score_examples
from evaluators.base import is_summed_metric
from evaluators.metrics.rowwise import RowMetric
from submission.scoring.cached import LISTS_KEPT, cached


class Lengths(RowMetric):
    """Scores an answer by its length and writes down which ones it was asked for."""

    name = "lengths"
    proxy = None
    signature = Signature.of("lengths")

    def __init__(self, joint: bool = False) -> None:
        self.joint = joint
        self.asked: list[list[str]] = []

    def rows(self, examples: Sequence[Example]) -> np.ndarray:
        self.asked.append([example.answer for example in examples])
        return np.array([float(len(example.answer)) for example in examples])


def examples(*answers: str, references: tuple[str, ...] = ("가",)) -> list[Example]:
    return [Example(str(n), answer, references) for n, answer in enumerate(answers)]


def test_a_cell_is_scored_once_whichever_list_it_is_in() -> None:
    metric = Lengths()
    memory = cached(metric)
    assert memory.rows(examples("가", "가나", "다")).tolist() == [1, 2, 1]
    assert memory.rows(examples("가", "나다라", "다")).tolist() == [1, 3, 1]
    assert memory.rows(examples("가", "나다라", "다")).tolist() == [1, 3, 1]
    assert metric.asked == [["가", "가나", "다"], ["나다라"]]


def test_other_references_vectors_or_columns_are_other_cells() -> None:
    metric = Lengths()
    memory = cached(metric)
    memory.rows(examples("가"))
    memory.rows(examples("가", references=("나",)))
    memory.rows([Example("0", "가", ("가",), meta={"options": "가"})])
    for value in (0, 1):
        memory.rows([Example("0", "", ("가",), vector=np.full(2, value, dtype=np.float32))])
    assert len(metric.asked) == 5


def test_rows_that_depend_on_each_other_are_asked_for_together() -> None:
    metric = Lengths(joint=True)
    memory = cached(metric)
    memory.rows(examples("가", "나"))
    memory.rows(examples("가", "나"))
    memory.rows(examples("가", "다"))
    assert metric.asked == [["가", "나"], ["가", "다"]]


def test_idf_makes_bertscore_rows_depend_on_each_other(model_folder: Path) -> None:
    for idf in (False, True):
        metric = build_metric(f"bertscore:model={model_folder},idf={int(idf)}")
        assert isinstance(metric, BertScore)
        assert metric.joint is idf


@pytest.mark.parametrize("spec", ["bleu:tokenizer=char", "chrf"])
def test_a_cached_corpus_metric_has_the_same_numbers(spec: str) -> None:
    rows = [
        Example("0", "벽지가 들뜨는 이유는 습기입니다", ("벽지는 습기 때문에 들뜹니다",)),
        Example("1", "환기를 자주 하세요", ("환기를 자주 해야 합니다",)),
        Example("2", "도배를 다시 합니다", ("새로 도배합니다",)),
    ]
    bare, memory = build_metric(spec), cached(build_metric(spec))
    assert is_summed_metric(memory)
    assert score_examples(memory, rows).to_dict() == score_examples(bare, rows).to_dict()
    assert memory.statistics(rows) is memory.statistics(list(rows))


def test_a_list_scored_before_is_known_by_itself() -> None:
    metric = Lengths()
    memory, rows = cached(metric), examples("가", "가나")
    first = memory.rows(rows)
    assert memory.rows(rows) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 5
    assert memory.rows(rows[:1]).tolist() == [1]
    assert len(metric.asked) == 1


def test_a_list_that_has_grown_is_scored_anew() -> None:
    memory, rows = cached(Lengths()), examples("가", "가나")
    memory.rows(rows)
    rows.append(Example("2", "가나다", ("가",)))
    assert memory.rows(rows).tolist() == [1, 2, 3]


@pytest.mark.parametrize("joint", [False, True])
def test_only_the_last_lists_are_kept(joint: bool) -> None:
    memory = cached(Lengths(joint))
    asked = [examples("가" * length) for length in range(1, 2 * LISTS_KEPT)]
    made = [weakref.ref(memory.rows(each)) for each in asked]
    gc.collect()
    assert sum(each() is not None for each in made) == LISTS_KEPT
    assert [memory.rows(each).item() for each in asked] == list(range(1, 2 * LISTS_KEPT))


@pytest.mark.parametrize("spec", ["f1", "chrf"])
def test_a_cached_metric_says_of_itself_what_the_metric_says(spec: str) -> None:
    metric = build_metric(spec)
    memory = cached(metric)
    for name in ("name", "signature", "proxy", "direction"):
        assert getattr(memory, name) == getattr(metric, name)
    assert cached(memory) is memory
