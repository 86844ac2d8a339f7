"""Heavy libraries imported in a process of their own, which a broken one may hang or kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

# One process, because torch is most of what each import costs. A line is said as soon as it is
# known: if the next import kills the process, the lines before it stand.
_IMPORTS = """
import importlib.util, json
def torch():
    import torch
    devices = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda,
        "gpus": [{"name": each.name, "memory": each.total_memory} for each in devices],
    }
def vllm():
    if not importlib.util.find_spec("vllm"):
        return None
    import vllm
    from vllm.platforms import current_platform
    if importlib.util.find_spec("vllm._C"):
        import vllm._C
    return {"version": vllm.__version__, "platform": current_platform.device_type}
def bitsandbytes():
    import bitsandbytes
    return {"version": bitsandbytes.__version__}
for step in (torch, vllm, bitsandbytes):
    try:
        print(json.dumps({step.__name__: step()}), flush=True)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        print(json.dumps({step.__name__: {"error": reason}}), flush=True)
"""


@dataclass(frozen=True)
class Imported:
    """What an import said of the library, or why there is none."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    slow: bool = False


class ImportProcess:
    """Imports tried in a process of its own: a broken library may hang it or kill it."""

    def __init__(self, code: str = _IMPORTS) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            env={**os.environ, "VLLM_LOGGING_LEVEL": "ERROR"},
        )
        self._facts: dict[str, Any] = {}
        self._rest = Imported(problem="its import was not tried")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what is still running, with every process that it started."""
        if self._process.poll() is None:
            self._kill()

    def wait(self, patience: float) -> None:
        """Let the imports end, or end them after ``patience`` seconds."""
        try:
            output, errors = self._process.communicate(timeout=max(0.1, patience))
            self._rest = Imported(problem=_ending(self._process.returncode, errors))
        except subprocess.TimeoutExpired:
            output = self._kill()
            self._rest = Imported(problem="its import did not finish in time", slow=True)
        self._facts = _facts(output)

    def imported(self, name: str) -> Imported:
        """The result of importing ``name``; what was not reached shares the end of the process."""
        if name not in self._facts:
            return self._rest
        facts = self._facts[name] or {}
        return Imported(facts, facts.get("error", ""))

    def _kill(self) -> str:
        os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.communicate()[0]


def _facts(output: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for line in output.splitlines():
        # Libraries print to the same stream.
        if line.startswith("{"):
            try:
                facts.update(json.loads(line))
            except ValueError:
                continue
    return facts


def _ending(code: int, errors: str) -> str:
    """How a process that said too little ended."""
    if code < 0:
        return f"its import was ended by {signal.Signals(-code).name}"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return lines[-1] if lines else f"its import ended with {code}"
