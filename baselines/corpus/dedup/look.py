"""One look at every record: what is compared of it, as digests and signatures."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xxhash
from numpy.typing import NDArray

from baselines.corpus.folder import Chunk, Corpus, read_chunk
from baselines.corpus.lifetime import end_with
from baselines.corpus.record import Record
from baselines.corpus.similarity.minhash import signatures
from baselines.corpus.similarity.text import SHORT, SHORT_GRAM, shingles, solid

Compared = Literal["all", "documents", "question", "summary", "answers"]


def compared(record: Record, what: Compared) -> str:
    """The solid text that is compared of a record; empty where it has none."""
    if what == "all":
        return solid("\n".join(text for _, text in record.texts()))
    value = getattr(record, what)
    return solid(value if isinstance(value, str) else "\n".join(value))


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


def look_at_all(
    corpus: Corpus, what: Compared, slots: int, workers: int
) -> Iterator[tuple[Chunk, Look]]:
    """Look at every chunk, by several processes where there are several."""
    chunks = corpus.chunks
    if workers == 1 or len(chunks) < 2:
        yield from ((chunk, look_at(chunk, what, slots)) for chunk in chunks)
        return
    # A new interpreter each: rensa's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(chunks)), context, initializer=end_with, initargs=(os.getpid(),)
    ) as pool:
        found = pool.map(look_at, chunks, [what] * len(chunks), [slots] * len(chunks))
        yield from zip(chunks, found, strict=True)


def texts_of(
    corpus: Corpus, numbers: Sequence[int], what: Compared
) -> Iterator[tuple[int, Record, str]]:
    """The records with these numbers (ascending), and what is compared of them."""
    wanted = iter(numbers)
    number = next(wanted, None)
    for chunk in corpus.chunks:
        if number is None:
            return
        if number >= chunk.first + chunk.rows:
            continue
        records = read_chunk(chunk)
        while number is not None and number < chunk.first + chunk.rows:
            record = records[number - chunk.first]
            yield number, record, compared(record, what)
            number = next(wanted, None)
