"""Tests load nothing from a model hub."""

from __future__ import annotations

import os

os.environ["HF_HUB_OFFLINE"] = "1"

from pathlib import Path

import pytest

from tests.models import gpt2
from tests.submission.engines.tiny import lively

WALLPAPER = Path(__file__).parents[1] / "data_sample" / "wallpaper"


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 whose answers differ from prompt to prompt."""
    return lively(gpt2(tmp_path_factory.mktemp("models") / "gpt2"))


@pytest.fixture(scope="session")
def wallpaper() -> Path:
    """The sample competition's files."""
    return WALLPAPER
