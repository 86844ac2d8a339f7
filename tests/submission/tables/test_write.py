import csv
import json
import math
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submission.errors import InputError
from submission.tables import (
    read_items,
    read_table,
    write_csv,
    write_json,
    write_jsonl,
)

text = st.text(
    st.one_of(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
        st.sampled_from('",\r\n\t \ufeff가'),
    ),
    max_size=12,
)
names = text.filter(lambda name: bool(name.strip()))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    columns = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    row = st.lists(text, min_size=len(columns), max_size=len(columns))
    return columns, draw(st.lists(row, max_size=4))


@given(
    table=tables(),
    bom=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
    suffix=st.sampled_from(["csv", "tsv"]),
)
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_back(
    table: tuple[list[str], list[list[str]]], bom: bool, newline: str, suffix: str
) -> None:
    columns, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{suffix}")
        write_csv(path, columns, rows, bom=bom, newline=newline)
        back = read_table(path, allow_empty=True)
    assert back.columns == tuple(columns)
    assert [list(record.values.values()) for record in back.records] == rows
    assert back.encoding == ("utf-8-sig" if bom else "utf-8")
    assert back.newline == newline


@given(data=st.data(), keys=st.lists(names, min_size=1, max_size=4, unique=True))
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_objects_written_are_read_back(suffix: str, data: st.DataObject, keys: list[str]) -> None:
    item = st.fixed_dictionaries(dict.fromkeys(keys, text))
    items = data.draw(st.lists(item, min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{suffix}")
        (write_json if suffix == "json" else write_jsonl)(path, items)
        assert [record.values for record in read_table(path).records] == items
        assert read_items(path).values == items


@given(
    value=st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.floats(width=32, allow_nan=False, allow_infinity=False).map(np.float32),
        st.floats(width=16, allow_nan=False, allow_infinity=False).map(np.float16),
    )
)
@settings(max_examples=200, deadline=None)
def test_floats_come_back_in_their_own_precision(value: float | np.floating) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder, "a.csv"), ["v"], [[value]], bom=False)
        (written,) = read_table(Path(folder, "a.csv")).column("v")
    back = type(value)(written)
    assert back == value
    assert math.copysign(1, back) == math.copysign(1, value)


def test_numbers_are_written_with_the_fewest_digits(tmp_path: Path) -> None:
    row: list[Any] = [
        0.1,
        np.float32(0.1),
        np.float64(0.1),
        np.float16(0.1),
        7,
        np.int64(-7),
        1e22,
        -0.0,
    ]
    write_csv(tmp_path / "a.csv", [f"v{i}" for i in range(8)], [row], bom=False)
    assert (tmp_path / "a.csv").read_text("utf-8").splitlines()[1] == (
        "0.1,0.1,0.1,0.1,7,-7,1e+22,-0.0"
    )


def test_the_bytes_are_as_organizers_write_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        ["A", "plain"],
        ["B", 'a,"b"\r\nc'],
        ["C", " spaced "],
        ["D", "lone\rreturn"],
        ["E", ""],
    ]
    write_csv(path, ["ID", "답"], rows, bom=True, newline="\r\n")
    assert path.read_bytes() == (
        b"\xef\xbb\xbfID,\xeb\x8b\xb5\r\nA,plain\r\n"
        b'B,"a,""b""\r\nc"\r\nC, spaced \r\nD,"lone\rreturn"\r\nE,\r\n'
    )


