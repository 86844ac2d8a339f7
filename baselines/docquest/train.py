"""Training a scorer, with probabilities for questions that it has not learned from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from baselines.docquest.data import Example
from evaluators.reliability import Bin, Judged, reliability
from submission.errors import InputError
from submission.files.atomic import write_bytes
from submission.retrieval.search import Index
from submission.retrieval.useful import (
    FEATURES,
    FILE,
    SET_FEATURES,
    TOP,
    VERSION,
    Logistic,
    passage_features,
    set_features,
)

FOLDS = 5

Features = Callable[[Sequence[Example], Sequence[Example]], list[NDArray[np.float64]]]
"""The features of the passages of the second examples, by what was learned of the first."""


class Quality(NamedTuple):
    """How good probabilities of being true are, over ``n`` cases of which so many are ``positive``:
    ROC AUC, average precision, expected calibration error with its bins, and the Brier score (mean
    squared distance from 0 or 1). AUC and precision are NaN where all cases are alike.
    """

    n: int
    positive: int
    auc: float
    average_precision: float
    ece: float
    brier: float
    bins: Sequence[Bin]

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return self._asdict() | {"bins": [each._asdict() for each in self.bins]}


class Trained(NamedTuple):
    """A scorer, as its file has it, and its quality for passages and for sets of them."""

    told: dict[str, Any]
    useful: Quality
    sufficient: Quality


def light(index: Index) -> Features:
    """The features of :data:`submission.retrieval.useful.FEATURES`; nothing is learned for them."""

    known: dict[str, NDArray[np.float64]] = {}

    def features(_: Sequence[Example], of: Sequence[Example]) -> list[NDArray[np.float64]]:
        for question, passages, _useful in of:
            if question.id not in known:
                known[question.id] = passage_features(question.text, passages, index)
        return [known[each.question.id] for each in of]

    return features


def train(
    examples: Sequence[Example], index: Index, features: Features, kind: str, seed: int = 0
) -> Trained:
    """A scorer learned of all examples; its quality is that of five scorers, each on the fifth of
    the questions that it has not seen.

    Raises :class:`InputError` for fewer than ten questions.
    """
    if len(examples) < 2 * FOLDS:
        raise InputError(f"{len(examples)} questions are too few; at least {2 * FOLDS} are needed.")
    order = np.random.default_rng(seed).permutation(len(examples))
    useful: list[NDArray[np.float64]] = [np.zeros(0)] * len(examples)
    held: list[NDArray[np.float64]] = [np.zeros((0, 0))] * len(examples)
    for fold in range(FOLDS):
        out = [int(place) for place in order[fold::FOLDS]]
        learned = [examples[place] for place in order if place not in set(out)]
        tested = [examples[place] for place in out]
        found = features(learned, [*learned, *tested])
        model = _fitted(found[: len(learned)], learned)
        for place, matrix in zip(out, found[len(learned) :], strict=True):
            useful[place], held[place] = model.probabilities(matrix), matrix
    # For a light scorer the features are the same in every fold.
    final = _fitted(held, examples)
    sets = [
        each
        for example, scores in zip(examples, useful, strict=True)
        for each in _sets(example, scores, index)
    ]
    matrix = np.array([each for each, _ in sets])
    labels = np.array([label for _, label in sets])
    groups = np.array([n for n in range(len(examples)) for _ in range(2)])[: len(sets)]
    enough = _crossed(matrix, labels, groups, order)
    told = {
        "version": VERSION,
        "kind": kind,
        "features": [*FEATURES],
        "set_features": [*SET_FEATURES],
        "useful": final._asdict(),
        "sufficient": _logistic(matrix, labels)._asdict(),
    }
    flags = np.concatenate([each.useful for each in examples])
    return Trained(told, quality(np.concatenate(useful), flags), quality(enough, labels))


def write(trained: Trained, folder: Path) -> None:
    """Write the scorer's file, and its quality beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    measured = {"useful": trained.useful.plain(), "sufficient": trained.sufficient.plain()}
    write_bytes(folder / "quality.json", _json(measured))
    write_bytes(folder / FILE, _json(trained.told))


def _json(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, indent=2) + "\n").encode()


def quality(probabilities: NDArray[np.float64], labels: NDArray[np.bool_]) -> Quality:
    """How good ``probabilities`` of being true are, where it is known what is."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    judged = [
        Judged({"yes": float(each)}, "yes" if label else "no")
        for each, label in zip(probabilities, labels, strict=True)
    ]
    found = reliability(judged, bins=10)
    both = 0 < labels.sum() < len(labels)
    return Quality(
        len(labels),
        int(labels.sum()),
        float(roc_auc_score(labels, probabilities)) if both else float("nan"),
        float(average_precision_score(labels, probabilities)) if both else float("nan"),
        found.ece,
        float(np.mean((probabilities - labels) ** 2)),
        found.bins,
    )


def _fitted(matrices: Sequence[NDArray[np.float64]], examples: Sequence[Example]) -> Logistic:
    labels = np.concatenate([each.useful for each in examples])
    return _logistic(np.concatenate(list(matrices)), labels)


def _logistic(matrix: NDArray[np.float64], labels: NDArray[np.bool_]) -> Logistic:
    from sklearn.linear_model import LogisticRegression

    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    if not 0 < labels.sum() < len(labels):
        raise InputError("All examples are alike (useful, or not): there is nothing to learn.")
    model = LogisticRegression(max_iter=1000).fit((matrix - mean) / scale, labels)
    return Logistic(
        mean.tolist(), scale.tolist(), model.coef_[0].tolist(), float(model.intercept_[0])
    )


def _sets(
    example: Example, useful: NDArray[np.float64], index: Index
) -> list[tuple[NDArray[np.float64], bool]]:
    """The best passages, and the best without those that answer: that set is never sufficient."""
    order = np.argsort(-useful, kind="stable")
    found = []
    for places in (order[:TOP], np.array([p for p in order if not example.useful[p]][:TOP])):
        if len(places):
            some = [example.passages[int(place)] for place in places]
            told = set_features(example.question.text, some, useful[places].tolist(), index)
            found.append((told, bool(example.useful[places].any())))
        else:
            found.append((np.zeros(len(SET_FEATURES)), False))
    return found


def _crossed(
    matrix: NDArray[np.float64],
    labels: NDArray[np.bool_],
    groups: NDArray[np.int_],
    order: NDArray[np.int_],
) -> NDArray[np.float64]:
    """The probability of each set by a model that has not seen its question."""
    found = np.zeros(len(labels))
    for fold in range(FOLDS):
        out = np.isin(groups, order[fold::FOLDS])
        found[out] = _logistic(matrix[~out], labels[~out]).probabilities(matrix[out])
    return found
