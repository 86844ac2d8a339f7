"""Answers and references in, numbers out.

Nothing here knows of files, runs or competitions. Names are resolved on first use, so that
importing the package costs nothing and a text metric never waits for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evaluators.agreement import Agreement, agreement_within, rank_agreement
    from evaluators.calibration import Estimate, LinearFit, fit_line
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
    from evaluators.metrics.bleurt import Bleurt
    from evaluators.metrics.choice_read import ChoiceRead
    from evaluators.metrics.chrf import Chrf
    from evaluators.metrics.classification_report import (
        ClassificationReport,
        classification_report,
    )
    from evaluators.metrics.cosine import Cosine
    from evaluators.metrics.exact_match import ExactMatch
    from evaluators.metrics.jaccard import Jaccard
    from evaluators.metrics.judge import Judge
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
    from evaluators.miss_rate import MissRate, count_misses, miss_rate_frame
    from evaluators.report.leaderboard import LeaderboardRow, render, render_more, to_frame
    from evaluators.report.sensitivity import Sensitivity, tokenizer_sensitivity
    from evaluators.scoring import score_examples
    from evaluators.shakeup import Shakeup, public_shakeup
    from evaluators.significance import (
        Detectable,
        Interval,
        McNemarResult,
        PairedResult,
        Totals,
        benjamini_hochberg,
        bootstrap_interval,
        compare_answers,
        corpus_interval,
        corpus_paired_test,
        detectable_by,
        detectable_corpus_difference,
        detectable_difference,
        holm,
        mcnemar,
        paired_bootstrap,
        paired_test,
        scored_pairs,
    )
    from evaluators.splits import Flips, PublicEstimate, order_flips, public_estimate
    from evaluators.texts import (
        accuracy,
        bertscore,
        bleu,
        chrf,
        comet,
        cosine,
        exact_match,
        f1,
        rouge,
        score,
        to_examples,
    )
    from evaluators.tokenizers import Tokenizer, tokenizer

_HOMES: Final = {
    "Agreement": "agreement",
    "agreement_within": "agreement",
    "rank_agreement": "agreement",
    "Estimate": "calibration",
    "LinearFit": "calibration",
    "fit_line": "calibration",
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
    "Bleurt": "metrics.bleurt",
    "ChoiceRead": "metrics.choice_read",
    "Chrf": "metrics.chrf",
    "ClassificationReport": "metrics.classification_report",
    "classification_report": "metrics.classification_report",
    "Cosine": "metrics.cosine",
    "ExactMatch": "metrics.exact_match",
    "Jaccard": "metrics.jaccard",
    "Judge": "metrics.judge",
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
    "MissRate": "miss_rate",
    "count_misses": "miss_rate",
    "miss_rate_frame": "miss_rate",
    "LeaderboardRow": "report.leaderboard",
    "render": "report.leaderboard",
    "render_more": "report.leaderboard",
    "to_frame": "report.leaderboard",
    "Sensitivity": "report.sensitivity",
    "tokenizer_sensitivity": "report.sensitivity",
    "score_examples": "scoring",
    "Shakeup": "shakeup",
    "public_shakeup": "shakeup",
    "Interval": "significance",
    "PairedResult": "significance",
    "bootstrap_interval": "significance",
    "paired_test": "significance",
    "Detectable": "significance",
    "McNemarResult": "significance",
    "Totals": "significance",
    "benjamini_hochberg": "significance",
    "compare_answers": "significance",
    "corpus_interval": "significance",
    "corpus_paired_test": "significance",
    "detectable_by": "significance",
    "detectable_corpus_difference": "significance",
    "detectable_difference": "significance",
    "holm": "significance",
    "mcnemar": "significance",
    "paired_bootstrap": "significance",
    "scored_pairs": "significance",
    "PublicEstimate": "splits",
    "public_estimate": "splits",
    "Flips": "splits",
    "order_flips": "splits",
    "Tokenizer": "tokenizers",
    "tokenizer": "tokenizers",
    "accuracy": "texts",
    "bertscore": "texts",
    "bleu": "texts",
    "chrf": "texts",
    "comet": "texts",
    "cosine": "texts",
    "exact_match": "texts",
    "f1": "texts",
    "rouge": "texts",
    "score": "texts",
    "to_examples": "texts",
}

__all__ = [
    "Accuracy",
    "Agreement",
    "BalancedAccuracy",
    "BertScore",
    "Bleu",
    "Bleu1",
    "Bleurt",
    "ChoiceRead",
    "Chrf",
    "ClassificationReport",
    "CorpusMetric",
    "Cosine",
    "Detectable",
    "Encoder",
    "Estimate",
    "EvaluationError",
    "ExactMatch",
    "Example",
    "Flips",
    "Interval",
    "Jaccard",
    "Judge",
    "KeywordRecall",
    "LanguageMatch",
    "LeaderboardRow",
    "LinearFit",
    "MacroF1",
    "McNemarResult",
    "Mcc",
    "Metric",
    "MetricSpec",
    "MicroF1",
    "MissRate",
    "OfflineEncoder",
    "PairedResult",
    "PublicEstimate",
    "References",
    "Rouge",
    "RougeW",
    "Score",
    "Sensitivity",
    "SentenceTransformerEncoder",
    "Shakeup",
    "Signature",
    "TextF1",
    "Tokenizer",
    "Totals",
    "Weighted",
    "WeightedF1",
    "accuracy",
    "agreement_within",
    "available",
    "benjamini_hochberg",
    "bertscore",
    "bleu",
    "bootstrap_interval",
    "build_metric",
    "choice",
    "chrf",
    "classification_report",
    "comet",
    "compare_answers",
    "corpus_interval",
    "corpus_paired_test",
    "cosine",
    "count_misses",
    "detectable_by",
    "detectable_corpus_difference",
    "detectable_difference",
    "exact_match",
    "f1",
    "fit_line",
    "holm",
    "language_of",
    "load_encoder",
    "mcnemar",
    "miss_rate_frame",
    "order_flips",
    "paired_bootstrap",
    "paired_test",
    "parse_spec",
    "public_estimate",
    "public_shakeup",
    "rank_agreement",
    "render",
    "render_more",
    "rouge",
    "score",
    "score_examples",
    "scored_pairs",
    "to_examples",
    "to_frame",
    "tokenizer",
    "tokenizer_sensitivity",
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
