"""Near duplicates: documents per second and recall, beside datasketch.

    python benchmarks/corpus_dedup.py [--records N] [--workers N] [--sample N] [--json FILE]

N documents of the sample corpus's grammar are shuffled word by word, so that two of them share
hardly anything, and a tenth gets a copy with a Jaccard similarity of about .8. `leaderkit corpus
dedup` runs over them as a process of its own, start-up included; its search alone (reading,
signatures, candidates, verification, clusters) runs in this process. datasketch's MinHash and
MinHashLSH as they come (128 permutations), over the same shingles, see a sample in this process.
Recall is over the planted pairs of .8 and more; precision is 1 where no other pair is listed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

TARGET = 0.8
FEWEST_RATE, FEWEST_TIMES, FEWEST_FOUND = 40_000, 40, 0.95


def main() -> None:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sample", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = measure(Path(place), given.records, given.workers, given.sample)
    for name, value in found.items():
        print(f"{name:44}{value:12,.3f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    wrong = [
        found["search, documents/s"] < FEWEST_RATE,
        found["times datasketch"] < FEWEST_TIMES,
        found["recall"] < FEWEST_FOUND,
        found["precision"] < 1,
    ]
    if any(wrong):
        sys.exit("a goal is missed")


def measure(place: Path, count: int, workers: int, sample: int) -> dict[str, float]:
    """Every figure, by its name."""
    from corpus import run  # type: ignore[import-not-found]  # beside it

    from baselines.corpus.dedup.step import PAIRS, Dedup, DedupSettings
    from baselines.corpus.folder import Corpus

    source = place / "records.jsonl"
    planted, texts = write(source, count, sample)
    corpus = Corpus.open(source)
    step = Dedup(DedupSettings(short=1.0))
    step.workers = workers
    (place / "search").mkdir()
    started = time.perf_counter()
    step.prepare(corpus, place / "search", lambda _: None)
    search = count / (time.perf_counter() - started)
    listed = {
        (each["first"], each["second"])
        for each in map(json.loads, (place / "search" / PAIRS).open(encoding="utf-8"))
    }
    command = [
        sys.executable, "-m", "submission.cli", "corpus", "dedup", str(source), "--out",
        str(place / "out"), "--workers", str(workers), "--json",
    ]  # fmt: skip
    _, seconds, mib = run(command)
    theirs = datasketch_rate(texts)
    sure = {pair for pair, similarity in planted.items() if similarity >= TARGET}
    return {
        "documents": count,
        "search, documents/s": search,
        "the command, documents/s": count / seconds,
        "the command, MiB": mib,
        "datasketch, documents/s": theirs,
        "times datasketch": search / theirs,
        "planted pairs of .8 and more": len(sure),
        "recall": len(sure & listed) / len(sure),
        "precision": len(listed & planted.keys()) / max(len(listed), 1),
    }


def write(path: Path, count: int, sample: int) -> tuple[dict[tuple[str, str], float], list[str]]:
    """Write the records; the planted pairs with their similarity, and some of the texts."""
    from baselines.corpus.record import Record, Source, encoder
    from baselines.corpus.similarity.text import jaccard, shingles, solid
    from baselines.stand_ins.articles import articles

    planted: dict[tuple[str, str], float] = {}
    texts: list[str] = []
    body = ""
    with path.open("wb") as file:
        for number, article in enumerate(articles(count)):
            chance = Random(number)  # noqa: S311
            syllables = list("".join(article.body.split()))
            name = f"made:{number}"
            if number % 10 == 9:
                # About an eleventh of the shingles are others then, in each of the two.
                length = len(body) // 11
                at = chance.randrange(len(body) - length)
                chance.shuffle(syllables)
                copy = body[:at] + "".join(syllables[:length]) + body[at + length :]
                similarity = jaccard(shingles(solid(body)), shingles(solid(copy)))
                planted[f"made:{number - 1}", name] = similarity
                body = copy
            else:
                chance.shuffle(syllables)
                body = "".join(syllables)
            if len(texts) < sample:
                texts.append(body)
            record = Record(
                id=name, source=Source("made", path.name, name), task="document", documents=(body,)
            )
            file.write(encoder.encode(record) + b"\n")
    return planted, texts


def datasketch_rate(texts: list[str]) -> float:
    """Documents per second of datasketch, from texts to the pairs of its index."""
    from datasketch import MinHash, MinHashLSH

    index: Any = MinHashLSH(threshold=TARGET)
    started = time.perf_counter()
    for number, text in enumerate(texts):
        own = MinHash()
        own.update_batch({text[n : n + 5].encode() for n in range(len(text) - 4)})
        index.query(own)
        index.insert(number, own)
    return len(texts) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
