"""Making and changing an index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError
from submission.files.digest import digest
from submission.recipes.base import Table
from submission.retrieval.chunks import Chunk, Chunking, Length, chunks_of, document_of, embedded
from submission.retrieval.documents import Document
from submission.retrieval.embed import Dense, Embedder, embedder, unit
from submission.retrieval.sparse import Sparse, indexed
from submission.retrieval.store import AT_ONCE, Manifest, Store
from submission.retrieval.tokens import WAYS, signature

Item = TypeVar("Item")

SPARSE = "sparse"
PROBES = 200
"""Chunks for which an approximate search is compared with an exact one."""


class Settings(Table):
    """How an index is made; no dense part without ``dense``."""

    chunking: Chunking = Chunking()
    sparse: Sparse = Sparse()
    dense: Dense | None = Dense()


class Outcome(NamedTuple):
    """What a call did: documents, chunks, how many of these were embedded, changed, removed."""

    documents: int
    chunks: int
    embedded: int
    kept: int
    removed: int
    repeated: int
    recall: float | None = None


def build(
    store: Store,
    settings: Settings,
    documents: Iterable[Document],
    *,
    add: bool = False,
    rebuild: bool = False,
    approximate: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Make the index hold ``documents`` and, with ``add``, those that it has already.

    What it holds already is not embedded again. A killed call goes on where it stopped, when it is
    made again. Raises :class:`InputError` where the index was made with other settings, unless it
    is to ``rebuild``, for two documents with one id, and for no documents.
    """
    given = iter(documents)
    # Before anything is written.
    first = next(given, None)
    if first is None:
        raise InputError("There are no documents to index.")
    documents = chain([first], given)
    encoder = embedder(settings.dense) if settings.dense is not None else None
    length = _length(settings, encoder)
    told = identity(settings, encoder)
    _prepare(store, told, encoder, rebuild)
    known = store.known()
    writer = _Writer(store, settings, encoder, known.digests, known.ids)
    seen: dict[str, str] = {}
    for batch in _some(_chunks(documents, settings.chunking, length, seen, writer)):
        writer.write(batch)
        progress(len(writer.wanted))
    removed = known.digests.keys() - writer.wanted
    if add:
        # Of a document that is given again, only what it has now.
        removed = {each for each in removed if document_of(each) in seen}
    store.remove(removed)
    store.compact()
    recall = _approximate(store, writer) if approximate and encoder is not None else None
    say(f"Counting the words of {len(writer.wanted):,} chunks.")
    version, rows, count = _sparse(store, settings)
    store.commit(
        Manifest(
            told,
            chunks=store.version(),
            sparse=version,
            rows=rows,
            documents=count,
            dimension=encoder.dimension if encoder is not None else 0,
            approximate={} if recall is None else {"recall": recall},
        )
    )
    return Outcome(count, rows, writer.embedded, writer.kept, len(removed), writer.repeated, recall)


def remove(store: Store, documents: Iterable[str]) -> Outcome:
    """Take documents out of an index. Raises :class:`InputError` for one that it does not hold."""
    manifest = store.manifest()
    if manifest is None:
        raise InputError(f"{store.place}: the index is not finished. Make it again first.")
    gone = set(documents)
    every = store.known().digests
    held = set(map(document_of, every))
    if unknown := sorted(gone - held):
        raise InputError(f"{store.place}: holds no document '{unknown[0]}'.")
    if gone == held:
        raise InputError(f"{store.place}: would be empty. Remove the folder instead.")
    chunks = {each for each in every if document_of(each) in gone}
    store.remove(chunks)
    store.compact()
    settings = Settings.model_validate(manifest.settings["made"])
    version, rows, count = _sparse(store, settings)
    store.commit(
        manifest._replace(chunks=store.version(), sparse=version, rows=rows, documents=count)
    )
    return Outcome(count, rows, 0, rows, len(chunks), 0)


