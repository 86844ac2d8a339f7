"""A Ray cluster: one that runs, or one on this machine for as long as it is needed."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from submission.engines.vllm import lifeline
from submission.engines.vllm.log import EngineLog
from submission.errors import InputError
from submission.machine.hardware import installed, processors
from submission.recipes.ray import Ray

OBJECTS = 256 * 2**20
# What Ray Data's own steps take beside the engines; processors are only counted, not bound.
BESIDE = 2
CONNECT_SECONDS = 10.0


class Cluster:
    """This process's connection to Ray.

    ``gpus`` is how many GPUs the cluster has, ``engine_cpus`` how many processors each engine has
    where there are none. Raises :class:`InputError` where Ray cannot be reached or started.
    """

    def __init__(self, options: Ray) -> None:
        self._options = options
        self.engine_cpus = options.cpus or max(1, len(processors()) // options.concurrency)
        # Read when ray is imported.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        self._log = EngineLog()
        self._folder: TemporaryDirectory[str] | None = None
        quiet = {
            "logging_level": logging.ERROR,
            "log_to_driver": False,
            "include_dashboard": False,
        }
        try:
            with self._log.capture():
                import ray

                if options.address is not None:
                    _require_listening(options.address)
                    ray.init(address=options.address, **quiet)
                else:
                    lifeline.hold()
                    self._folder = TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
                    ray.init(
                        num_cpus=options.concurrency * self.engine_cpus + BESIDE,
                        object_store_memory=OBJECTS,
                        _temp_dir=self._folder.name,
                        **quiet,
                    )
                _quiet_data()
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            self.close()
            first = str(error).strip().partition("\n")[0]
            where = "engine.ray.address: " if options.address else ""
            raise InputError(f"{where}Ray cannot be reached: {first}") from error
        self._resources: Mapping[str, float] = ray.cluster_resources()
        self.gpus = int(self._resources.get("GPU", 0))

    def require_room(self, shares: int) -> None:
        """Raise :class:`InputError` where Ray would wait for ever for GPUs or processors.

        ``shares`` is how many GPUs, or shares of processors, an engine has.
        """
        engines = self._options.concurrency
        unit, each = ("GPU", shares) if self.gpus else ("CPU", shares * self.engine_cpus)
        having = int(self._resources.get(unit, 0))
        if engines * each > having:
            raise InputError(
                f"engine.ray.concurrency: {engines} engines need {engines * each} {unit}s, and the "
                f"Ray cluster has {having}."
            )

    def require(self, packages: Sequence[str], files: Mapping[str, int]) -> None:
        """Raise :class:`InputError` unless every node has these packages and files.

        Packages must have the versions that they have here, and files these sizes in bytes.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        # Sent by value: the nodes need no leaderkit.
        def facts(packages: Sequence[str], files: Sequence[str]) -> Any:
            from importlib.metadata import PackageNotFoundError, version

            def found(name: str) -> str | None:
                try:
                    return version(name)
                except PackageNotFoundError:
                    return None

            sizes = {each: Path(each).stat().st_size for each in files if Path(each).is_file()}
            return {name: found(name) for name in packages}, sizes

        task = ray.remote(num_cpus=0)(facts)
        for node in ray.nodes():
            if not node["Alive"]:
                continue
            place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            asked = task.options(scheduling_strategy=place).remote(packages, list(files))
            versions, sizes = ray.get(asked)
            name = node["NodeManagerAddress"]
            for package in packages:
                if versions[package] != installed(package):
                    raise InputError(
                        f"Node {name} of the Ray cluster has {package} {versions[package]}, and "
                        f"this machine {installed(package)}. Install the same versions on both."
                    )
            for path, size in files.items():
                if sizes.get(path) != size:
                    raise InputError(
                        f"Node {name} of the Ray cluster has no {path} of {size:,} bytes. Put the "
                        "model at the same place on every node, or on a shared file system."
                    )

    def close(self) -> None:
        """Leave the cluster, which ends it if it was started here."""
        import ray

        with self._log.capture():
            ray.shutdown()
        if self._folder is not None:
            self._folder.cleanup()


def _require_listening(address: str) -> None:
    """Raise ``OSError`` at once where nobody answers, which Ray tries for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()


def _quiet_data() -> None:
    """Ray Data reports its progress to the terminal unless it is told not to."""
    import ray.data

    settings = ray.data.DataContext.get_current()
    settings.enable_progress_bars = False
    settings.print_on_execution_start = False
    for name in ("ray.data", "ray.llm"):
        logging.getLogger(name).setLevel(logging.ERROR)
