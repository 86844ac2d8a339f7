"""The tables of a declaration, from what is known of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.metrics.registry import direction_of
from submission.competitions.new.columns import (
    Options,
    category_column,
    context_column,
    train_questions,
)
from submission.competitions.new.kinds import Shape
from submission.competitions.new.metrics import scored_field
from submission.competitions.new.seen import Files, Seen
from submission.errors import InputError, few


def test_table(
    test: Seen,
    test_id: str,
    questions: Sequence[str],
    template: str | None,
    options: Options | None,
    *,
    numbered: bool,
) -> dict[str, Any]:
    """``[test]``."""
    asked = {"question": questions[0]} if template is None else {"template": template}
    return _given(
        {
            "id": test_id,
            **asked,
            "context": context_column(test, questions),
            "columns": list(test.columns),
            "numbered": numbered or None,
            "options": list(options.columns) if options else None,
            "labels": _labels(options),
        }
    )


def train_table(
    files: Files, test: Mapping[str, Any], questions: Sequence[str], gold: Sequence[str]
) -> dict[str, Any]:
    """``[train]``, which is asked as ``test`` is.

    Raises :class:`InputError` where the training file has not what that takes.
    """
    train = files.train
    if train is None:
        return {}
    phrased = train_questions(files, questions)
    missing = [] if phrased else [name for name in questions if name not in train.columns]
    missing += [name for name in test.get("options", []) if name not in train.columns]
    if phrased is None or missing:
        raise InputError(
            f"{train.table.path}: is not declared as the training file. It lacks columns of the "
            f"question: {few(missing)}; it has {few(train.named)}."
        )
    own = _train_id(train, test["id"], numbered=test.get("numbered", False))
    if own is None:
        raise InputError(
            f"{train.table.path}: is not declared as the training file. No column can be its id: "
            "in each of them, cells are empty or repeated."
        )
    template, context = test.get("template"), test.get("context")
    lists = any(isinstance(each, list) for name in gold for each in train.values(name))
    table = {
        "id": own,
        "questions": phrased if template is None else None,
        "template": template,
        "context": context if context in train.columns else None,
        "answers": list(gold),
        "answer_lists": lists or None,
        "category": category_column(train, [own, *phrased, *gold]),
        "columns": list(train.columns),
    }
    return _given(table)


def _train_id(train: Seen, test_id: str, *, numbered: bool) -> str | None:
    if numbered and test_id not in train.columns:
        return test_id
    names = [name for name in (test_id, *train.named) if name in train.columns]
    return next((name for name in names if train.is_id(name)), None)


def _labels(options: Options | None) -> str | list[str] | None:
    if options is None:
        return None
    return options.labels if isinstance(options.labels, str) else list(options.labels)


def _given(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value is not None}


def submission_table(sample: Seen, sample_id: str, shape: Shape) -> dict[str, Any]:
    """``[submission]``."""
    suffix = sample.table.path.suffix.lower()
    single = shape.fields[0] if len(shape.fields) == 1 else None
    filled = [
        sample_id, *(field.column for field in shape.fields), *shape.by_label.values(),
        *(shape.vectors.columns if shape.vectors else []),
    ]  # fmt: skip
    others = sample.format == "csv" and filled != list(sample.columns)
    kind = {"kind": "probabilities"} if shape.by_label else {}
    table = {
        "format": sample.format if sample.format != "csv" else None,
        "suffix": suffix if suffix != f".{sample.format}" else None,
        "id": sample_id,
        "answer": single.column if single else None,
        **(single.declared() if single else kind),
        "vectors": shape.vectors and shape.vectors.model_dump(),
        "columns": list(sample.columns) if others else None,
        "bom": sample.table.bom or None,
    }
    return _given(table)


def answers_table(shape: Shape) -> dict[str, Any]:
    """``[submission.answers]``."""
    if shape.by_label:
        return dict(shape.by_label)
    if len(shape.fields) < 2:
        return {}
    return {
        field.column: {"column": field.column, **field.declared()}
        if field.declared()
        else field.column
        for field in shape.fields
    }


def score_table(metric: str, shape: Shape, gold: Sequence[str]) -> dict[str, Any]:
    """``[score]``."""
    field = scored_field(shape)
    term = {"metric": metric}
    if len(shape.fields) > 1 and field is not None:
        term["of"] = field.column
    direction = direction_of(metric)
    return _given(
        {
            "name": metric,
            "terms": [term],
            "direction": direction if direction != "higher" else None,
            # Without golds to look at, small talk and the like may want no answer.
            "unanswerable": True if not gold and field and field.kind == "list" else None,
        }
    )
