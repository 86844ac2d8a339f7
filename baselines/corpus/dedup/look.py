"""One look at every record: what is compared of it, as digests and signatures."""

from __future__ import annotations

import multiprocessing
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xxhash
from numpy.typing import NDArray

from baselines.corpus.folder import Chunk, Corpus, read_chunk, read_some
from baselines.corpus.lifetime import end_with
from baselines.corpus.record import Record
from baselines.corpus.similarity import minhash
from baselines.corpus.similarity.minhash import signatures
from baselines.corpus.similarity.text import SHORT, SHORT_GRAM, shingles, solid

Spread = Callable[..., Iterator[Any]]
"""``map``, or what does the same by several processes."""

Compared = Literal["all", "documents", "question", "summary", "answers"]


def compared(record: Record, what: Compared) -> str:
    """The solid text that is compared of a record; empty where it has none."""
    # White space does not count, so that nothing has to stand between the texts.
    if what == "all":
        parts = (record.question, *record.options, record.summary, *record.answers)
        return solid("".join((*record.documents, *parts)))
    value = getattr(record, what)
    return solid(value if isinstance(value, str) else "".join(value))


@dataclass(frozen=True)
class Look:
    """What was seen of some records, in their order."""

    ids: list[str]
    digests: NDArray[np.uint64]
    """Of shape (records, 2): the halves of xxh3-128 over the solid text; 0 where there is none."""
    lengths: NDArray[np.int32]
    """Characters of the solid text."""
    signed: NDArray[np.uint32]
    """Signatures of the texts that are not short; zeros for the others."""
    short_grams: Counter[int]
    """How many short texts have a 2-gram."""


def look_at(chunk: Chunk, what: Compared, slots: int) -> Look:
    """Look at the records of one chunk."""
    records = read_chunk(chunk)
    texts = [compared(record, what) for record in records]
    digests = np.zeros((len(texts), 2), np.uint64)
    for place, text in enumerate(texts):
        if text:
            whole = xxhash.xxh3_128_intdigest(text.encode("utf-8", "surrogatepass"))
            digests[place] = whole >> 64, whole & 0xFFFFFFFFFFFFFFFF
    lengths = np.fromiter(map(len, texts), np.int32, len(texts))
    signed = np.zeros((len(texts), slots), np.uint32)
    long = np.flatnonzero(lengths >= SHORT)
    signed[long] = signatures([texts[place] for place in long], slots)
    grams: Counter[int] = Counter()
    for text in texts:
        if 0 < len(text) < SHORT:
            grams.update(shingles(text, SHORT_GRAM).tolist())
    return Look([record.id for record in records], digests, lengths, signed, grams)


@contextmanager
def helpers(workers: int) -> Iterator[Spread]:
    """What applies a function to many things in turn, by several processes where there are."""
    if workers == 1:
        yield map
        return
    context = multiprocessing.get_context("spawn" if minhash.used_here else "fork")
    with ProcessPoolExecutor(
        workers, context, initializer=end_with, initargs=(os.getpid(),)
    ) as pool:
        yield pool.map


def look_at_all(corpus: Corpus, what: Compared, slots: int, spread: Spread) -> list[Look]:
    """Look at every chunk."""
    chunks = corpus.chunks
    return list(spread(look_at, chunks, [what] * len(chunks), [slots] * len(chunks)))


def texts_of(
    corpus: Corpus, numbers: Sequence[int], what: Compared
) -> Iterator[tuple[int, Record, str]]:
    """The records with these numbers (ascending), and what is compared of them."""
    start = 0
    for chunk in corpus.chunks:
        stop = bisect_left(numbers, chunk.first + chunk.rows, start)
        if stop > start:
            wanted = numbers[start:stop]
            found = read_some(chunk, [number - chunk.first for number in wanted])
            for number, record in zip(wanted, found, strict=True):
                yield number, record, compared(record, what)
        start = stop
