"""An index on disk or object storage: tables of LanceDB, of which the manifest is written last.

What is searched is the version of each table that the manifest names. An index that is being
changed, or whose change was killed, therefore answers as before.
"""

from __future__ import annotations

import io
import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError, Stopped, sentence
from submission.files.named import named
from submission.retrieval.chunks import Chunk

_URL = re.compile(r"[a-z][a-z0-9+.-]+://")
_KEPT = timedelta(days=36500)
_OLD = timedelta(days=7)
"""Versions as old as that are read by nobody any more."""
AT_ONCE = 1024
"""Chunks in one write: single ones cost a file each."""


class Manifest(NamedTuple):
    """What an index was made with, and which versions of its tables it is."""

    settings: Mapping[str, Any]
    chunks: int
    sparse: int
    rows: int
    documents: int
    dimension: int
    approximate: Mapping[str, Any] = {}


class Known(NamedTuple):
    """The chunks that the table holds, finished or not: digests and keys by id, ids by key."""

    digests: dict[str, str]
    ids: dict[str, str]


class Store:
    """The tables of an index at a path or URL. Raises :class:`InputError` where none can be."""

    def __init__(self, place: str, *, create: bool = False) -> None:
        self.place = place
        self._where = place if _URL.match(place) else str(named(place))
        if not create and (
            (not _URL.match(place) and not named(place).is_dir()) or not self._names
        ):
            raise InputError(f"{place}: there is no index. Make one with leaderkit index.")

    @cached_property
    def _base(self) -> Any:
        # It logs every table that it makes.
        os.environ.setdefault("LANCEDB_LOG", "error")
        import lancedb

        try:
            return lancedb.connect(self._where)
        except Exception as error:  # noqa: BLE001 -- it raises what its storage raises
            raise InputError(f"{self.place}: cannot be opened: {_first(error)}") from None

    @cached_property
    def _names(self) -> set[str]:
        try:
            return set(self._base.list_tables().tables)
        except Exception as error:  # noqa: BLE001 -- as above
            raise InputError(f"{self.place}: cannot be opened: {_first(error)}") from None

    def manifest(self) -> Manifest | None:
        """The manifest; None where no index was finished yet."""
        if "manifest" not in self._names:
            return None
        told = json.loads(self._open("manifest").to_arrow()["told"][0].as_py())
        return Manifest(**told)

    def begun(self) -> Mapping[str, Any] | None:
        """The settings that the chunks in the table were made with."""
        if "begun" not in self._names:
            return None
        told: Mapping[str, Any] = json.loads(self._open("begun").to_arrow()["told"][0].as_py())
        return told

    def begin(self, settings: Mapping[str, Any], dimension: int) -> None:
        """Start without any chunk, which ``settings`` are to make."""
        import pyarrow as pa

        text = pa.string()
        fields = [(name, pa.int64() if name in _NUMBERS else text) for name in Chunk._fields]
        vector = [("vector", pa.list_(pa.float32(), dimension))] if dimension else []
        schema = pa.schema([*fields, ("key", text), ("digest", text), *vector])
        self._write("begun", settings)
        self._base.create_table("chunks", schema=schema, mode="overwrite")
        self._names.add("chunks")

    def known(self) -> Known:
        """What is in the table."""
        found = self._open("chunks").search().select(["id", "key", "digest"]).to_arrow()
        ids, keys, digests = (found[name].to_pylist() for name in ("id", "key", "digest"))
        return Known(dict(zip(ids, digests, strict=True)), dict(zip(keys, ids, strict=True)))

    def vectors(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of these chunks."""
        table = self._open("chunks").search().where(_among(ids)).select(["id", "vector"])
        found = table.limit(len(ids)).to_arrow()
        return dict(zip(found["id"].to_pylist(), matrix(found["vector"]), strict=True))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (InputError, Stopped):
            raise
        except Exception as error:  # noqa: BLE001 -- it raises what its storage raises
            raise Stopped(
                f"{self.place}: cannot be written: {_first(error)} What is there is kept; the same "
                "command goes on."
            ) from None

    def put(self, chunks: Sequence[Chunk], vectors: NDArray[np.float32] | None, new: bool) -> None:
        """Write chunks, in place of those of the same ids unless all are ``new``."""
        import pyarrow as pa

        table = self._open("chunks")
        columns: dict[str, Any] = {
            name: [getattr(chunk, name) for chunk in chunks]
            for name in (*Chunk._fields, "key", "digest")
        }
        if vectors is not None:
            flat = pa.array(vectors.ravel(), pa.float32())
            columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
        rows = pa.table(columns, schema=table.schema)
        with self._writing():
            if new:
                table.add(rows)
            else:
                changed = table.merge_insert("id").when_matched_update_all()
                changed.when_not_matched_insert_all().execute(rows)

    def remove(self, ids: Iterable[str]) -> None:
        """Remove chunks."""
        gone = sorted(ids)
        for start in range(0, len(gone), AT_ONCE):
            self._open("chunks").delete(_among(gone[start : start + AT_ONCE]))

    def compact(self) -> None:
        """Put the chunks into few files; nothing that a manifest names is removed."""
        self._open("chunks").optimize(cleanup_older_than=_KEPT)

    def keep_arrays(self, name: str, arrays: Mapping[str, NDArray[Any]], texts: object) -> int:
        """Keep numbers and texts under a name; returns the version."""
        import pyarrow as pa

        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **arrays)
        told = json.dumps(texts, ensure_ascii=False)
        rows = pa.table(
            {"arrays": pa.array([file.getbuffer()], pa.large_binary()), "texts": [told]},
            schema=pa.schema([("arrays", pa.large_binary()), ("texts", pa.large_string())]),
        )
        with self._writing():
            table = self._base.create_table(name, data=rows, mode="overwrite")
        self._names.add(name)
        version: int = table.version
        return version

    def arrays(self, name: str, version: int) -> tuple[dict[str, NDArray[Any]], Any]:
        """What was kept under a name."""
        row = self._at(name, version).to_arrow()
        with np.load(io.BytesIO(row["arrays"][0].as_py()), allow_pickle=False) as found:
            arrays = {key: found[key] for key in found.files}
        return arrays, json.loads(row["texts"][0].as_py())

    def commit(self, manifest: Manifest) -> None:
        """Make this the index, in one step; what only the one before needed is removed later."""
        self._write("manifest", manifest._asdict())
        with self._writing():
            self._open("chunks").optimize(cleanup_older_than=_OLD)

    def version(self) -> int:
        """The version of the chunks as they are now."""
        found: int = self._open("chunks").version
        return found

    def rows(self, manifest: Manifest) -> Any:
        """The chunks that the manifest names, by id, as an Arrow table.

        Raises :class:`InputError` where they are not as many as it says.
        """
        found = self._at("chunks", manifest.chunks).search().to_arrow()
        if found.num_rows != manifest.rows:
            raise InputError(
                f"{self.place}: holds {found.num_rows:,} chunks and its manifest says "
                f"{manifest.rows:,}, so that it is damaged. Make it anew with leaderkit index "
                "--rebuild."
            )
        return found.sort_by("id")

    def current(self) -> Any:
        """The chunks as they are in the table now, without their vectors, by id."""
        table = self._open("chunks")
        names = [*Chunk._fields, "key", "digest"]
        return table.search().select(names).to_arrow().sort_by("id")

    def all_vectors(self) -> tuple[list[str], NDArray[np.float32]]:
        """The ids and vectors in the table now, by id."""
        found = self._open("chunks").search().select(["id", "vector"]).to_arrow().sort_by("id")
        return found["id"].to_pylist(), matrix(found["vector"])

    def nearest(
        self, questions: NDArray[np.float32], k: int, manifest: Manifest | None = None
    ) -> list[list[tuple[str, float]]]:
        """The ids of the ``k`` nearest vectors by the approximate index, with their cosine."""
        table = self._open("chunks") if manifest is None else self._at("chunks", manifest.chunks)
        found = []
        for question in questions:
            search = table.search(question).distance_type("cosine").ef(max(4 * k, 100))
            near = search.refine_factor(2).limit(k).select(["id", "_distance"]).to_arrow()
            pairs = zip(near["id"].to_pylist(), near["_distance"].to_pylist(), strict=True)
            found.append(sorted(((i, 1 - d) for i, d in pairs), key=lambda it: (-it[1], it[0])))
        return found

    def make_approximate(self, partitions: int) -> None:
        """Make an approximate index of the vectors."""
        from lancedb.index import HnswSq

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = HnswSq(distance_type="cosine", num_partitions=partitions)
            self._open("chunks").create_index("vector", config=config, replace=True)

    def _open(self, name: str) -> Any:
        try:
            return self._base.open_table(name)
        except Exception as error:  # noqa: BLE001 -- it raises what its storage raises
            raise InputError(
                f"{self.place}: its table '{name}' cannot be read: {_first(error)} Make the index "
                "anew with leaderkit index --rebuild."
            ) from None

    def _at(self, name: str, version: int) -> Any:
        table = self._open(name)
        try:
            table.checkout(version)
        except Exception as error:  # noqa: BLE001 -- as above
            raise InputError(
                f"{self.place}: version {version} of its table '{name}', which the manifest names, "
                f"is not there: {_first(error)} Make the index anew with leaderkit index --rebuild."
            ) from None
        return table

    def _write(self, name: str, told: object) -> None:
        row = {"told": json.dumps(told, ensure_ascii=False)}
        with self._writing():
            self._base.create_table(name, data=[row], mode="overwrite")
        self._names.add(name)


_NUMBERS = frozenset({"number", "start", "end"})


def _among(ids: Iterable[str]) -> str:
    listed = ", ".join("'" + each.replace("'", "''") + "'" for each in ids)
    return f"id IN ({listed})"


def matrix(column: Any) -> NDArray[np.float32]:
    """A column of vectors as a matrix, a row each."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32).reshape(len(column), -1)


def _first(error: Exception) -> str:
    return sentence((str(error).strip() or type(error).__name__).splitlines()[0][:300])
