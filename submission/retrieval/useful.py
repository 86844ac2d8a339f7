"""DocQuest: how useful a passage is for a question, and whether all of them are sufficient.

Both are probabilities, calibrated on held-out questions when a scorer is made. A scorer is a
folder with ``docquest.json``; the light one is that file alone (features and logistic regression),
the other has a cross-encoder beside it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError
from submission.files.named import named
from submission.retrieval.chunks import embedded
from submission.retrieval.rerank import Reranker
from submission.retrieval.tokens import bigrams, morphemes, sentences

FILE = "docquest.json"
VERSION = 1
FEATURES = (
    "dense",
    "sparse",
    "coverage",
    "rare_coverage",
    "title",
    "bigrams",
    "best_sentence",
    "numbers",
    "rank",
    "length",
)
SET_FEATURES = ("best", "second", "mean", "any", "coverage")
TOP = 5
"""Passages that count for whether all of them are sufficient."""
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


class Found(Protocol):
    """What of a passage is judged: its texts, and the scores of the stages that found it."""

    @property
    def title(self) -> str:
        """Its document's title."""
        ...

    @property
    def heading(self) -> str:
        """The heading above it."""
        ...

    @property
    def text(self) -> str:
        """Its text."""
        ...

    @property
    def scores(self) -> Mapping[str, float]:
        """By stage: ``dense``, ``sparse``."""
        ...


class Weights(Protocol):
    """How rare words are."""

    def rarity(self, word: str) -> float:
        """From 0 for a word that every chunk has to 1 for one that none has."""
        ...


class Logistic(NamedTuple):
    """A logistic regression over standardized features."""

    mean: list[float]
    scale: list[float]
    weights: list[float]
    bias: float

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """One for each row of ``(rows, features)``."""
        known = (features - np.array(self.mean)) / np.array(self.scale)
        logits = known @ np.array(self.weights) + self.bias
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), dtype=np.float64)


class Scorer:
    """A trained scorer; the threshold that is set on it belongs to it alone."""

    def __init__(self, folder: Path, told: Mapping[str, Any]) -> None:
        self._folder = folder
        self.kind: str = told["kind"]
        self._useful = Logistic(**told["useful"])
        self._sufficient = Logistic(**told["sufficient"])

    def useful(self, question: str, passages: Sequence[Found], index: Weights) -> list[float]:
        """The usefulness of each passage for the question, in 0..1."""
        if not passages:
            return []
        features = (
            self._logits(question, passages)
            if self.kind == "cross-encoder"
            else passage_features(question, passages, index)
        )
        return [float(each) for each in self._useful.probabilities(features)]

    def sufficient(
        self, question: str, passages: Sequence[Found], useful: Sequence[float], index: Weights
    ) -> float:
        """Whether passages of this usefulness together answer the question, in 0..1.

        It is 0 where there are none.
        """
        if not passages:
            return 0.0
        features = set_features(question, passages, useful, index)
        return float(self._sufficient.probabilities(features[None])[0])

    def _logits(self, question: str, passages: Sequence[Found]) -> NDArray[np.float64]:
        texts = [shown(each) for each in passages]
        return np.array(self._model.logits(question, texts), dtype=np.float64)[:, None]

    @cached_property
    def _model(self) -> Reranker:
        return Reranker(str(self._folder))


def load_scorer(name: str) -> Scorer:
    """The scorer in a folder. Raises :class:`InputError` where there is none."""
    folder = named(name)
    try:
        told = json.loads((folder / FILE).read_text("utf-8"))
        if told["version"] != VERSION or told["features"] != [*FEATURES]:
            raise InputError(
                f"{folder / FILE}: was made by another version. Train the scorer again with "
                "leaderkit docquest train."
            )
        return Scorer(folder, told)
    except OSError:
        raise InputError(
            f"{folder}: is no scorer of passages; it has no {FILE}. Make one with leaderkit "
            "docquest train."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{folder / FILE}: cannot be read. Train the scorer again with leaderkit docquest "
            "train."
        ) from None


def shown(passage: Found) -> str:
    """A passage with its title and heading."""
    return embedded(passage.title, passage.heading, passage.text)


def passage_features(
    question: str, passages: Sequence[Found], index: Weights
) -> NDArray[np.float64]:
    """A row of :data:`FEATURES` for each passage, all of them between 0 and about 1."""
    wanted = set(morphemes([question])[0])
    weight = {word: index.rarity(word) for word in wanted}
    total = sum(weight.values()) or 1.0
    pairs = set(bigrams([question])[0])
    numbers = set(_NUMBERS.findall(question))
    top = max((each.scores.get("sparse", 0.0) for each in passages), default=0.0) or 1.0

    def share(words: Collection[str]) -> float:
        return sum(weight[word] for word in wanted.intersection(words)) / total

    rows = []
    for passage in passages:
        title, *parts = _words(f"{passage.title}\n{passage.heading}", passage.text)
        words = title.union(*parts)
        told = passage.scores.get("sparse", 0.0)
        found = numbers.intersection(_NUMBERS.findall(passage.text))
        rows.append(
            [
                passage.scores.get("dense", 0.0),
                told / (told + 10.0),
                len(wanted & words) / max(len(wanted), 1),
                share(words),
                share(title),
                len(pairs.intersection(bigrams([shown(passage)])[0])) / max(len(pairs), 1),
                max(map(share, parts), default=0.0),
                len(found) / len(numbers) if numbers else 0.5,
                told / top,
                math.log1p(len(passage.text)) / 10,
            ]
        )
    return np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))


@lru_cache(maxsize=1 << 15)
def _words(title: str, text: str) -> tuple[frozenset[str], ...]:
    """The words of a title, and of each sentence of a text; passages come again and again."""
    parts = [text[start:end] for start, end in sentences(text)]
    return tuple(frozenset(words) for words in morphemes([title, *parts]))


def set_features(
    question: str, passages: Sequence[Found], useful: Sequence[float], index: Weights
) -> NDArray[np.float64]:
    """:data:`SET_FEATURES` of the :data:`TOP` most useful of some passages, a vector."""
    order = sorted(range(len(passages)), key=lambda place: -useful[place])[:TOP]
    best = [useful[place] for place in order]
    asked = set(morphemes([question])[0])
    weight = {word: index.rarity(word) for word in asked}
    total = sum(weight.values()) or 1.0
    found = [
        _words(f"{passages[place].title}\n{passages[place].heading}", passages[place].text)
        for place in order
    ]
    covered = asked.intersection(word for parts in found for words in parts for word in words)
    return np.array(
        [
            best[0],
            best[1] if len(best) > 1 else 0.0,
            sum(best) / len(best),
            1 - math.prod(1 - each for each in best),
            sum(weight[word] for word in covered) / total,
        ],
        dtype=np.float64,
    )