def test_other_readers_agree(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [["A", 'a,"b"\nc'], ["B", " x "], ["C", "NA"], ["D", ""]]
    write_csv(path, ["id", "답"], rows, bom=True)
    with path.open(encoding="utf-8-sig", newline="") as handle:
        assert list(csv.reader(handle)) == [["id", "답"], *rows]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert frame.to_numpy().tolist() == rows


@pytest.mark.parametrize("bom", [True, False])
def test_a_first_column_that_starts_like_a_byte_order_mark_keeps_its_name(
    tmp_path: Path, bom: bool
) -> None:
    write_csv(tmp_path / "a.csv", ["\ufeffid", "q"], [["A", "\ufeff"]], bom=bom)
    table = read_table(tmp_path / "a.csv")
    assert table.columns == ("\ufeffid", "q")
    assert table.column("q") == ["\ufeff"]
    assert table.encoding == ("utf-8-sig" if bom else "utf-8")


def test_an_empty_cell_alone_in_its_row_is_quoted(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ["q"], [["a"], [""], [""]], bom=False)
    assert (tmp_path / "a.csv").read_bytes() == b'q\na\n""\n""\n'


@pytest.mark.parametrize(
    ("columns", "rows", "fragments"),
    [
        ([], [], ["there are no columns"]),
        (["id", ""], [], ["column 2 has no name"]),
        (["id", "id"], [], ["both named 'id'"]),
        (["i\0d"], [], ["row 1", "'\\x00'"]),
        (["id", "v"], [["A", 1.0], ["B"]], ["row 3", "1 cells for 2 columns", "row 2 of the data"]),
        (["id", "v"], [["A", "x\ny"], ["B", "a\0"]], ["row 4, column 'v'", "'\\x00'"]),
        (["id", "v"], [["A", "\ud83d"]], ["row 2, column 'v'", "'\\ud83d'"]),
        (["id", "v"], [["A", math.nan]], ["row 2, column 'v'", "nan is not a finite number"]),
        (["id", "v"], [["A", 1], ["B", -math.inf]], ["row 3, column 'v'", "-inf"]),
        (["id", "v"], [["A", np.float32("nan")]], ["row 2, column 'v'", "nan"]),
        (["id", "v"], [["A", np.float64("inf")]], ["row 2, column 'v'", "inf"]),
        (["id", "v"], [["A", None]], ["row 2, column 'v'", "None is neither text nor a number"]),
        (["id", "v"], [["A", True]], ["row 2, column 'v'", "True is neither"]),
        (["id", "v"], [["A", np.True_]], ["row 2, column 'v'", "neither"]),
        (["id", "v"], [["A", b"x"]], ["row 2, column 'v'", "b'x' is neither"]),
        (["id", "v"], [["A", Fraction(1, 2)]], ["row 2, column 'v'", "neither"]),
    ],
)
def test_cells_that_no_table_can_hold_are_refused(
    tmp_path: Path, columns: list[str], rows: list[list[str]], fragments: list[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with pytest.raises(InputError) as caught:
        write_csv(path, columns, rows, bom=False)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert [fragment for fragment in fragments if fragment not in message] == [], message
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_newline_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="newline must be"):
        write_csv(tmp_path / "a.csv", ["id"], [], bom=False, newline="\r")


def test_rows_that_stop_midway_leave_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")

    def rows() -> Iterator[list[str]]:
        yield ["A"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_csv(path, ["id"], rows(), bom=False)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_utf8_and_readable(tmp_path: Path) -> None:
    items = [{"id": 1, "output": {"answer": "한글"}}, {"id": 2, "output": {"answer": "x"}}]
    write_json(tmp_path / "a.json", items)
    content = (tmp_path / "a.json").read_text("utf-8")
    assert json.loads(content) == items
    assert "한글" in content
    write_jsonl(tmp_path / "a.jsonl", items)
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    assert lines[0] == '{"id": 1, "output": {"answer": "한글"}}'
    assert [json.loads(line) for line in lines] == items


def test_an_array_without_items_is_valid_json(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", [])
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("value", "fragment"),
    [
        (math.nan, "not JSON compliant"),
        (math.inf, "not JSON compliant"),
        ("\ud83d", r"'\\ud83d', which is not a character"),
        ({1, 2}, "not JSON serializable"),
    ],
)
@pytest.mark.parametrize("write", [write_json, write_jsonl])
def test_what_json_cannot_hold_is_refused(
    tmp_path: Path, write: object, value: object, fragment: str
) -> None:
    assert callable(write)
    with pytest.raises(InputError, match=rf"a\.json, item 2: .*{fragment}"):
        write(tmp_path / "a.json", [{"id": 1}, {"id": value}])
    assert list(tmp_path.iterdir()) == []
