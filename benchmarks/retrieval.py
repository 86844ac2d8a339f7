"""Making an index and searching it, beside plain NumPy and bm25s alone in the same process.

    python benchmarks/retrieval.py [--chunks N] [--questions N] [--encoder NAME]

The documents are sentences of the sample world, numbered so that all are different. Shown are the
time and the most memory of making the index, and the median and the 95th percentile of the time of
one question, one after another. The answers have to be those of the plain ways.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import bm25s
import numpy as np

from baselines.stand_ins.open_book import World
from submission.recipes.retrieval import Retrieval
from submission.retrieval.build import Settings, build
from submission.retrieval.chunks import embedded
from submission.retrieval.documents import Document
from submission.retrieval.embed import Dense, embedder, unit
from submission.retrieval.search import Index
from submission.retrieval.sparse import Sparse
from submission.retrieval.store import Store, matrix
from submission.retrieval.tokens import mixed
from submission.terminal.output import tell

WANTED = 1.2


def documents(count: int) -> Iterator[Document]:
    """Documents of a chunk each."""
    every = World().documents
    chance = Random(0)  # noqa: S311 -- made data
    for number in range(count):
        one, other = chance.choice(every), chance.choice(every)
        yield Document(f"d{number:07}", f"{number}호. {one.text} {other.text}", one.title)


def timed(ask: Callable[[str], object], questions: list[str]) -> tuple[float, float]:
    """Median and 95th percentile of milliseconds a question."""
    for question in questions[:3]:
        ask(question)
    found = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found), float(np.quantile(found, 0.95))


def main() -> None:
    """Make the index, search it, and show both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--encoder", default="offline:384")
    arguments = parser.parse_args()
    questions = [row["question"] for row in World().questions()][: arguments.questions]
    with tempfile.TemporaryDirectory() as place:
        where = str(Path(place) / "index")
        settings = Settings(sparse=Sparse(), dense=Dense(encoder=arguments.encoder))
        began = time.perf_counter()
        done = build(Store(where, create=True), settings, documents(arguments.chunks))
        seconds = time.perf_counter() - began
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        tell(f"{done.chunks:,} chunks in {seconds:.0f} s, at most {most:,.0f} MiB")
        began = time.perf_counter()
        index = Index(where)
        tell(f"opened in {time.perf_counter() - began:.1f} s")
        encoder = embedder(settings.dense or Dense())
        store = Store(where)
        rows = store.rows(store.manifest())  # type: ignore[arg-type]
        vectors, ids = matrix(rows["vector"]), rows["id"].to_pylist()
        texts = [embedded(*each) for each in zip(*_texts(rows), strict=True)]
        plain = bm25s.BM25(method="lucene")
        plain.index(mixed(texts), show_progress=False)

    def searched(method: str) -> Callable[[str], list[str]]:
        chosen = Retrieval.model_validate({"k": 10, "method": method})
        return lambda text: [each.id for each in next(index.search([text], chosen))]

    def numpy_alone(text: str) -> list[str]:
        scores = vectors @ unit(encoder.encode([text]))[0]
        places = np.argpartition(-scores, 10)[:10]
        return [ids[place] for place in places[np.argsort(-scores[places])]]

    def bm25s_alone(text: str) -> list[str]:
        found, _ = plain.retrieve([mixed([text])[0]], k=10, show_progress=False)
        return [ids[place] for place in found[0]]

    ways = {
        "dense": searched("dense"),
        "NumPy alone": numpy_alone,
        "sparse": searched("sparse"),
        "bm25s alone": bm25s_alone,
        "hybrid": searched("hybrid"),
    }
    medians = {}
    for name, ask in ways.items():
        median, high = timed(ask, questions)
        medians[name] = median
        tell(f"{name:<12} p50 {median:7.2f} ms, p95 {high:7.2f} ms")
    for ours, other in (("dense", "NumPy alone"), ("sparse", "bm25s alone")):
        same = sum(set(ways[ours](each)) == set(ways[other](each)) for each in questions)
        tell(
            f"{medians[ours] / medians[other]:7.2f}  {ours} / {other} (at most {WANTED}); the same "
            f"ten for {same} of {len(questions)} questions"
        )


def _texts(rows: object) -> list[list[str]]:
    return [rows[name].to_pylist() for name in ("title", "heading", "text")]  # type: ignore[index]


if __name__ == "__main__":
    main()
