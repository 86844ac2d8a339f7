"""How sure a score, a difference or an order is: intervals, paired tests, corrections, power."""

from __future__ import annotations

from evaluators.significance.compare import compare_answers, detectable_by
from evaluators.significance.corpus import Resampling, corpus_interval, corpus_paired_test
from evaluators.significance.correction import Correction, adjust, benjamini_hochberg, holm
from evaluators.significance.interval import Interval, bootstrap_interval
from evaluators.significance.mcnemar import McNemarResult, mcnemar
from evaluators.significance.paired import PairedResult, paired_bootstrap, paired_test, scored_pairs
from evaluators.significance.power import (
    Detectable,
    detectable_corpus_difference,
    detectable_difference,
)
from evaluators.significance.totals import Totals

__all__ = [
    "Correction",
    "Detectable",
    "Interval",
    "McNemarResult",
    "PairedResult",
    "Resampling",
    "Totals",
    "adjust",
    "benjamini_hochberg",
    "bootstrap_interval",
    "compare_answers",
    "corpus_interval",
    "corpus_paired_test",
    "detectable_by",
    "detectable_corpus_difference",
    "detectable_difference",
    "holm",
    "mcnemar",
    "paired_bootstrap",
    "paired_test",
    "scored_pairs",
]
