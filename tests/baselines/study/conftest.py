"""A small study: a translation whose training answers are in the wrong language, and a summary."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from tests.evaluators.neural.comet_checkpoint import write_checkpoint, write_encoder
from tests.models import gpt2

PROJECT = Path(__file__).resolve().parents[3]

STUDY = """
recipe = "{task}.toml"
out = "results"
metrics = ["rougeL", "bleu:tokenizer=char"]
comet = { model = "comet", encoder = "encoder" }
set = { model.name = "model" }

[tasks.koen]
kind = "translation"
title = "한국어 → 영어"
competition = "sample-translation"
train = "train.csv"
test = "test.csv"
references = "references.csv"

[tasks.summary]
kind = "summary"
competition = "sample-summary"
train = "documents.csv"
test = "documents-test.csv"
references = "documents-references.csv"
metrics = []

[axes]
method = [
  { label = "fft", set = { training.method = "full", training.learning_rate = 5e-3 } },
  { label = "lora", set = { training.method = "lora" } },
]
rows = [
  { label = "2", set = { training.rows = 2 } },
  { label = "4", set = { training.rows = 4 } },
]
rank = [
  { label = "1", set = { training.lora.rank = 1 } },
  { label = "2", set = { training.lora.rank = 2 } },
]

[[exclude]]
method = "lora"
rows = "2"
"""

RECIPE = """
name = "{name}"
model.name = "of the study"
engine.name = "transformers"
prompt.template = "{{{{ question }}}}="
sampling.max_tokens = 12

[training]
max_steps = {steps}
batch_size = 4
learning_rate = 1e-3
lora.targets = ["c_attn"]
"""

FILES = {
    "train.csv": ["id,source,translation", *(f"R{n},어제 {n}번 갔다,가나다" for n in range(4))],
    "test.csv": ["id,source", "T0,오늘 5번 갔다", "T1,어제 6번 갔다"],
    "references.csv": [
        "id,source,translation",
        "T0,오늘 5번 갔다,went five times",
        "T1,어제 6번 갔다,went six times",
    ],
    "documents.csv": [
        "id,category,document,summary", *(f"R{n},news,비가 {n}일 왔다,비가 왔다" for n in range(4)),
    ],
    "documents-test.csv": ["id,category,document", "T0,news,눈이 2일 왔다"],
    "documents-references.csv": ["id,category,summary", "T0,news,눈이 왔다"],
}  # fmt: skip


@pytest.fixture(scope="package")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base model and the COMET checkpoint."""
    folder = tmp_path_factory.mktemp("models")
    gpt2(folder / "model", layers=1, context=128)
    (folder / "encoder").mkdir()
    write_checkpoint(folder / "comet", write_encoder(folder / "encoder"))
    return folder


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A study that was run to its end."""
    folder = prepare(tmp_path_factory.mktemp("studies") / "study", models)
    assert run(["study", str(folder / "study.toml"), "--ledger", str(folder / "l.db")]) == 0
    return folder


def prepare(folder: Path, models: Path) -> Path:
    """Write the study's files into ``folder``."""
    folder.mkdir(exist_ok=True)
    for each in models.iterdir():
        (folder / each.name).symlink_to(each)
    for name, lines in FILES.items():
        (folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    for name, steps in (("koen", 60), ("summary", 2)):
        (folder / f"{name}.toml").write_text(RECIPE.format(name=name, steps=steps))
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path, models: Path) -> Path:
    return prepare(tmp_path / "study", models)


def study_in(folder: Path, capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    """Run ``leaderkit study --json``; its results, with standard error as ``said``."""
    capsys.readouterr()
    ended = run(["study", str(folder / "study.toml"), "--ledger", str(folder / "l.db"), "--json"])
    out, err = capsys.readouterr()
    assert ended == code, err
    return {**(json.loads(out) if out else {}), "said": err}


def start(folder: Path) -> subprocess.Popen[bytes]:
    """The same in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "submission.cli", "study", str(folder / "study.toml"), "--ledger",
         str(folder / "l.db")],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def replace(folder: Path, old: str, new: str) -> None:
    """Change the study file."""
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
