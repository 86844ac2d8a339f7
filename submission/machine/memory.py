"""Memory: how much is free, that it ran out told from other errors, and what is given back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from submission.machine.hardware import has_gpu


def out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that a GPU's or the machine's memory ran out."""
    import torch

    text = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
        or "cannot allocate memory" in text
        or "not enough memory" in text
    )


def free_memory() -> None:
    """Give back what nothing refers to any more."""
    import gc

    gc.collect()
    if has_gpu():
        import torch

        torch.cuda.empty_cache()


def free_for_models() -> int | None:
    """Free bytes where models run: the GPU's, else main memory; None where it is not known."""
    if has_gpu():
        import torch

        return int(torch.cuda.mem_get_info()[0])
    found = free_bytes()
    return None if found is None else found[0]


def free_bytes(root: Path = Path("/")) -> tuple[int, int] | None:
    """(free, all) main memory within what the container may have; None where it is not known.

    ``root`` is the folder of ``proc`` and ``sys``.
    """
    try:
        text = (root / "proc/meminfo").read_text("ascii")
        lines = dict(line.split(":", 1) for line in text.splitlines())
        total, free = (int(lines[key].split()[0]) * 1024 for key in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError, IndexError):
        return None
    for group in _groups(root):
        allowed = _number(group, "memory.max", "memory.limit_in_bytes")
        if allowed is not None:
            used = _number(group, "memory.current", "memory.usage_in_bytes") or 0
            free = min(free, max(0, allowed - used + min(used, _reclaimable(group))))
            total = min(total, allowed)
    return free, total


def _groups(root: Path) -> Iterator[Path]:
    """The control groups that limit this process: its own, and those that it lies in.

    Of version 2, and of version 1, whose groups of memory are a tree of their own. A container
    that has no namespace for them sees its own at the tree's top, and another's name for it.
    """
    tops = {"": root / "sys/fs/cgroup", "memory": root / "sys/fs/cgroup/memory"}
    yield from tops.values()
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        for name in controllers.split(","):
            if name in tops:
                group = tops[name] / place.lstrip("/")
                while group != tops[name]:
                    yield group
                    group = group.parent


def _reclaimable(group: Path) -> int:
    """Bytes of files that are given up first where memory is short."""
    try:
        lines = (group / "memory.stat").read_text("ascii").splitlines()
        found = {name: int(value) for name, value in map(str.split, lines)}
    except (OSError, ValueError):
        return 0
    return found.get("total_inactive_file", found.get("inactive_file", 0))


def _number(group: Path, *names: str) -> int | None:
    for name in names:
        try:
            return int((group / name).read_text("ascii"))
        except (OSError, ValueError):
            continue
    return None
