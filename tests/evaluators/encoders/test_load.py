from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evaluators import EvaluationError, load_encoder


def test_offline_takes_the_competitions_dimension() -> None:
    encoder = load_encoder("offline", 768)
    assert encoder.offline
    assert encoder.dimension == 768


def test_offline_may_name_its_dimension() -> None:
    assert load_encoder("offline:512", 512).dimension == 512
    assert load_encoder("offline:64").dimension == 64


def test_offline_of_another_dimension_is_refused_with_both_named() -> None:
    with pytest.raises(EvaluationError, match="512 dimensions where 768 are needed"):
        load_encoder("offline:512", 768)


@pytest.mark.parametrize("spec", ["offline:x", "offline:-1", "offline:²"])
def test_a_dimension_that_is_no_number_is_refused(spec: str) -> None:
    with pytest.raises(EvaluationError, match="offline:512"):
        load_encoder(spec, 512)


def test_nothing_is_refused() -> None:
    with pytest.raises(EvaluationError, match="--encoder is empty"):
        load_encoder(" ", 512)


def test_a_folder_is_a_sentence_encoder(tiny_sentence_encoder: Path) -> None:
    encoder = load_encoder(str(tiny_sentence_encoder), 16)
    assert not encoder.offline
    assert encoder.name == "tiny-encoder"


@pytest.mark.parametrize("damage", ["no module", "no folder"])
def test_a_sentence_encoder_without_its_pooling_is_named(
    damage: str, tiny_sentence_encoder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_sentence_encoder, tmp_path / "model"))
    modules = folder / "modules.json"
    listed = json.loads(modules.read_text())
    if damage == "no module":
        modules.write_text(json.dumps(listed[:1]))
        expected = r"its modules\.json names no Pooling module"
    else:
        shutil.rmtree(folder / listed[1]["path"])
        expected = rf"{listed[1]['path']}/config\.json, which its modules\.json names"
    with pytest.raises(EvaluationError, match=expected):
        load_encoder(str(folder))
