"""The step ``dedup``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from baselines.corpus.batch import Batch
from baselines.corpus.dedup import pairs as ways
from baselines.corpus.dedup.look import Compared, Spread, helpers, look_at_all, texts_of
from baselines.corpus.folder import Corpus
from baselines.corpus.record import Record
from baselines.corpus.similarity.bands import Bands, bands_for
from baselines.corpus.similarity.clusters import Clusters, Pair, clusters
from baselines.corpus.similarity.minhash import Buckets, algorithm, candidates, each_band
from baselines.corpus.similarity.text import SHORT
from baselines.corpus.steps import Say, Settings, Step
from submission.errors import InputError
from submission.files.atomic import write_bytes

PAIRS = "pairs.jsonl"
CLUSTERS = "clusters.jsonl"


class DedupSettings(Settings):
    """What is compared, how alike is too alike, and who stays."""

    compare: Compared = Field(
        default="all",
        description="Texts of a record that are compared.",
    )
    near: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Jaccard similarity of character 5-grams from which records are duplicates; "
        "1: only equal ones.",
    )
    short: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description=f"The same of 2-grams, for texts under {SHORT} characters.",
    )
    recall: float = Field(
        default=0.97,
        gt=0,
        lt=1,
        description="Chance with which a pair at 'near' is compared at all.",
    )
    tfidf: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Also duplicates: cosine of TF-IDF from this value on.",
    )
    encoder: str | None = Field(
        default=None,
        description="Sentence encoder: a name, a folder, or 'offline'; with --paraphrase.",
    )
    paraphrase: float = Field(
        default=0.92,
        gt=0,
        le=1,
        description="Also duplicates: cosine by the encoder from this value on.",
    )
    keep: Literal["first", "longest"] = Field(
        default="first",
        description="Which record of a cluster stays; of equal ones the first.",
    )
    largest: int = Field(
        default=200,
        ge=2,
        description="Larger clusters are taken apart: only direct pairs count there.",
    )


class Dedup(Step):
    """Keep one of records that are equal, nearly equal or paraphrases.

    White space, case and Unicode form do not count. Every pair is verified exactly; pairs.jsonl
    and clusters.jsonl list what was found. Exactly one record of a cluster stays.
    """

    name = "dedup"
    about = "Keep one of records that are equal, nearly equal or paraphrases."
    settings_type = DedupSettings
    settings: DedupSettings

    def __init__(self, settings: DedupSettings) -> None:
        super().__init__(settings)
        self._bands: Bands = bands_for(settings.near, settings.recall)
        self._gone: dict[int, tuple[str, str]] = {}
        self._told: list[str] = []

    def identity(self) -> dict[str, Any]:
        """The settings, the bands, and what made the signatures."""
        return {**super().identity(), "bands": list(self._bands), "minhash": algorithm()}

    def prepare(self, corpus: Corpus, out: Path, say: Say) -> None:
        """Find every pair and cluster. In memory: 1,000 bytes a record, and the pairs."""
        if self.cluster is not None:
            self._search(corpus, out, say, self.cluster.spread, ways.Shuffled(self.cluster))
            return
        with helpers(self.workers if len(corpus.chunks) > 1 else 1) as spread:
            self._search(corpus, out, say, spread, each_band)

    def _search(
        self, corpus: Corpus, out: Path, say: Say, spread: Spread, bucketed: Buckets
    ) -> None:
        settings = self.settings
        looks = look_at_all(corpus, settings.compare, self._bands.slots, spread)
        if not looks:
            self._write([], out, [], Clusters())
            return
        digests = np.concatenate([look.digests for look in looks])
        lengths = np.concatenate([look.lengths for look in looks])
        found, distinct = ways.exact_pairs(digests)
        long = np.flatnonzero(distinct & (lengths >= SHORT))
        short = np.flatnonzero(distinct & (lengths < SHORT))
        if settings.near < 1:
            signed = np.concatenate([look.signed for look in looks])[long]
            near, cut = candidates(signed, self._bands, settings.near, bucketed)
            say(
                f"dedup: {len(near):,} pairs to compare" + (f"; {cut} buckets cut." if cut else ".")
            )
            found += ways.near_pairs(corpus, long[near], settings.compare, settings.near, spread)
        if settings.short < 1:
            often = looks[0].short_grams
            for look in looks[1:]:
                often += look.short_grams
            found += ways.short_pairs(
                corpus, short.tolist(), often, settings.compare, settings.short
            )
        found += self._by_vectors(corpus, np.flatnonzero(distinct))
        found = sorted({pair[:2]: pair for pair in reversed(found)}.values())
        ranks = -lengths if settings.keep == "longest" else np.zeros_like(lengths)
        made = clusters(found, lambda number: int(ranks[number]), settings.largest)
        self._write([name for look in looks for name in look.ids], out, found, made)

    def apply(self, records: Sequence[Record], first: int) -> Batch:
        """Leave out what has a duplicate that stays."""
        batch = Batch()
        for number, record in enumerate(records, start=first):
            if number in self._gone:
                batch.drop(record, *self._gone[number])
            else:
                batch.kept.append(record)
        return batch

    def notes(self) -> Iterator[str]:
        """How sure the search was, and what it found."""
        yield from self._told

    def _by_vectors(self, corpus: Corpus, distinct: NDArray[np.int64]) -> list[Pair]:
        settings = self.settings
        if settings.tfidf is None and settings.encoder is None:
            return []
        if len(distinct) > ways.MOST_BY_VECTORS:
            raise InputError(
                f"{corpus.path}: {len(distinct):,} records are too many to compare each with each "
                f"('tfidf', 'encoder'): at most {ways.MOST_BY_VECTORS:,}. Leave both out"
            )
        numbers = distinct.tolist()
        held = [
            (solid, " ".join(text for _, text in record.texts()))
            for _, record, solid in texts_of(corpus, numbers, settings.compare)
        ]
        found: list[Pair] = []
        if settings.tfidf is not None and held:
            found += ways.tfidf_pairs([solid for solid, _ in held], numbers, settings.tfidf)
        if settings.encoder is not None and held:
            from evaluators.encoders.load import load_encoder

            vectors = load_encoder(settings.encoder).encode([text for _, text in held])
            vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            found += ways.vector_pairs(vectors, numbers, settings.paraphrase, "paraphrase")
        return found

    def _write(self, ids: Sequence[str], out: Path, found: Sequence[Pair], made: Clusters) -> None:
        lines = [
            {
                "first": ids[pair.first],
                "second": ids[pair.second],
                "similarity": pair.similarity,
                "measure": pair.measure,
            }
            for pair in found
        ]
        write_bytes(out / PAIRS, msgspec.json.Encoder().encode_lines(lines))
        groups = [
            {"kept": ids[group[0]], "dropped": [ids[number] for number in group[1:]]}
            for group in made.members
        ]
        write_bytes(out / CLUSTERS, msgspec.json.Encoder().encode_lines(groups))
        best: dict[int, Pair] = {}
        for pair in found:
            for number in pair[:2]:
                if number not in best or pair.similarity > best[number].similarity:
                    best[number] = pair
        self._gone = {
            number: (f"duplicate ({best[number].measure})", f"of {ids[kept]}")
            for number, kept in made.kept.items()
        }
        curve = ", ".join(f"{at}: {chance:.2f}" for at, chance in self._bands.curve().items())
        bands_told = (
            f"{self._bands.bands} bands of {self._bands.rows} slots compare pairs of a Jaccard "
            f"similarity with chance {curve}."
        )
        found_told = (
            f"{len(found):,} pairs in {len(made.members):,} clusters; the largest has "
            f"{max(map(len, made.members), default=0):,} records"
            + (f", {made.cut} were taken apart." if made.cut else ".")
        )
        self._told = [bands_told, found_told]
