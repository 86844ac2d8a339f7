"""The pieces of a step over the nodes of a Ray cluster, by Ray Data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from baselines.corpus.finish import Summary
from baselines.corpus.folder import Form
from submission.engines.ray.cluster import Cluster
from submission.errors import InputError, Stopped
from submission.recipes.ray import Ray

HERE = "local"
"""The address that starts Ray on this machine, with ``workers`` processors."""


class OnRay:
    """A connection to Ray, for as long as the steps of a command take.

    Every node needs this version of leaderkit and the same files at the same places, the output's
    folder among them: nodes write the parts themselves, and only counts and hashes travel.
    """

    def __init__(self, address: str, workers: int) -> None:
        self._cluster = Cluster(
            Ray(address=None if address == HERE else address, concurrency=workers, cpus=1)
        )
        self._workers = workers
        if address != HERE:
            self._cluster.require(("leaderkit",), {})

    def __enter__(self) -> OnRay:
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.close()

    def summaries(
        self, work: Any, chunks: Sequence[Any], missing: Sequence[int], out: Path, form: Form
    ) -> Iterator[tuple[int, Summary]]:
        """What each missing chunk came to, as it is finished.

        Raises:
            InputError: a step refused a record, or a node wrote where this machine cannot see it.
            Stopped: Ray ended; what was finished stays.
        """
        import ray

        held = ray.put(work)
        rows = [{"number": number, "chunk": chunks[number]} for number in missing]
        done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            _Hand,
            fn_constructor_args=(held, out.resolve(), form),
            concurrency=(1, min(self._workers, len(missing))),
            num_cpus=1,
        )
        with _explained():
            for row in done.iter_rows():
                if row["error"]:
                    raise InputError(row["error"])
                summary = msgspec.json.decode(row["summary"], type=Summary)
                _require_here(summary, out)
                yield row["number"], summary

    def spread(self, function: Callable[..., Any], *columns: Iterable[Any]) -> Iterator[Any]:
        """What ``map`` gives, computed by the nodes, in order. Raises :class:`Stopped`."""
        import ray

        rows = [
            {"number": number, "arguments": ray.cloudpickle.dumps((function, arguments))}
            for number, arguments in enumerate(zip(*columns, strict=True))
        ]
        if not rows:
            return
        made = ray.data.from_items(rows, override_num_blocks=len(rows)).map(_called)
        with _explained():
            found = {row["number"]: row["result"] for row in made.iter_rows()}
        for number in range(len(rows)):
            told, result = ray.cloudpickle.loads(found.pop(number))
            if told:
                raise InputError(told)
            yield result

    def grouped(
        self,
        columns: Mapping[str, Any],
        by: str,
        function: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> Iterator[Mapping[str, Any]]:
        """``function`` of the rows that share ``by``, after a shuffle. Raises :class:`Stopped`."""
        import pyarrow as pa
        import ray

        table = ray.data.from_arrow(pa.table(dict(columns)))
        made = table.groupby(by).map_groups(function, batch_format="numpy")
        with _explained():
            yield from made.iter_batches(batch_size=None, batch_format="numpy")


def _called(row: dict[str, Any]) -> dict[str, Any]:
    import ray

    function, arguments = ray.cloudpickle.loads(row["arguments"])
    try:
        result = "", function(*arguments)
    except InputError as error:
        result = str(error), None
    return {"number": row["number"], "result": ray.cloudpickle.dumps(result)}


@contextmanager
def _explained() -> Iterator[None]:
    """Raise :class:`Stopped` where Ray ends."""
    from ray.data.exceptions import SystemException
    from ray.exceptions import RayError

    try:
        yield
    except (RayError, SystemException) as error:
        last = str(error).strip().rpartition("\n")[2]
        raise Stopped(
            f"Ray stopped: {last[:300]}. Finished parts are kept: run the same command again"
        ) from error


class _Hand:
    """What each of Ray's processes has: the step, and where its parts go."""

    def __init__(self, held: Any, out: Path, form: Form) -> None:
        import ray

        self._work, self._out, self._form = ray.get(held), out, form

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        number = row["number"]
        try:
            batch = self._work.do(row["chunk"])
            summary = Summary.of(batch, self._out, number, self._form)
        except InputError as error:
            return {"number": number, "summary": b"", "error": str(error)}
        return {"number": number, "summary": msgspec.json.encode(summary), "error": ""}


def _require_here(summary: Summary, out: Path) -> None:
    for file in summary.files:
        path = out / file.name
        if not path.is_file() or path.stat().st_size != file.bytes:
            raise InputError(
                f"{path}: a node of the Ray cluster wrote this file where this machine does not "
                "see it. Put --out on a file system that all nodes share"
            )