def identity(settings: Settings, encoder: Embedder | None) -> dict[str, Any]:
    """What the chunks, their vectors and words depend on."""
    made = settings.model_dump(mode="json")
    return {
        "made": made,
        "encoder": None if encoder is None else encoder.identity,
        "tokens": signature(settings.sparse.tokens),
    }


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The settings in which two indexes differ, in words."""
    flat = [dict(_flat("", each)) for each in (ours, theirs)]
    names = sorted(flat[0].keys() | flat[1].keys())
    return [
        f"{name}: {flat[1].get(name)!r} in the index, {flat[0].get(name)!r} now"
        for name in names
        if flat[0].get(name) != flat[1].get(name)
        # Where a server is does not change its vectors, and neither does the name of its key.
        and name not in ("made.dense.base_url", "made.dense.key")
    ]


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, each)
    else:
        yield prefix, value


def _prepare(store: Store, told: dict[str, Any], encoder: Embedder | None, rebuild: bool) -> None:
    begun, manifest = store.begun(), store.manifest()
    different = differences(told, begun) if begun is not None else []
    if different and manifest is not None and not rebuild:
        raise InputError.listing(
            f"{store.place}: the index was made otherwise. Give the same settings, another place, "
            "or --rebuild",
            different,
        )
    if begun is None or different or rebuild:
        store.begin(told, encoder.dimension if encoder is not None else 0)


def _length(settings: Settings, encoder: Embedder | None) -> Length:
    if settings.chunking.unit == "characters":
        return len
    count: Length | None = getattr(encoder, "count_tokens", None)
    if count is None:
        raise InputError(
            "chunking.unit: tokens are those of an encoder with a tokenizer, which this one has "
            "not. Use characters."
        )
    return count


class _Writer:
    """Writes chunks that the table lacks, with their vectors; knows what is ``wanted`` in it."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        encoder: Embedder | None,
        digests: Mapping[str, str],
        ids: dict[str, str],
    ) -> None:
        self._store, self._encoder = store, encoder
        self._prefix = settings.dense.passage_prefix if settings.dense is not None else ""
        self._digests, self._ids = digests, ids
        self.wanted: set[str] = set()
        self.embedded = self.kept = self.repeated = 0

    def write(self, batch: list[Chunk]) -> None:
        """Write those of a batch that are new or changed."""
        self.wanted |= {chunk.id for chunk in batch}
        lacking = [chunk for chunk in batch if self._digests.get(chunk.id) != chunk.digest]
        self.kept += len(batch) - len(lacking)
        changed = [chunk for chunk in lacking if chunk.id in self._digests]
        fresh = [chunk for chunk in lacking if chunk.id not in self._digests]
        # Vectors first: a change may overwrite the row that another takes its vector from.
        vectors = self._vectors([*fresh, *changed])
        if changed:
            over = {chunk.id for chunk in changed}
            self._ids = {key: each for key, each in self._ids.items() if each not in over}
        for some, new, rows in (
            (fresh, True, slice(0, len(fresh))),
            (changed, False, slice(len(fresh), None)),
        ):
            if some:
                self._store.put(some, None if vectors is None else vectors[rows], new)
                self._ids |= {chunk.key: chunk.id for chunk in some}

    def _vectors(self, chunks: list[Chunk]) -> NDArray[np.float32] | None:
        if self._encoder is None or not chunks:
            return None
        keys = [chunk.key for chunk in chunks]
        there = {key: self._ids[key] for key in keys if key in self._ids}
        found = self._store.vectors(list(there.values())) if there else {}
        known = {key: found[each] for key, each in there.items() if each in found}
        texts = {chunk.key: chunk.embedded for chunk in chunks if chunk.key not in known}
        if texts:
            made = unit(self._encoder.encode([self._prefix + text for text in texts.values()]))
            known |= dict(zip(texts, made, strict=True))
            self.embedded += len(texts)
        return np.stack([known[key] for key in keys])


def _chunks(
    documents: Iterable[Document],
    chunking: Chunking,
    length: Length,
    seen: dict[str, str],
    writer: _Writer,
) -> Iterator[Chunk]:
    """The chunks of all documents; one that says the same as another of the same id counts once."""
    for document in documents:
        said = digest([document.text])
        if document.id in seen:
            if seen[document.id] != said:
                raise InputError(
                    f"{document.place}: another document has the id '{document.id}' too. Give "
                    "every document an id of its own."
                )
            writer.repeated += 1
            continue
        seen[document.id] = said
        meta = json.dumps(dict(document.meta), ensure_ascii=False, sort_keys=True)
        yield from chunks_of(document, chunking, meta, length)


def _some(items: Iterator[Item]) -> Iterator[list[Item]]:
    while some := list(islice(items, AT_ONCE)):
        yield some


def _sparse(store: Store, settings: Settings) -> tuple[int, int, int]:
    """Make the BM25 part of what the table holds: its version, the chunks and the documents."""
    found = store.current()
    tokens = (
        words
        for some in found.to_batches(AT_ONCE)
        for words in WAYS[settings.sparse.tokens](_searched(some))
    )
    arrays, vocabulary = indexed(tokens, settings.sparse)
    rows, documents = found.num_rows, len(found["document"].unique())
    del found
    return store.keep_arrays(SPARSE, arrays, vocabulary), rows, documents


def _searched(chunks: Any) -> list[str]:
    """What is searched of some chunks."""
    columns = (chunks[name].to_pylist() for name in ("title", "heading", "text"))
    return [embedded(*each) for each in zip(*columns, strict=True)]


def _approximate(store: Store, writer: _Writer) -> float:
    """Make an approximate index of the vectors, and measure its recall@10 against exact search."""
    from submission.retrieval.dense import exact

    store.make_approximate(max(1, len(writer.wanted) // 100_000))
    ids, vectors = store.all_vectors()
    places = np.linspace(0, len(ids) - 1, min(PROBES, len(ids))).astype(int)
    k = min(10, len(ids))
    found = store.nearest(vectors[places], k)
    true = exact(vectors, vectors[places], k)
    shares = [
        len({ids[place] for place, _ in right} & {each for each, _ in near}) / k
        for right, near in zip(true, found, strict=True)
    ]
    return float(np.mean(shares))
