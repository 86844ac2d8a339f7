"""Objects of a JSON file, kept as they are but for single members, named with dots."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Item = Mapping[str, Any]


def only(item: Item, columns: Collection[str], prefix: str = "") -> dict[str, Any]:
    """The members that ``columns`` name, whole or by a member of theirs."""
    kept: dict[str, Any] = {}
    for name, value in item.items():
        column = prefix + name
        if column in columns:
            kept[name] = value
        elif isinstance(value, Mapping) and (inner := only(value, columns, f"{column}.")):
            kept[name] = inner
    return kept


def emptied(value: object) -> object:
    """A value of the same kind and structure that says nothing."""
    if isinstance(value, Mapping):
        return {name: emptied(each) for name, each in value.items()}
    if isinstance(value, list):
        return []
    return "" if isinstance(value, str) else None


def emptied_members(item: Item, columns: Collection[str], prefix: str = "") -> dict[str, Any]:
    """``item`` with the members that ``columns`` name emptied."""
    return {
        name: emptied(value)
        if prefix + name in columns
        else emptied_members(value, columns, f"{prefix}{name}.")
        if isinstance(value, Mapping)
        else value
        for name, value in item.items()
    }
