"""Libraries that are loaded on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from types import ModuleType


def load_library(module: str, *, needed_by: str, install: str) -> ModuleType:
    """Import ``module``; raises EvaluationError with the install command where it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise EvaluationError(
            f"{needed_by} needs {module}, which cannot be imported ({error}): "
            f"pip install '{install}'"
        ) from error
