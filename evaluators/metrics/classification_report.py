"""Everything about a classification at once, through scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ClassDict(TypedDict):
    """A class's scores in plain values."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class ReportDict(TypedDict):
    """A ClassificationReport in plain values."""

    n: int
    accuracy: float
    macro_f1: float
    micro_f1: float
    weighted_f1: float
    balanced_accuracy: float
    mcc: float
    classes: list[ClassDict]
    labels: list[str]
    confusion: list[list[int]]


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of one label (0 where undefined) and how often it is gold."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationReport:
    """Scores of predicted labels; all are shares from 0 to 1, only ``mcc`` goes from -1 to 1.

    Accuracy, balanced accuracy (mean recall of the gold classes) and ``mcc`` take every label into
    account, the others those in ``classes``: ``confusion[i][j]`` counts rows whose gold is
    ``classes[i]`` and whose prediction is ``classes[j]``; rows with another label are in no cell.
    """

    n: int
    accuracy: float
    macro_f1: float
    micro_f1: float
    weighted_f1: float
    balanced_accuracy: float
    mcc: float
    classes: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_dict(self) -> ReportDict:
        """Return plain values, ready for JSON."""
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "micro_f1": self.micro_f1,
            "weighted_f1": self.weighted_f1,
            "balanced_accuracy": self.balanced_accuracy,
            "mcc": self.mcc,
            "classes": [
                {
                    "label": each.label,
                    "precision": each.precision,
                    "recall": each.recall,
                    "f1": each.f1,
                    "support": each.support,
                }
                for each in self.classes
            ],
            "labels": [each.label for each in self.classes],
            "confusion": [list(row) for row in self.confusion],
        }


def classification_report(
    gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str] | None = None
) -> ClassificationReport:
    """Compare labels row by row.

    ``labels`` chooses the classes and their order; by default all that occur, sorted. Raises
    EvaluationError for no rows, unequal lengths, repeated labels, or none that occurs in gold.
    """
    from sklearn import metrics

    if len(gold) != len(predicted):
        raise EvaluationError(
            f"{len(gold)} gold labels cannot be compared with {len(predicted)} predicted ones"
        )
    if not gold:
        raise EvaluationError("there are no labels to compare")
    names = sorted({*gold, *predicted}) if labels is None else list(labels)
    if len(set(names)) != len(names):
        raise EvaluationError("the list of labels names a label twice")
    if not set(names) & set(gold):
        raise EvaluationError("none of the given labels occurs among the gold labels")
    one, two = list(gold), list(predicted)

    def f1(average: str) -> float:
        return float(metrics.f1_score(one, two, labels=names, average=average, zero_division=0))

    per_class = metrics.precision_recall_fscore_support(one, two, labels=names, zero_division=0)
    return ClassificationReport(
        n=len(one),
        accuracy=float(metrics.accuracy_score(one, two)),
        macro_f1=f1("macro"),
        micro_f1=f1("micro"),
        weighted_f1=f1("weighted"),
        balanced_accuracy=float(
            metrics.recall_score(one, two, labels=sorted(set(one)), average="macro")
        ),
        mcc=float(metrics.matthews_corrcoef(one, two)),
        classes=tuple(
            ClassScores(label, float(p), float(r), float(f), int(s))
            for label, p, r, f, s in zip(names, *per_class, strict=True)
        ),
        confusion=tuple(
            tuple(int(count) for count in row)
            for row in metrics.confusion_matrix(one, two, labels=names)
        ),
    )
