"""Small models of the real architectures, untaught."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from baselines.stand_ins.small import Plan, make
from submission.files.model_files import ModelFiles

TINY = Plan(merges=0, width=64, heads=1, steps=0)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModelFiles]:
    """Untaught models by architecture: ``small("gemma2")``."""
    folder = tmp_path_factory.mktemp("small")

    @cache
    def made(architecture: str) -> ModelFiles:
        place = folder / architecture
        place.mkdir()
        make(architecture, place, TINY, ["가나다"])
        return ModelFiles(architecture, place)

    return made
