from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.models import t5
from tests.submission.engines import tiny


class Tuned(NamedTuple):
    """A base model, an adapter for it, and the two merged."""

    base: Path
    adapter: Path
    merged: Path


@pytest.fixture(scope="session")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    folder = tmp_path_factory.mktemp("tuned")
    base = tiny.lively(tiny.llama(folder / "base"), alias={"f": "<unk>"})
    tiny.adapter(base, folder / "adapter", merged=folder / "merged")
    return Tuned(base, folder / "adapter", folder / "merged")


@pytest.fixture(scope="session")
def t5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return t5(tmp_path_factory.mktemp("t5") / "t5")
