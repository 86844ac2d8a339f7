"""One pass over a corpus, and everything that is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from baselines.corpus.explore.counts import Category, Counts, Duplicates, Field
from baselines.corpus.explore.drift import Drift, drift
from baselines.corpus.explore.leaks import LeakCounter, Leaks
from baselines.corpus.explore.relations import (
    Correlation,
    Explained,
    Similarity,
    correlations,
    explained,
    similarities,
)
from baselines.corpus.explore.rules import RULES
from baselines.corpus.explore.sample import Sample, Sampled
from baselines.corpus.explore.words import (
    Analysed,
    Apart,
    Morphemes,
    Vocabulary,
    counted_words,
    vocabulary,
)
from baselines.corpus.folder import Corpus, read_chunk
from baselines.corpus.steps import Say
from submission.terminal.progress import Pace

MOST_CATEGORIES: Final = 50


@dataclass(frozen=True)
class Ways:
    """What is looked at in a sample, and how large that is."""

    sample: int = 10_000
    characters: int = 200_000
    """Characters that Kiwi reads; 0 for none."""
    seed: int = 42


class Explored(msgspec.Struct, frozen=True):
    """What one corpus is like."""

    name: str
    digest: str
    records: int
    sampled: int
    seed: int
    tasks: dict[str, int]
    languages: dict[str, int]
    data_sets: dict[str, int]
    fields: tuple[Field, ...]
    categories: tuple[Category, ...]
    duplicates: tuple[Duplicates, ...]
    vocabulary: Vocabulary
    morphemes: Morphemes | None
    correlations: tuple[Correlation, ...]
    explained: tuple[Explained, ...]
    similarities: tuple[Similarity, ...]
    apart: tuple[Apart, ...]
    leaks: Leaks | None


class Exploration(msgspec.Struct, frozen=True):
    """One corpus, or two side by side with what lies between them."""

    corpora: tuple[Explored, ...]
    drift: tuple[Drift, ...]
    rules: dict[str, str]


def explore(
    paths: tuple[Path, ...], ways: Ways, *, test: Path | None = None, say: Say
) -> Exploration:
    """Explore one corpus or two; raises :class:`InputError` where there is none."""
    corpora = [Corpus.open(path) for path in paths]
    tests = None if test is None else Corpus.open(test)
    names = [path.name for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    seen = [
        _Pass(corpus, name, ways, tests, say) for corpus, name in zip(corpora, names, strict=True)
    ]
    between: tuple[Drift, ...] = ()
    if len(seen) == 2:
        one, other = seen
        between = tuple(drift(one.counts, other.counts, one.rows, other.rows))
    return Exploration(tuple(each.explored() for each in seen), between, RULES)


class _Pass:
    def __init__(
        self, corpus: Corpus, name: str, ways: Ways, tests: Corpus | None, say: Say
    ) -> None:
        self._corpus = corpus
        self._name = name
        self._ways = ways
        self.counts = Counts()
        sample = Sample(ways.sample, ways.seed)
        own = tests is not None and tests.digest == corpus.digest
        self._leaks = None if tests is None or own else LeakCounter(tests.path.name, tests)
        pace = Pace(len(corpus.chunks), "pieces")
        for chunk in corpus.chunks:
            records = read_chunk(chunk)
            self.counts.add(records)
            sample.add(records)
            if self._leaks is not None:
                self._leaks.add(records)
            pace.done += 1
            if pace.due:
                say(f"{corpus.path}: {pace.line()}")
        self.rows: list[Sampled] = sample.rows()

    def explored(self) -> Explored:
        counts, rows, ways = self.counts, self.rows, self._ways
        analysed = Analysed(rows, ways.characters)
        return Explored(
            self._name,
            self._corpus.digest,
            counts.records,
            len(rows),
            ways.seed,
            dict(counts.tasks.most_common()),
            dict(counts.languages.most_common()),
            dict(counts.data_sets.most_common()),
            counts.fields(),
            counts.by_category()[:MOST_CATEGORIES],
            tuple(counts.duplicates()),
            vocabulary(counted_words(rows)),
            analysed.morphemes(),
            tuple(correlations(rows)),
            tuple(explained(rows)),
            tuple(similarities(rows, ways.seed)),
            tuple(analysed.apart()),
            None if self._leaks is None else self._leaks.found(),
        )
