"""Wheels of a bundle: downloaded for the organizer, and all that a rehearsal has then."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from submission import cli
from submission.bundle.wheels import download_wheels
from submission.errors import InputError
from tests.submission.bundle.test_rehearsal import GOOD, write_bundle

NAME = "leaderkit_test_wheel"


def write_wheel(folder: Path) -> None:
    """A package of one module, as a wheel for any Python."""
    folder.mkdir()
    about = f"{NAME}-1.0.dist-info"
    files = {
        f"{NAME}.py": "answer = 42\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{NAME}-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(name, text)


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds one wheel, and no index."""
    write_wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))


@pytest.mark.parametrize("python", [None, "3.10"])
def test_a_rehearsal_has_the_bundle_s_wheels_alone(
    python: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bundle"
    script = f"""
from importlib.util import find_spec

import {NAME}

assert {NAME}.answer == 42
assert find_spec("torch") is None
"""
    write_bundle(folder, script + GOOD, {})
    (folder / "requirements.txt").write_text(f"{NAME}==1.0\n")
    download_wheels(folder, python)
    assert [path.name for path in (folder / "wheels").iterdir()] == [f"{NAME}-1.0-py3-none-any.whl"]
    capsys.readouterr()
    assert cli.run(["bundle", "--rehearse", str(folder), "--json"]) == 0, capsys.readouterr()
    found = json.loads(capsys.readouterr().out)
    assert found["identical"]
    assert found["environment"].endswith("with the bundle's wheels alone")


def test_wheels_that_cannot_be_had_are_told(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"{NAME}==2.0\n")
    with pytest.raises(InputError, match=f"No matching distribution found for {NAME}==2.0"):
        download_wheels(tmp_path, None)
