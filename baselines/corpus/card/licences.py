"""Licences as the hub names them, and what they say about passing data on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from baselines.corpus.history import Origin

Redistribution = Literal["yes", "no", "not stated"]

_HUB: Final = frozenset(
    {
        "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-2.0", "cc-by-2.5",
        "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0",
        "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "gpl-3.0", "mit", "odbl", "odc-by", "pddl",
        "unlicense",
    }
)  # fmt: skip
# Others of these licences have versions by country, which the hub has no names for.
_OPEN: Final = re.compile(r"cc0|cc-by|mit$|apache-|bsd-|odc-by|odbl|pddl|gpl-|unlicense")
_CLOSED: Final = ("ai hub", "aihub", "ai-hub", "무단", "all rights reserved", "redistribution: no")


def hub_id(licence: str) -> str:
    """The licence as the hub names it; empty where the hub has no name for it."""
    name = _hyphens(licence)
    return name if name in _HUB else ""


def redistribution(origin: Origin) -> Redistribution:
    """Whether the records of ``origin`` may be passed on, as far as their licence says."""
    told = f"{origin.data_set} {origin.licence}".lower()
    if any(word in told for word in _CLOSED):
        return "no"
    return "yes" if _OPEN.match(_hyphens(origin.licence)) else "not stated"


def of_all(origins: Iterable[Origin]) -> Redistribution:
    """The strictest of them."""
    found = {redistribution(each) for each in origins}
    if "no" in found:
        return "no"
    return "yes" if found == {"yes"} else "not stated"


def licence_keys(told: str, origins: Iterable[Origin]) -> dict[str, str]:
    """The hub's keys for the licence that a person gave, or that all of the ``origins`` have."""
    names = {told} if told else {each.licence for each in origins}
    if names <= {""}:
        return {"license": "unknown"}
    if len(names) > 1:
        return {"license": "other", "license_name": "several-see-sources"}
    name = names.pop()
    known = hub_id(name)
    if known:
        return {"license": known}
    return {"license": "other", "license_name": _hyphens(name)[:60] or "other"}


def _hyphens(licence: str) -> str:
    return re.sub(r"[^\w.]+", "-", licence.lower()).strip("-")
