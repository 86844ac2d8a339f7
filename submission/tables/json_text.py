"""Cells of JSON files that hold a list or an object."""

from __future__ import annotations

import json


class JsonText(str):
    """The cell of a list or of an object: its JSON.

    It is text like any other cell; templates read the value behind it.
    """

    __slots__ = ()

    @property
    def value(self) -> object:
        """The value, as the standard decoder gives it."""
        return json.loads(self)
