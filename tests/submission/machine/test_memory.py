"""Free memory, within the control groups that limit the process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from submission.machine.memory import free_bytes

GIB = 2**30
MACHINE = {"proc/meminfo": f"MemTotal: {32 * 2**20} kB\nMemAvailable: {20 * 2**20} kB"}


def root_with(tmp_path: Path, files: Mapping[str, object]) -> Path:
    for name, text in {**MACHINE, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    return tmp_path


def version_2(folder: str, limit: object, used: int, files: int = 0) -> dict[str, object]:
    return {
        f"{folder}/memory.max": limit,
        f"{folder}/memory.current": used * GIB,
        f"{folder}/memory.stat": f"anon 1\ninactive_file {files * GIB}",
    }


def version_1(folder: str, limit: int, used: int, files: int = 0) -> dict[str, object]:
    return {
        f"{folder}/memory.limit_in_bytes": limit,
        f"{folder}/memory.usage_in_bytes": used * GIB,
        f"{folder}/memory.stat": f"inactive_file 0\ntotal_inactive_file {files * GIB}",
    }


TOP, OLD = "sys/fs/cgroup", "sys/fs/cgroup/memory"
HERE = {"proc/self/cgroup": "0::/pod/box"}
HERE_OLD = {"proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/pod/box\n1:name=systemd:/\n0::/"}


@pytest.mark.parametrize(
    ("files", "free", "total"),
    [
        ({}, 20, 32),
        (version_2(TOP, "max", 10), 20, 32),
        (version_2(TOP, 8 * GIB, 5), 3, 8),
        (version_2(TOP, 8 * GIB, 5, files=2), 5, 8),
        (version_2(TOP, 8 * GIB, 9), 0, 8),
        (version_2(TOP, 64 * GIB, 5), 20, 32),
        (version_1(OLD, 8 * GIB, 5, files=2), 5, 8),
        (version_1(OLD, 2**63 - 4096, 5), 20, 32),
        ({**HERE, **version_2(f"{TOP}/pod/box", 6 * GIB, 2)}, 4, 6),
        ({**HERE, **version_2(f"{TOP}/pod", 4 * GIB, 1), **version_2(f"{TOP}/pod/box", "max", 1)},
         3, 4),
        ({**HERE_OLD, **version_1(f"{OLD}/pod/box", 6 * GIB, 2)}, 4, 6),
        # The name outside the container, where its own group is at the top.
        ({**HERE_OLD, **version_1(OLD, 6 * GIB, 2)}, 4, 6),
        ({"proc/self/cgroup": "0::/../other", **version_2(TOP, 6 * GIB, 2)}, 4, 6),
        ({f"{TOP}/memory.max": 6 * GIB}, 6, 6),
    ],
)  # fmt: skip
def test_what_the_container_uses_is_not_free(
    files: dict[str, object], free: int, total: int, tmp_path: Path
) -> None:
    assert free_bytes(root_with(tmp_path, files)) == (free * GIB, total * GIB)


def test_a_machine_that_does_not_say_is_not_known(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) is None
