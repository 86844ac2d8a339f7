"""Masking: documents per second beside ko-pii alone, on the same texts in one process.

    python benchmarks/corpus_mask.py [--records N] [--sample N]

The texts are the sample corpus's articles. Those without digits have nothing but names to look
for; each of the others has a phone number, an address, and a dozen numbers that are none.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FEWEST_TIMES = 10
NUMBERS = (
    " 2024년 3월 15일 오후 3시 30분에 12,500원을 냈다. 문의는 010-2345-6789, 장소는 가온시 북문로"
    " 12이다."
    " 제12조 3항, 1,234명, 45.6퍼센트, 3층 302호, 모델 SM-1588-2024."
)


def main() -> None:
    """Measure, print and judge."""
    from ko_pii import detect_all

    from baselines.corpus.mask.step import find
    from baselines.stand_ins.articles import articles

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=5_000)
    parser.add_argument("--sample", type=int, default=200)
    given = parser.parse_args()
    plain = [re.sub(r"\d", "", article.body) for article in articles(given.records)]
    numbered = [text + NUMBERS for text in plain]
    times = 0.0
    for name, texts in (("without digits", plain), ("with numbers", numbered)):
        ours = rate(find, texts)
        theirs = rate(detect_all, texts[: given.sample])
        ratio = ours / theirs
        print(f"{name:16}leaderkit {ours:10,.0f}/s   ko-pii {theirs:8,.0f}/s{ratio:8.1f} times")
        times = times or ratio
    if times < FEWEST_TIMES:
        sys.exit(f"under {FEWEST_TIMES} times on texts without digits")


def rate(find: Callable[[str], object], texts: Sequence[str]) -> float:
    """Texts per second of processor time."""
    find(texts[0])
    started = time.process_time()
    for text in texts:
        find(text)
    return len(texts) / (time.process_time() - started)


if __name__ == "__main__":
    main()
