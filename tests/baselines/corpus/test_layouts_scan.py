"""Long arrays in pieces: whatever the rows hold, every row is in one piece, with its number."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baselines.corpus.archives.members import members
from baselines.corpus.batch import Problem
from baselines.corpus.readers.layouts import scan
from baselines.corpus.readers.layouts.known import JsonLayout, json_layouts
from baselines.corpus.readers.layouts.reading import rows_of
from baselines.corpus.readers.recognize import layout_named
from baselines.corpus.record import Record

PARTS = [*'{}[]",:\\ \n', "s", "가", "😀", '},{"sn":', '"}, {"sn": "', "\\u0041"]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sn", "ko", "id", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.builds(
        lambda ko, rest: {"sn": "1", "ko": ko, "en": "x", **rest},
        TEXTS,
        st.dictionaries(st.sampled_from(["a", "b", "ner"]), VALUES, max_size=3),
    ),
    min_size=1,
    max_size=12,
)
FORMS = st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 1}, {"indent": 4}])


def unexpected(place: str, why: str) -> None:
    pytest.fail(f"{place}: {why}")


def layout() -> JsonLayout:
    found = layout_named("aihub-025")
    assert isinstance(found, JsonLayout)
    return found


def pieced(data: bytes, size: int) -> list[tuple[str, Any]]:
    """Every row with its place, read in pieces of about ``size`` bytes."""
    with tempfile.TemporaryDirectory() as folder, patch.object(scan, "PIECE", size):
        path = Path(folder) / "rows.json"
        path.write_bytes(data)
        (member,) = members([path])
        shaped, rows = layout()._shape(member)
        found: list[tuple[str, Any]] = []
        for piece in layout().pieces(member):
            found.extend(rows_of(member, piece, rows, shaped, unexpected))
        slots = shaped._places
        return [(place, slots.object(row)) for place, row in found]


@settings(deadline=None, max_examples=100)
@given(ROWS, FORMS, st.integers(8, 400), st.sampled_from([{}, {"n": ['"data": [', {"data": 1}]}]))
@example([{"sn": "1", "ko": '},{"sn":', "en": "x", "a": [{"sn": 1}, {"sn": 2}]}] * 9, {}, 60, {})
def test_pieces_of_any_size_hold_every_row_once(
    rows: Sequence[dict[str, Any]], form: dict[str, Any], size: int, before: dict[str, Any]
) -> None:
    data = json.dumps({**before, "data": rows, "after": [[1]] * 20 + ["]}"]}, **form).encode()
    found = pieced(data, size)
    assert [place for place, _ in found] == [f"data[{n}]" for n in range(len(rows))]
    for row, (_, read) in zip(rows, found, strict=True):
        assert read == {name: row[name] for name in read}
        assert (read["sn"], read["ko"]) == (row["sn"], row["ko"])


def read(path: Path, problems: list[Problem] | None) -> list[Record]:
    (member,) = members([path])
    listen = None if problems is None else problems.append
    return [
        record
        for piece in layout().pieces(member)
        for record in layout().read(member, piece, listen)
    ]


@pytest.mark.parametrize("size", [200, 8 << 20])
def test_what_is_no_json_between_rows_costs_no_other_row(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "PIECE", size)
    rows = [{"sn": f"s{n}", "ko": f"벽지 {n}번", "en": f"paper {n}"} for n in range(30)]
    parts = [json.dumps(row, ensure_ascii=False) for row in rows]
    parts[7] = parts[7].replace('"ko": ', '"ko" ')
    parts[21] = parts[21].replace('"en"', "en")
    path = tmp_path / "rows.json"
    path.write_text('{"data": [' + ", ".join(parts) + "]}")
    problems: list[Problem] = []
    found = read(path, problems)
    assert [each.place for each in problems] == ["data[7]", "data[21]"]
    assert all("is not valid JSON near byte" in each.message for each in problems)
    assert [each.id for each in found] == [f"aihub-025:s{n}" for n in range(30) if n not in (7, 21)]
    assert [each.source.place for each in found[-2:]] == ["data[28]", "data[29]"]


@settings(deadline=None, max_examples=150)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from(
                [None, "", "null", " ", "말", "text", 3, True, [], ["a"], {"x": 1}]
            )
            for name in ("sn", "ko", "en", "domain", "mt", "ko_original", "source_language", "ner")
        },
    )
)
def test_the_short_cut_reads_what_the_long_way_reads(row: dict[str, Any]) -> None:
    tried = 0
    for each in json_layouts():
        for shaped in each._shaped:
            if shaped.short_cut is None:
                continue
            tried += 1
            typed = shaped.row(json.dumps(row).encode())
            short = shaped.short_cut(typed, "f.json", "data[0]")
            problems: dict[str, str] = {}
            long = list(shaped.records(typed, "f.json", "data[0]", problems.__setitem__))
            assert short is None or [short] == long
            if not problems and all(isinstance(value, str) for value in row.values()):
                assert short is not None
    assert tried > 1
