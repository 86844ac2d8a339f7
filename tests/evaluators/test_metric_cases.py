"""Every case of tests/golden/metric_cases: an input, and what another source says it scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators import Example, OfflineEncoder, build_metric
from evaluators.base import is_corpus_metric

FOLDER = Path(__file__).parents[1] / "golden" / "metric_cases"
FILES = sorted(FOLDER.glob("*/cases.json"))


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{file.parent.name}-{case['name']}")
        for file in FILES
        for case in json.loads(file.read_text(encoding="utf-8"))
    ]


def text(written: str | dict[str, Any]) -> str:
    if isinstance(written, str):
        return written
    part, times = written["repeat"]
    return part * times


def examples(case: dict[str, Any]) -> list[Example]:
    rows = case.get("rows") or [case]
    return [
        Example(
            str(number),
            text(row["answer"]),
            tuple(text(reference) for reference in row["references"]),
            meta=row.get("meta", {}),
        )
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize("case", cases())
def test_metric_case(case: dict[str, Any]) -> None:
    metric = build_metric(case["spec"], encoder_factory=OfflineEncoder)
    rows = examples(case)
    if is_corpus_metric(metric):
        value, _ = metric.resample(rows, resamples=1, seed=0)
    else:
        value = metric.aggregate(metric.rows(rows))
    assert value == pytest.approx(case["expected"], abs=case["tolerance"], rel=0)


def test_there_are_enough_cases_and_each_names_its_source() -> None:
    found = [case.values[0] for case in cases()]
    assert len(found) >= 200
    assert all(case["source"] and case["tolerance"] <= 1e-6 for case in found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_names_within_a_file_are_unique(file: Path) -> None:
    names = [(case["name"], case["spec"]) for case in json.loads(file.read_text(encoding="utf-8"))]
    assert len(set(names)) == len(names)
