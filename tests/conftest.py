"""Tests load nothing from a model hub, and share the machine's cores between their processes."""

from __future__ import annotations

import os

os.environ["HF_HUB_OFFLINE"] = "1"
# torch reads it when it is imported, here and in the commands that tests start.
os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS") or str(
    max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
)

from pathlib import Path

import pytest

from tests.models import gpt2, thinker
from tests.submission.engines.tiny import lively

WALLPAPER = Path(__file__).parents[1] / "data_sample" / "wallpaper"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, for their fixtures."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 whose answers differ from prompt to prompt."""
    return lively(gpt2(tmp_path_factory.mktemp("models") / "gpt2"))


@pytest.fixture(scope="session")
def thinking_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 that thinks aloud."""
    return thinker(tmp_path_factory.mktemp("models") / "thinker")


@pytest.fixture(scope="session")
def wallpaper() -> Path:
    """The sample competition's files."""
    return WALLPAPER
