"""Libraries that are loaded on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from evaluators.errors import LibraryUnavailableError

if TYPE_CHECKING:
    from types import ModuleType


def load_library(module: str, *, needed_by: str, install: str) -> ModuleType:
    """Import ``module``; raises LibraryUnavailableError, saying how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise LibraryUnavailableError(
            f"{needed_by} needs {module}, which cannot be imported ({error}): "
            f"pip install '{install}'"
        ) from error
