"""From questions to passages: search, fusion, reranking, diversity, neighbours."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError, few
from submission.recipes.retrieval import Retrieval
from submission.retrieval.build import SPARSE, Settings, identity
from submission.retrieval.chunks import embedded
from submission.retrieval.dense import AT_ONCE, best, exact
from submission.retrieval.embed import embedder, unit
from submission.retrieval.fusion import reciprocal, weighted
from submission.retrieval.rerank import Reranker
from submission.retrieval.sparse import Bm25
from submission.retrieval.store import Store, matrix

SHOWN = ("id", "document", "number", "start", "end", "title", "heading", "text")
"""Columns of a chunk that a passage is made of."""


@dataclass(frozen=True)
class Passage:
    """A chunk that was found. ``ranks`` and ``scores`` are those of every stage that had it."""

    id: str
    document: str
    title: str
    heading: str
    text: str
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass
class _Hits:
    """Chunks by their places with a score, the best first, and how the stages ranked them."""

    order: list[tuple[int, float]]
    ranks: dict[int, dict[str, int]] = field(default_factory=dict)
    scores: dict[int, dict[str, float]] = field(default_factory=dict)

    def note(self, stage: str) -> None:
        """Keep the order as that of a stage."""
        for rank, (place, score) in enumerate(self.order, 1):
            self.ranks.setdefault(place, {})[stage] = rank
            self.scores.setdefault(place, {})[stage] = score


class Index:
    """An index as it was finished last; searches in memory, in one order for equal scores: by id.

    Raises :class:`InputError` where there is none, where it is damaged, or where this machine's
    encoder or tokenizer is another than the one that it was made with.
    """

    def __init__(self, place: str) -> None:
        self._store = Store(place)
        manifest = self._store.manifest()
        if manifest is None:
            raise InputError(
                f"{place}: the index is not finished; the command that makes it goes on with it."
            )
        self._manifest = manifest
        self._settings = Settings.model_validate(manifest.settings["made"])
        rows = self._store.rows(manifest)
        self.dense = self._settings.dense is not None
        self._vectors = matrix(rows["vector"]) if self.dense and not manifest.approximate else None
        self._rows = rows.drop_columns(["vector"]) if self.dense else rows
        self._shown = {name: self._rows[name].combine_chunks() for name in SHOWN}
        self._ids: list[str] = self._rows["id"].to_pylist()
        self._place = {each: place for place, each in enumerate(self._ids)}
        self._encoder = embedder(self._settings.dense) if self._settings.dense else None
        self._require_same()
        arrays, vocabulary = self._store.arrays(SPARSE, manifest.sparse)
        self.words = Bm25(arrays, vocabulary, self._settings.sparse.tokens)
        self._rerankers: dict[str, Reranker] = {}
        self._masks: dict[str, NDArray[np.bool_]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def documents(self) -> set[str]:
        """The ids of all documents."""
        return set(self._rows["document"].to_pylist())

    def rarity(self, word: str) -> float:
        """How rare a word is: 0 where every chunk has it, 1 where none has."""
        count = len(self._ids)
        having = self.words.frequency(word)
        return math.log((count + 1) / (having + 1)) / math.log(count + 1)

    def search(self, questions: Sequence[str], options: Retrieval) -> Iterator[list[Passage]]:
        """The passages for each question, the best first.

        With ``diversity`` 0 the first k of more are the same.
        """
        mask = self._mask(options.filter)
        for start in range(0, len(questions), AT_ONCE):
            some = questions[start : start + AT_ONCE]
            for question, hits in zip(some, self._found(some, options, mask), strict=True):
                if options.rerank is not None:
                    self._reranked(question, hits, options.rerank)
                if options.diversity:
                    self._diverse(hits, options)
                yield [
                    self._passage(place, score, hits, options.neighbours)
                    for place, score in hits.order[: options.k]
                ]

    def _found(
        self, questions: Sequence[str], options: Retrieval, mask: NDArray[np.bool_] | None
    ) -> Iterator[_Hits]:
        count = max(options.candidates, options.k)
        ways: dict[str, Iterator[list[tuple[int, float]]]] = {}
        if options.method != "sparse":
            ways["dense"] = self._nearest(questions, count, mask)
        if options.method != "dense":
            scores = self.words.scores(questions)
            ways["sparse"] = (best(_only(each, mask, 0.0), count, above=0.0) for each in scores)
        for found in zip(*ways.values(), strict=True):
            hits = _Hits(found[0])
            for stage, order in zip(ways, found, strict=True):
                hits.order = order
                hits.note(stage)
            if len(found) > 1:
                hits.order = (
                    reciprocal(found)
                    if options.fusion == "rrf"
                    else weighted(found, [options.weight, 1 - options.weight])
                )
                hits.note("fused")
            yield hits

    def _nearest(
        self, questions: Sequence[str], k: int, mask: NDArray[np.bool_] | None
    ) -> Iterator[list[tuple[int, float]]]:
        if self._encoder is None or self._settings.dense is None:
            raise InputError(
                f"{self._store.place}: was made without vectors. Set retrieval.method to 'sparse'."
            )
        prefix = self._settings.dense.query_prefix
        asked = unit(self._encoder.encode([prefix + each for each in questions]))
        if self._vectors is None:
            if mask is not None:
                raise InputError("retrieval.filter: an approximate index cannot be filtered.")
            for near in self._store.nearest(asked, k, self._manifest):
                yield [(self._place[each], score) for each, score in near]
        elif mask is None:
            yield from exact(self._vectors, asked, k)
        else:
            admitted = np.flatnonzero(mask)
            for order in exact(self._vectors[admitted], asked, k):
                yield [(int(admitted[place]), score) for place, score in order]

    def _reranked(self, question: str, hits: _Hits, model: str) -> None:
        if model not in self._rerankers:
            self._rerankers[model] = Reranker(model)
        texts = [self._text(place) for place, _ in hits.order]
        scores = self._rerankers[model].scores(question, texts)
        places = [place for place, _ in hits.order]
        hits.order = sorted(
            zip(places, scores, strict=True), key=lambda it: (-it[1], self._ids[it[0]])
        )
        hits.note("reranked")

    def _diverse(self, hits: _Hits, options: Retrieval) -> None:
        """Maximal marginal relevance (Carbonell and Goldstein, 1998) over scores in 0..1."""
        places = [place for place, _ in hits.order]
        if not places:
            return
        values = np.array([score for _, score in hits.order])
        low, high = values.min(), values.max()
        values = (values - low) / (high - low) if high > low else np.ones(len(values))
        alike = self._alike(places)
        nearest = np.zeros(len(places))
        chosen: list[tuple[int, float]] = []
        left = np.ones(len(places), dtype=bool)
        while left.any() and len(chosen) < options.k:
            gain = (1 - options.diversity) * values - options.diversity * nearest
            at = int(np.argmax(np.where(left, gain, -np.inf)))
            chosen.append((places[at], float(gain[at])))
            left[at] = False
            nearest = np.maximum(nearest, alike[at])
        hits.order = chosen
        hits.note("diverse")

    def _alike(self, places: list[int]) -> NDArray[np.float64]:
        """How alike chunks are: by their vectors, else by the words that they share (Jaccard)."""
        if self._vectors is not None:
            some = self._vectors[places]
            return np.asarray(some @ some.T, dtype=np.float64)
        sets = [set(self.words.known(self._text(place))) for place in places]
        return np.array([[len(a & b) / max(len(a | b), 1) for b in sets] for a in sets])

    def _passage(self, place: int, score: float, hits: _Hits, neighbours: int) -> Passage:
        row = self._row(place)
        return Passage(
            row["id"],
            row["document"],
            row["title"],
            row["heading"],
            self._with_neighbours(row, neighbours) if neighbours else row["text"],
            score,
            hits.ranks.get(place, {}),
            hits.scores.get(place, {}),
        )

    def _with_neighbours(self, row: Mapping[str, Any], neighbours: int) -> str:
        """A chunk's text with that of those around it, what overlaps once."""
        near = range(row["number"] - neighbours, row["number"] + neighbours + 1)
        names = [f"{row['document']}#{number}" for number in near]
        rows = [self._row(self._place[each]) for each in names if each in self._place]
        text, end = "", rows[0]["start"]
        for each in rows:
            gap = "\n" if text and each["start"] > end else ""
            text += gap + each["text"][max(end - each["start"], 0) :]
            end = max(end, each["end"])
        return text

    def _row(self, place: int) -> dict[str, Any]:
        return {name: column[place].as_py() for name, column in self._shown.items()}

    def _text(self, place: int) -> str:
        row = self._row(place)
        return embedded(row["title"], row["heading"], row["text"])

    def _mask(self, wanted: Mapping[str, Sequence[str]]) -> NDArray[np.bool_] | None:
        """The chunks that a filter admits; None for all."""
        if not wanted:
            return None
        name = json.dumps(wanted, sort_keys=True)
        if name not in self._masks:
            facts = [json.loads(each) for each in self._rows["meta"].to_pylist()]
            mask = np.ones(len(self._ids), dtype=bool)
            for column, values in wanted.items():
                if column in ("category", "document", "title", "heading"):
                    having = self._rows[column].to_pylist()
                else:
                    having = [each.get(column, "") for each in facts]
                mask &= np.isin(np.array(having, dtype=object), list(values))
            if not mask.any():
                raise InputError(f"retrieval.filter: no chunk has {few(wanted)} so.")
            self._masks[name] = mask
        return self._masks[name]

    def _require_same(self) -> None:
        now = identity(self._settings, self._encoder)
        then = self._manifest.settings
        for name, what in (("encoder", "encoder"), ("tokens", "tokenizer")):
            if now[name] != then[name]:
                raise InputError(
                    f"{self._store.place}: was made with another {what}: {then[name]}, and here is "
                    f"{now[name]}. Make the index anew with leaderkit index --rebuild."
                )


def _only(
    scores: NDArray[np.float32], mask: NDArray[np.bool_] | None, other: float
) -> NDArray[np.float32]:
    if mask is None:
        return scores
    return np.where(mask, scores, np.float32(other))
