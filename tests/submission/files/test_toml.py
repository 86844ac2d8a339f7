"""TOML files into models."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from submission.errors import InputError
from submission.files.toml import read_toml, validate


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = Field(gt=0)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    inner: Inner


def test_a_byte_order_mark_and_korean_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes('\ufeff"이름" = "값"\n'.encode())
    assert read_toml(path) == {"이름": "값"}


def test_every_problem_is_listed_with_its_key() -> None:
    data = {"name": 3, "inner": {"size": 0, "color": "red"}, "extra": 1}
    with pytest.raises(InputError) as caught:
        validate(Outer, data, "a.toml")
    message = str(caught.value)
    assert message.startswith("a.toml: 4 problems:\n")
    assert "\n  - 'name': input should be a valid string (got 3)" in message
    assert "\n  - 'inner.size': input should be greater than 0 (got 0)" in message
    assert "\n  - unknown key 'inner.color'" in message
    assert message.endswith("\n  - unknown key 'extra'.")
    assert len(caught.value.problems) == 4


def test_of_many_problems_five_are_listed_and_all_are_counted() -> None:
    with pytest.raises(InputError) as caught:
        validate(Inner, {f"key{number}": 1 for number in range(8)}, "a.toml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "a.toml: 9 problems:"
    assert lines[1] == "  - 'size' is missing."
    assert lines[-1] == "  and 4 more."
    assert len(lines) == 7
    assert len(caught.value.problems) == 9


def test_one_problem_stands_on_the_first_line() -> None:
    with pytest.raises(InputError, match=r"\Aa\.toml: 'inner' is missing\.\Z"):
        validate(Outer, {"name": "x"}, "a.toml")


def test_what_fits_comes_back_as_the_model() -> None:
    assert validate(Outer, {"name": "x", "inner": {"size": 2}}, "a.toml").inner.size == 2


def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_toml(tmp_path)
    with pytest.raises(InputError, match="there is no such file"):
        read_toml(tmp_path / "none.toml")
