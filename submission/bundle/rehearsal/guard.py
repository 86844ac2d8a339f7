"""The ``sitecustomize`` of a rehearsal's Python, which imports it before any script.

It hides leaderkit, gives the packages of another environment where the rehearsal has none of its
own, and refuses and notes connections to other machines. It runs under the organizer's Python.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.abc
import importlib.machinery
import ipaddress
import json
import os
import sys
from typing import Any

with open(os.path.join(os.path.dirname(__file__), "rehearsal.json"), encoding="utf-8") as _file:  # noqa: PTH118, PTH120, PTH123
    _SETTINGS = json.load(_file)

_SITES = _SETTINGS["sites"]
_HIDDEN = frozenset(_SETTINGS["hidden"])
_NOTES = _SETTINGS["notes"]


class _Hiding(importlib.abc.MetaPathFinder):
    """Finds none of the hidden packages, unless the bundle itself has one of the name."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002
        """The module beside the script; raises where it is leaderkit's."""
        if path is not None or name not in _HIDDEN:
            return None
        own = [place for place in sys.path if place not in _SITES]
        spec = importlib.machinery.PathFinder.find_spec(name, own)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return spec


def _is_here(host: Any) -> bool:
    if not host or host == "localhost":
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name == os.uname().nodename:
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host, port = arguments[0], arguments[1]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host, port = arguments[1][0], arguments[1][1]
    else:
        return
    if _is_here(host):
        return
    descriptor = os.open(_NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, f"{host}:{port}\n".encode())
    os.close(descriptor)
    raise OSError(errno.ENETUNREACH, f"{host}:{port}: there is no network in a rehearsal")


sys.path.extend(_SITES)
sys.meta_path.insert(0, _Hiding())
sys.addaudithook(_watch)
