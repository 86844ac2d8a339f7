"""Words and morphemes of the sample, and the words that set categories apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import msgspec
import numpy as np

from baselines.corpus.explore.rules import words
from baselines.corpus.explore.sample import Sampled
from evaluators.optional import load_library

MOST_WORDS: Final = 20
MOST_CATEGORIES: Final = 20
PER_CATEGORY: Final = 8
FEWEST: Final = 3
"""Records with a word, below which it sets nothing apart."""

PRIOR: Final = 500.0
"""Words that the prior weighs as much as (Monroe and others 2008, doi 10.1093/pan/mpn018)."""

_CONTENT: Final = frozenset({"NNG", "NNP", "XR", "SL"})


class Vocabulary(msgspec.Struct, frozen=True):
    """The words of the sample."""

    words: int
    distinct: int
    once: int
    """Distinct words that stand there once."""
    commonest: tuple[tuple[str, int], ...]


class Morphemes(msgspec.Struct, frozen=True):
    """The morphemes of the records of the sample that Kiwi read."""

    records: int
    characters: int
    morphemes: int
    distinct: int
    per_eojeol: float
    kinds: tuple[tuple[str, int], ...]
    """The commonest parts of speech, by Kiwi's names."""
    commonest: tuple[tuple[str, int], ...]
    """The commonest nouns, roots and foreign words."""


class Apart(msgspec.Struct, frozen=True):
    """A word that one category has more of than the others."""

    category: str
    word: str
    records: int
    """Records of the category with the word."""
    z: float
    chi_squared: float


def counted_words(rows: Sequence[Sampled]) -> Counter[str]:
    """The words of all texts of the sample."""
    return Counter(word for row in rows for text in row.texts.values() for word in words(text))


def vocabulary(counted: Counter[str]) -> Vocabulary:
    """What the words come to."""
    return Vocabulary(
        counted.total(),
        len(counted),
        sum(count == 1 for count in counted.values()),
        tuple(_commonest(counted)),
    )


class Analysed:
    """The records of the sample that Kiwi read, up to a number of characters."""

    def __init__(self, rows: Sequence[Sampled], characters: int) -> None:
        self.contents: list[tuple[str, Counter[str]]] = []
        self._kinds: Counter[str] = Counter()
        self._forms: Counter[tuple[str, str]] = Counter()
        self._characters = self._eojeol = 0
        texts = []
        for row in rows:
            text = "\n".join(row.texts.values())
            if self._characters + len(text) > characters:
                break
            self._characters += len(text)
            self._eojeol += len(text.split())
            texts.append(text)
        for row, tokens in zip(rows, _tokens(texts), strict=False):
            content = Counter(form for form, tag in tokens if tag in _CONTENT)
            self._forms.update(tokens)
            self._kinds.update(tag for _, tag in tokens)
            self.contents.append((row.category, content))

    def morphemes(self) -> Morphemes | None:
        """What they come to; None where nothing was read."""
        if not self._eojeol:
            return None
        content: Counter[str] = Counter()
        for _, each in self.contents:
            content.update(each)
        total = self._forms.total()
        return Morphemes(
            len(self.contents),
            self._characters,
            total,
            len(self._forms),
            total / self._eojeol,
            tuple(_commonest(self._kinds)),
            tuple(_commonest(content)),
        )

    def apart(self) -> Iterator[Apart]:
        """The words that set the largest categories apart, each category's strongest first."""
        sizes = Counter(category for category, _ in self.contents if category)
        if len(sizes) < 2:
            return
        everything: Counter[str] = Counter()
        having: Counter[str] = Counter()
        by_category: dict[str, tuple[Counter[str], Counter[str]]] = {
            name: (Counter(), Counter()) for name in sizes
        }
        for category, content in self.contents:
            if category:
                everything.update(content)
                having.update(content.keys())
                by_category[category][0].update(content)
                by_category[category][1].update(content.keys())
        for category, size in sorted(sizes.items(), key=lambda each: (-each[1], each[0]))[
            :MOST_CATEGORIES
        ]:
            counts, records = by_category[category]
            scored = [
                Apart(
                    category,
                    word,
                    records[word],
                    _log_odds(count, counts.total(), everything[word], everything.total()),
                    _chi_squared(records[word], size, having[word], sizes.total()),
                )
                for word, count in counts.items()
                if records[word] >= FEWEST
            ]
            strongest = sorted(scored, key=lambda each: (-each.z, each.word))
            yield from (each for each in strongest[:PER_CATEGORY] if each.z > 0)


def _tokens(texts: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    if not texts:
        return
    for tokens in _analyser().tokenize(texts):
        yield [(token.form, token.tag) for token in tokens]


@cache
def _analyser() -> Any:
    library = load_library("kiwipiepy", needed_by="the count of morphemes", install="kiwipiepy")
    return library.Kiwi()


def _log_odds(count: int, total: int, count_all: int, total_all: int) -> float:
    """The z of the log-odds of a word in the category against the rest."""
    prior = PRIOR * count_all / total_all
    others, total_others = count_all - count, total_all - total
    # Where there is no other word at all, half a word stands for the rest.
    inside = np.log((count + prior) / max(total + PRIOR - count - prior, 0.5))
    outside = np.log((others + prior) / max(total_others + PRIOR - others - prior, 0.5))
    return float((inside - outside) / np.sqrt(1 / (count + prior) + 1 / (others + prior)))


def _chi_squared(inside: int, size: int, having: int, total: int) -> float:
    """Pearson's, of the four kinds of records: in or outside, with or without the word."""
    table = np.array(
        [[inside, size - inside], [having - inside, total - size - having + inside]], dtype=float
    )
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(expected > 0, (table - expected) ** 2 / expected, 0.0)
    return float(terms.sum())


def _commonest(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:MOST_WORDS]
