"""First cases for the chosen metric: what is right scores best, what is wrong scores worst."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from evaluators import parse_spec
from submission.competitions.new.kinds import Shape
from submission.competitions.new.metrics import scored_field

_BEST = {
    "accuracy": 1.0, "macro-f1": 1.0, "weighted-f1": 1.0, "micro-f1": 1.0, "kappa": 1.0,
    "em": 1.0, "f1": 1.0, "map": 1.0, "auc": 1.0, "logloss": 0.0, "rmse": 0.0, "mae": 0.0,
    "pearson": 1.0, "spearman": 1.0, "rouge1": 1.0, "rouge2": 1.0, "rougeL": 1.0, "cosine": 1.0,
    "jaccard": 1.0, "chrf": 1.0,
}  # fmt: skip
_WORST = {"accuracy", "em", "map", "rouge1", "rouge2", "rougeL", "jaccard"}
_TEXTS = ("작업 전 안전 교육", "바닥 균열 보수")


def cases_for(metric: str, shape: Shape) -> list[dict[str, Any]]:
    """The cases, with values that follow from the metric's definition; none for other metrics."""
    name = parse_spec(metric).name
    if name not in _BEST:
        return []
    field = scored_field(shape)
    labels = list(shape.by_label) or (list(field.labels) if field else [])
    numeric = field is not None and field.kind == "number"
    golds = (labels or (["1", "0"] if numeric else list(_TEXTS)))[:2]
    if len(golds) < 2:
        return []
    answer = _answerer(shape, labels)
    cases = [_case("every answer right", golds, golds, answer, _BEST[name])]
    if name in _WORST:
        cases.append(_case("every answer wrong", golds[::-1], golds, answer, 0.0))
    return cases


def _case(
    name: str,
    given: Sequence[str],
    golds: Sequence[str],
    answer: Callable[[str], str],
    expected: float,
) -> dict[str, Any]:
    rows = [
        {"answer": answer(one), "references": [two]} for one, two in zip(given, golds, strict=True)
    ]
    return {
        "name": name, "rows": rows, "expected": expected, "tolerance": 1e-6,
        "source": "by the metric's definition",
    }  # fmt: skip


def _answerer(shape: Shape, labels: Sequence[str]) -> Callable[[str], str]:
    """How an answer says one thing, in the form that the submission has."""
    field = scored_field(shape)

    def answer(gold: str) -> str:
        if shape.by_label:
            return _json({label: float(label == gold) for label in labels})
        value: object = [gold] if field and field.kind == "list" else gold
        if field and len(shape.fields) > 1:
            return _json({field.column: value})
        return value if isinstance(value, str) else _json(value)

    return answer


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
