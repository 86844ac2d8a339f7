"""Answers and references in, numbers out.

Nothing here knows of files, runs or competitions. Names are resolved on first use, so that
importing the package costs nothing and a text metric never waits for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evaluators.choices import choice
    from evaluators.encoders.base import Encoder
    from evaluators.encoders.load import load_encoder
    from evaluators.encoders.offline import OfflineEncoder
    from evaluators.encoders.sentence import SentenceTransformerEncoder
    from evaluators.errors import EvaluationError
    from evaluators.language import language_of
    from evaluators.metrics.accuracy import Accuracy
    from evaluators.metrics.balanced_accuracy import BalancedAccuracy
    from evaluators.metrics.base import CorpusMetric, Example, Metric, References, Score, Signature
    from evaluators.metrics.bertscore import BertScore
    from evaluators.metrics.bleu import Bleu
    from evaluators.metrics.bleu1 import Bleu1
    from evaluators.metrics.choice_read import ChoiceRead
    from evaluators.metrics.chrf import Chrf
    from evaluators.metrics.classification_report import (
        ClassificationReport,
        classification_report,
    )
    from evaluators.metrics.cosine import Cosine
    from evaluators.metrics.exact_match import ExactMatch
    from evaluators.metrics.jaccard import Jaccard
    from evaluators.metrics.keyword_recall import KeywordRecall
    from evaluators.metrics.language_match import LanguageMatch
    from evaluators.metrics.macro_f1 import MacroF1
    from evaluators.metrics.mcc import Mcc
    from evaluators.metrics.micro_f1 import MicroF1
    from evaluators.metrics.registry import MetricSpec, available, build_metric, parse_spec
    from evaluators.metrics.rouge import Rouge
    from evaluators.metrics.rouge_w import RougeW
    from evaluators.metrics.text_f1 import TextF1
    from evaluators.metrics.weighted import Weighted
    from evaluators.metrics.weighted_f1 import WeightedF1
    from evaluators.report.leaderboard import LeaderboardRow, render, to_frame
    from evaluators.scoring import score
    from evaluators.significance import Interval, PairedResult, bootstrap_interval, paired_test
    from evaluators.splits import PublicEstimate, public_estimate
    from evaluators.tokenizers import Tokenizer, tokenizer

_HOMES: Final = {
    "choice": "choices",
    "Encoder": "encoders.base",
    "load_encoder": "encoders.load",
    "OfflineEncoder": "encoders.offline",
    "SentenceTransformerEncoder": "encoders.sentence",
    "EvaluationError": "errors",
    "language_of": "language",
    "Accuracy": "metrics.accuracy",
    "BalancedAccuracy": "metrics.balanced_accuracy",
    "CorpusMetric": "metrics.base",
    "Example": "metrics.base",
    "Metric": "metrics.base",
    "References": "metrics.base",
    "Score": "metrics.base",
    "Signature": "metrics.base",
    "BertScore": "metrics.bertscore",
    "Bleu": "metrics.bleu",
    "Bleu1": "metrics.bleu1",
    "ChoiceRead": "metrics.choice_read",
    "Chrf": "metrics.chrf",
    "ClassificationReport": "metrics.classification_report",
    "classification_report": "metrics.classification_report",
    "Cosine": "metrics.cosine",
    "ExactMatch": "metrics.exact_match",
    "Jaccard": "metrics.jaccard",
    "KeywordRecall": "metrics.keyword_recall",
    "LanguageMatch": "metrics.language_match",
    "MacroF1": "metrics.macro_f1",
    "Mcc": "metrics.mcc",
    "MicroF1": "metrics.micro_f1",
    "MetricSpec": "metrics.registry",
    "available": "metrics.registry",
    "build_metric": "metrics.registry",
    "parse_spec": "metrics.registry",
    "Rouge": "metrics.rouge",
    "RougeW": "metrics.rouge_w",
    "TextF1": "metrics.text_f1",
    "Weighted": "metrics.weighted",
    "WeightedF1": "metrics.weighted_f1",
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
    "Tokenizer": "tokenizers",
    "tokenizer": "tokenizers",
}

__all__ = [
    "Accuracy",
    "BalancedAccuracy",
    "BertScore",
    "Bleu",
    "Bleu1",
    "ChoiceRead",
    "Chrf",
    "ClassificationReport",
    "CorpusMetric",
    "Cosine",
    "Encoder",
    "EvaluationError",
    "ExactMatch",
    "Example",
    "Interval",
    "Jaccard",
    "KeywordRecall",
    "LanguageMatch",
    "LeaderboardRow",
    "MacroF1",
    "Mcc",
    "Metric",
    "MetricSpec",
    "MicroF1",
    "OfflineEncoder",
    "PairedResult",
    "PublicEstimate",
    "References",
    "Rouge",
    "RougeW",
    "Score",
    "SentenceTransformerEncoder",
    "Signature",
    "TextF1",
    "Tokenizer",
    "Weighted",
    "WeightedF1",
    "available",
    "bootstrap_interval",
    "build_metric",
    "choice",
    "classification_report",
    "language_of",
    "load_encoder",
    "paired_test",
    "parse_spec",
    "public_estimate",
    "render",
    "score",
    "to_frame",
    "tokenizer",
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
