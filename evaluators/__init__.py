"""Answers and references in, numbers out.

Nothing here knows of files, runs or competitions. Names are resolved on first use, so that
importing the package costs nothing and a text metric never waits for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evaluators.encoders.base import Encoder
    from evaluators.encoders.load import load_encoder
    from evaluators.encoders.offline import OfflineEncoder
    from evaluators.encoders.sentence import SentenceTransformerEncoder
    from evaluators.errors import EvaluationError
    from evaluators.metrics.base import CorpusMetric, Example, Metric, References, Score, Signature
    from evaluators.metrics.bertscore import BertScore
    from evaluators.metrics.classification import (
        Accuracy,
        ClassificationReport,
        MacroF1,
        classification_report,
    )
    from evaluators.metrics.cosine import Cosine
    from evaluators.metrics.exact_match import ExactMatch
    from evaluators.metrics.jaccard import Jaccard
    from evaluators.metrics.registry import MetricSpec, available, build_metric, parse_spec
    from evaluators.metrics.text_f1 import TextF1
    from evaluators.metrics.weighted import Weighted
    from evaluators.report.leaderboard import LeaderboardRow, render, to_frame
    from evaluators.scoring import score
    from evaluators.significance import Interval, PairedResult, bootstrap_interval, paired_test
    from evaluators.splits import PublicEstimate, public_estimate

_HOMES: Final = {
    "Encoder": "encoders.base",
    "load_encoder": "encoders.load",
    "OfflineEncoder": "encoders.offline",
    "SentenceTransformerEncoder": "encoders.sentence",
    "EvaluationError": "errors",
    "CorpusMetric": "metrics.base",
    "Example": "metrics.base",
    "Metric": "metrics.base",
    "References": "metrics.base",
    "Score": "metrics.base",
    "Signature": "metrics.base",
    "BertScore": "metrics.bertscore",
    "Accuracy": "metrics.classification",
    "ClassificationReport": "metrics.classification",
    "MacroF1": "metrics.classification",
    "classification_report": "metrics.classification",
    "Cosine": "metrics.cosine",
    "ExactMatch": "metrics.exact_match",
    "Jaccard": "metrics.jaccard",
    "MetricSpec": "metrics.registry",
    "available": "metrics.registry",
    "build_metric": "metrics.registry",
    "parse_spec": "metrics.registry",
    "TextF1": "metrics.text_f1",
    "Weighted": "metrics.weighted",
    "LeaderboardRow": "report.leaderboard",
    "render": "report.leaderboard",
    "to_frame": "report.leaderboard",
    "score": "scoring",
    "Interval": "significance",
    "PairedResult": "significance",
    "bootstrap_interval": "significance",
    "paired_test": "significance",
    "PublicEstimate": "splits",
    "public_estimate": "splits",
}

__all__ = [
    "Accuracy",
    "BertScore",
    "ClassificationReport",
    "CorpusMetric",
    "Cosine",
    "Encoder",
    "EvaluationError",
    "ExactMatch",
    "Example",
    "Interval",
    "Jaccard",
    "LeaderboardRow",
    "MacroF1",
    "Metric",
    "MetricSpec",
    "OfflineEncoder",
    "PairedResult",
    "PublicEstimate",
    "References",
    "Score",
    "SentenceTransformerEncoder",
    "Signature",
    "TextF1",
    "Weighted",
    "available",
    "bootstrap_interval",
    "build_metric",
    "classification_report",
    "load_encoder",
    "paired_test",
    "parse_spec",
    "public_estimate",
    "render",
    "score",
    "to_frame",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
