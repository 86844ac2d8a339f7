"""Metrics as functions of texts: answers and references in, a Score out.

Every function takes as many answers as references, in the same order. A row's reference is a text
or several texts; how several become one number is the metric's own way, or ``combine``: the
``first``, their ``mean`` or their ``max``. What comes back is a Score: ``value`` on 0..1, ``low``
and ``high``, the 95% bootstrap interval over rows, ``rows``, an array of shape ``(n,)``, and
``signature``. All raise EvaluationError for unequal lengths, no rows, and what the metric cannot
work with, such as a tokenizer that is not installed or a model that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evaluators.base import Example
from evaluators.errors import EvaluationError
from evaluators.metrics.registry import MetricSpec, build_metric
from evaluators.scoring import score_examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.base import Metric, References, Score
    from evaluators.encoders.base import Encoder

    Golds = Sequence[str] | Sequence[Sequence[str]]


def score(
    answers: Sequence[str],
    references: Golds,
    metric: str | MetricSpec | Metric,
    *,
    sources: Sequence[str] | None = None,
    encoder: Encoder | None = None,
    seed: int = 0,
) -> Score:
    """Score answers by any metric: a spec such as ``rouge1:tokenizer=mecab``, or one built before.

    ``sources`` are what was translated, for metrics that read it (COMET); ``encoder`` is what
    metrics that embed whole texts use. ``seed`` decides the bootstrap's draws. Raises
    EvaluationError for a bad spec too, and for a metric that embeds without an ``encoder``.
    """
    if isinstance(metric, str | MetricSpec):
        metric = build_metric(metric, encoder_factory=None if encoder is None else lambda: encoder)
    return score_examples(metric, to_examples(answers, references, sources), seed=seed)


def to_examples(
    answers: Sequence[str],
    references: Golds,
    sources: Sequence[str] | None = None,
) -> list[Example]:
    """Return rows called "1", "2", … of answers with their references, and perhaps sources.

    Raises EvaluationError for unequal lengths, and for one text where a list of texts is meant.
    """
    for name, column in (("answers", answers), ("references", references)):
        if isinstance(column, str):
            raise EvaluationError(f"{name} must be a list of texts, not one text")
    told: Sequence[str] = [""] * len(answers) if sources is None else sources
    if not len(answers) == len(references) == len(told):
        raise EvaluationError(
            f"{len(answers)} answers, {len(references)} references and {len(told)} sources: "
            "give as many of each"
        )
    return [
        Example(
            str(number),
            answer,
            (golds,) if isinstance(golds, str) else tuple(golds),
            meta={} if sources is None else {"source": source},
        )
        for number, (answer, golds, source) in enumerate(
            zip(answers, references, told, strict=True), start=1
        )
    ]


def cosine(
    answers: Sequence[str],
    references: Golds,
    *,
    encoder: Encoder,
    combine: References | None = None,
    clip: bool = True,
) -> Score:
    """Cosine of sentence embeddings: ``a.b / (|a| |b|)``, 0 where a vector has length 0.

    Negative values are raised to 0 unless ``clip`` is off. Of several references their mean counts
    unless ``combine`` says otherwise. An offline ``encoder`` makes a proxy.
    """
    spec = _spec("cosine", references=combine, clip=clip)
    return score(answers, references, spec, encoder=encoder)


def bertscore(
    answers: Sequence[str],
    references: Golds,
    *,
    model: str,
    layer: int | None = None,
    stat: Literal["f", "p", "r"] = "f",
    idf: bool = False,
    baseline: str | None = None,
    fast: bool = False,
    combine: References | None = None,
) -> Score:
    """BERTScore: greedy matching of contextual token vectors (Zhang et al., ICLR 2020).

    The numbers of the bert-score package; the best reference counts unless ``combine`` says
    otherwise. ``model`` is a local folder or a hub name, ``layer`` the one that bert-score
    recommends or else the last; ``stat`` is F1, precision or recall; ``idf`` weighs tokens by
    rarity in the references; ``baseline`` rescales by a file or a language that bert-score has,
    which may give values below 0; ``fast`` computes in bfloat16, which makes a proxy.
    """
    spec = _spec(
        "bertscore", model=model, layer=layer, stat=stat, idf=idf, baseline=baseline, fast=fast,
        references=combine,
    )  # fmt: skip
    return score(answers, references, spec)


def rouge(
    answers: Sequence[str],
    references: Golds,
    *,
    variant: Literal["rouge1", "rouge2", "rougeL", "rougeLsum"] = "rougeL",
    tokenizer: str = "mecab",
    stat: Literal["f", "p", "r"] = "f",
    combine: References | None = None,
) -> Score:
    """ROUGE (Lin 2004) over a Korean tokenizer: ``mecab``, ``kiwi``, ``char`` or ``whitespace``.

    Texts are compared in lower case; ``stat`` is F1, precision or recall. The best reference
    counts unless ``combine`` says otherwise.
    """
    spec = _spec(variant, tokenizer=tokenizer, stat=stat, references=combine)
    return score(answers, references, spec)


def bleu(
    answers: Sequence[str],
    references: Golds,
    *,
    tokenizer: str = "ko-mecab",
) -> Score:
    """Corpus BLEU as sacreBLEU computes it (Post 2018), divided by 100.

    ``tokenizer`` is one of ``ko-mecab``, ``13a``, ``char``, ``intl``, ``zh`` and ``none``. The
    n-grams of all of a row's references count together. ``rows`` are sentence scores, whose mean
    is not the value.
    """
    return score(answers, references, _spec("bleu", tokenizer=tokenizer))


def chrf(answers: Sequence[str], references: Golds) -> Score:
    """Corpus chrF2 as sacreBLEU computes it (Popović 2015), divided by 100.

    Of several references the one with the highest score counts. ``rows`` are sentence scores,
    whose mean is not the value.
    """
    return score(answers, references, "chrf")


def exact_match(
    answers: Sequence[str],
    references: Golds,
    *,
    rule: str = "squad",
) -> Score:
    """Share of answers equal to a reference by an organizer's rule of normalisation.

    ``rule`` is one of ``squad``, ``korquad1``, ``korquad2``, ``klue``, ``inha`` and ``nikl``. Any
    reference will do, with ``inha`` the first.
    """
    return score(answers, references, _spec("em", rule=rule))


def f1(
    answers: Sequence[str],
    references: Golds,
    *,
    rule: str = "squad",
) -> Score:
    """F1 of shared words (``squad``) or characters (the Korean rules), ``2PR / (P + R)``.

    Texts are normalised by the organizer's ``rule``. The best reference counts, with ``inha`` the
    first.
    """
    return score(answers, references, _spec("f1", rule=rule))


def accuracy(
    answers: Sequence[str],
    references: Golds,
    *,
    extract: Literal["none", "choice"] = "none",
) -> Score:
    """Share of answers equal to a label, outer whitespace aside.

    ``extract="choice"`` compares the options that answer and label choose instead; an answer that
    chooses none is wrong. Any reference will do.
    """
    return score(answers, references, _spec("accuracy", extract=extract))


def comet(
    answers: Sequence[str],
    references: Golds,
    sources: Sequence[str],
    *,
    model: str = "Unbabel/wmt22-comet-da",
    mismatch: Literal["keep", "zero"] = "keep",
) -> Score:
    """COMET of translations of ``sources``, by the first reference (Rei et al. 2020).

    ``model`` is a folder or a hub name. Values are about 0 to 1 for the default model and bounded
    by nothing for others; ``mismatch="zero"`` scores an answer in another language than its
    reference 0.
    """
    return score(
        answers, references, _spec("comet", model=model, mismatch=mismatch), sources=sources
    )


def _spec(name: str, **options: str | bool | int | None) -> MetricSpec:
    return MetricSpec(
        name,
        tuple(
            (key, str(int(value)) if isinstance(value, bool) else str(value))
            for key, value in options.items()
            if value is not None
        ),
    )
