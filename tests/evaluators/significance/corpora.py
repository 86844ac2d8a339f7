"""Two systems' answers of known quality, and sacreBLEU's BLEU as a metric of sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU

from evaluators import Example, Signature
from evaluators.metrics.summed import Summed

WORDS = (
    "벽지",
    "도배",
    "하자",
    "곰팡이",
    "결로",
    "시공",
    "보수",
    "습기",
    "환기",
    "접착",
    "들뜸",
    "균열",
)


class SacreBleu(Summed):
    """BLEU computed by sacreBLEU from its own statistics, 0 to 100."""

    name = "sacrebleu"
    proxy = False
    signature = Signature.of("sacrebleu")

    def __init__(self) -> None:
        self.bleu = BLEU(tokenize="none")

    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        answers = [row.answer for row in examples]
        golds = [[row.references[0] for row in examples]]
        return np.array(self.bleu._extract_corpus_statistics(answers, golds), dtype=np.float64)

    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([self.bleu._compute_score_from_stats(list(row)).score for row in sums])

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        return self.from_sums(self.statistics(examples))


def answers(quality: float, rows: int = 60, seed: int = 0) -> list[Example]:
    """Sentences of which a share of ``quality`` of the words is the reference's."""
    golds = np.random.default_rng(99)
    noise = np.random.default_rng(seed)
    made = []
    for number in range(rows):
        gold = list(golds.choice(WORDS, size=14))
        said = [word if noise.random() < quality else str(noise.choice(WORDS)) for word in gold]
        made.append(Example(str(number), " ".join(said), (" ".join(gold),)))
    return made
