import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from submission.errors import InputError, locate
from submission.tables import JsonText, Record, Table, read_items, read_table

REAL = os.environ.get("LEADERKIT_REAL_DATA")


def saved(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(table: Table) -> list[list[str]]:
    return [list(record.values.values()) for record in table.records]


def test_places_are_named_as_people_count_them() -> None:
    assert locate("a.csv", 12, "질문") == "a.csv, row 12, column '질문'"
    assert locate("a.jsonl", 1) == "a.jsonl, row 1"
    assert locate(Path("b") / "a.json", 3) == "b/a.json, item 3"
    assert locate("a.csv") == "a.csv"


def test_nothing_is_guessed(tmp_path: Path) -> None:
    cells = ["NA", "None", "null", "", "0000001", "1e5", "nan", "True", " x ", "1,000", "1.0"]
    path = saved(tmp_path, "id,값\n" + "".join(f'{i},"{c}"\n' for i, c in enumerate(cells)))
    table = read_table(path)
    assert table.column("값") == cells


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["", "1", "3"])
def test_newlines_and_byte_order_marks(
    tmp_path: Path, newline: str, bom: bytes, ending: str
) -> None:
    text = newline.join(["id,질문", "A,하나", "B,둘"]) + newline * int(ending or 0)
    table = read_table(saved(tmp_path, bom + text.encode()))
    assert table.columns == ("id", "질문")
    assert rows(table) == [["A", "하나"], ["B", "둘"]]
    assert [record.line for record in table.records] == [2, 3]
    assert table.encoding == ("utf-8-sig" if bom else "utf-8")
    assert table.newline == ("\r\n" if newline == "\r\n" else "\n")
    assert len(table) == 2


def test_cells_keep_their_newlines_and_rows_their_line_numbers(tmp_path: Path) -> None:
    path = saved(tmp_path, 'id,질문\r\nA,"1\r\n2\r3\n4"\r\nB,"he said ""no"", twice"\r\nC,a"b\r\n')
    table = read_table(path)
    assert table.column("질문") == ["1\r\n2\r3\n4", 'he said "no", twice', 'a"b']
    assert [record.line for record in table.records] == [2, 6, 7]
    assert table.where(1, "질문") == f"{path}, row 6, column '질문'"
    assert table.newline == "\r\n"


def test_unicode_line_separators_are_text(tmp_path: Path) -> None:
    text = "a\u2028b\u0085c\x0bd\x0ce\x1cf"
    assert read_table(saved(tmp_path, f"id,q\n1,{text}\n")).column("q") == [text]
    assert read_table(saved(tmp_path, '{"q": "a\u2028b"}\n', "a.jsonl")).column("q") == ["a\u2028b"]


def test_cp949_is_recognised(tmp_path: Path) -> None:
    text = "id,질문\nA,도배지에 녹은 자국이 왜 생기나요? 똠방각하 펲시콜라\n"
    table = read_table(saved(tmp_path, text.encode("cp949")))
    assert table.encoding == "cp949"
    assert table.column("질문") == ["도배지에 녹은 자국이 왜 생기나요? 똠방각하 펲시콜라"]
    assert table.columns == ("id", "질문")


def test_a_named_encoding_is_used(tmp_path: Path) -> None:
    assert read_table(saved(tmp_path, "id\n가\n".encode("utf-16")), encoding="utf-16").ids(
        "id"
    ) == ["가"]
    assert read_table(saved(tmp_path, "id\n가\n".encode("cp949")), encoding="CP949").encoding == (
        "cp949"
    )
    marked = read_table(saved(tmp_path, b"\xef\xbb\xbfid\n1\n"), encoding="UTF8")
    assert (marked.columns, marked.encoding) == (("id",), "utf-8-sig")


def test_a_huge_cell_is_read(tmp_path: Path) -> None:
    huge = "가" * 400_000
    assert read_table(saved(tmp_path, f'id,q\n1,"{huge}"\n')).column("q") == [huge]


def test_tabs_separate_in_tsv(tmp_path: Path) -> None:
    assert rows(read_table(saved(tmp_path, "a\tb\n1,2\t3\n", "a.TSV"))) == [["1,2", "3"]]


def test_a_blank_line_is_an_empty_cell_in_a_file_of_one_column(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, 'q\na\n\n""\nb\n\n\n'))
    assert table.column("q") == ["a", "", "", "b"]
    assert [record.line for record in table.records] == [2, 3, 4, 5]


def test_no_rows_are_fine_when_allowed(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, "id,q\n"), allow_empty=True)
    assert (table.columns, len(table)) == (("id", "q"), 0)
    assert read_table(saved(tmp_path, "[]", "a.json"), allow_empty=True).columns == ()


# Columns and ids


@pytest.mark.parametrize(
    ("header", "wanted", "fragment"),
    [
        (unicodedata.normalize("NFD", "id,질문"), "질문", "Unicode form: it is NFD, not NFC"),
        ("id,질문 ", "질문", "('질문 ' differs only in spaces)"),
        ("id,Question", "question", "('Question' differs only in upper and lower case)"),
        ("\ufeff\ufeffid,질문", "id", "an invisible character (a byte-order mark, say)"),
        ("id,질문_1", "질문_2", "(did you mean '질문_1'?)"),
        ("id,Quest ion", "question", "spaces, case or Unicode form"),
        ("a,b", "질문", "'질문' is missing; it has 'a', 'b'"),
        ("id;질문", "질문", "one column: save it with commas"),
    ],
)
def test_a_missing_column_is_told_with_its_look_alike(
    tmp_path: Path, header: str, wanted: str, fragment: str
) -> None:
    table = read_table(saved(tmp_path, f"{header}\n{','.join('x' * len(header.split(',')))}\n"))
    with pytest.raises(InputError) as caught:
        table.column(wanted)
    assert fragment in str(caught.value)
    assert "a.csv" in str(caught.value)


def test_every_missing_column_is_named_at_once(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, "id,답변_1\nA,B\n"))
    table.require(["id", "답변_1"])
    with pytest.raises(InputError) as caught:
        table.require(["id", "category", "답변_2"])
    message = str(caught.value)
    assert "the columns 'category', '답변_2' (did you mean '답변_1'?) are missing" in message


def test_many_columns_are_not_all_listed(tmp_path: Path) -> None:
    names = [f"vec_{i}" for i in range(512)]
    table = read_table(saved(tmp_path, ",".join(names) + "\n" + ",".join(names) + "\n"))
    with pytest.raises(InputError, match=r"'vec_4', … \(512 in all\)"):
        table.require(["질문"])


def test_ids_are_returned_as_they_are(tmp_path: Path) -> None:
    assert read_table(saved(tmp_path, "id,q\n001,x\n1,x\n 1,x\n")).ids("id") == ["001", "1", " 1"]


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("id,q\nA,1\n,2\n", ["row 3, column 'id'", "the id is empty"]),
        ("id,q\nA,1\n  ,2\n", ["row 3, column 'id'", "the id is empty"]),
        ('id,q\nA,"1\n2"\nB,2\nA,3\n', ["row 5", "'A' was already given in", "row 2", "(1 rep"]),
        ("name,q\nA,1\n", ["'id' is missing"]),
    ],
)
def test_ids_must_exist_and_differ(tmp_path: Path, text: str, fragments: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_table(saved(tmp_path, text)).ids("id")
    assert all(fragment in str(caught.value) for fragment in fragments)


# Broken files

CSV = "id,질문\n"
BROKEN_DELIMITED: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": (b"", ["is empty"]),
    "only a byte-order mark": (b"\xef\xbb\xbf", ["is empty"]),
    "only newlines": ("\n\r\n\n", ["is empty"]),
    "header only": (CSV, ["has a header but no rows"]),
    "header and blank lines": (CSV + "\n\n", ["has a header but no rows"]),
    "blank first line": ("\n" + CSV + "A,B\n", ["row 1", "is blank"]),
    "too few cells": (CSV + "A,1\nB\n", ["row 3", "expected 2 cells", "found 1"]),
    "too many cells": (CSV + "A,1,2\n", ["row 2", "expected 2 cells", "found 3"]),
    "too many after a long cell": (CSV + 'A,"1\n2"\nB,1,2\n', ["row 4", "found 3"]),
    "spaces for a row": (CSV + "A,1\n  \n", ["row 3", "found 1"]),
    "blank line between": (CSV + "A,1\n\nB,2\n", ["row 3", "is blank", "remove the line"]),
    "two blank lines between": (CSV + "A,1\n\n\nB,2\n", ["row 3", "is blank"]),
    "open quote": (CSV + 'A,"1\nB,2\n', ["row 2", "column '질문'", "never closed"]),
    "open quote in an id": (CSV + 'A,1\n"B,2\n', ["row 3", "column 'id'", "never closed"]),
    "open quote at the end": (CSV + 'A,1\nB,"', ["row 3", "column '질문'", "never closed"]),
    "open quote in a long row": (CSV + '"A\nB","x\n', ["row 2", "(line 3)", "never closed"]),
    "open quote in the header": ('id,"질문\nA,1\n', ["row 1", "never closed"]),
    "open quote beyond the header": (CSV + 'A,B,"C\n', ["row 2", "never closed"]),
    "open quote met by a later one": (
        CSV + 'A,"1\nB,"2"\n',
        ["row 2", "column '질문'", "text follows the quote", "'2'"],
    ),
    "text after a quote": (CSV + 'A,"1"2\n', ["row 2", "column '질문'", "text follows"]),
    "space after a quote": (CSV + '"A" ,1\n', ["row 2", "column 'id'", "(' ')"]),
    "NUL": (CSV + "A,1\nB,a\0b\n", ["row 3", "column '질문'", "NUL"]),
    "NUL in the header": ("id,질\0문\nA,1\n", ["row 1", "NUL"]),
    "UTF-16 without a mark": ("id,q\nA,1\n".encode("utf-16-le"), ["row 1", "NUL"]),
    "repeated column": ("id,q,id\nA,1,2\n", ["row 1", "columns 1 and 3", "both named 'id'"]),
    "nameless column": (",질문\n0,1\n", ["row 1", "column 1 has no name", "index=False"]),
    "column named by spaces": ("id, \n0,1\n", ["row 1", "column 2 has no name"]),
    "UTF-16": (CSV.encode("utf-16"), ["is UTF-16", "save it as UTF-8"]),
    "UTF-16, big end first": (b"\xfe\xff" + CSV.encode("utf-16-be"), ["is UTF-16"]),
    "a workbook": (b"PK\x03\x04\x14\0\x06\0\xff\xff", ["an Excel workbook", "UTF-8"]),
    "neither encoding": (b"id,q\nA,\xff\xff\n", ["byte offset 7, line 2", "nor CP949"]),
    "neither, after CP949": (
        CSV.encode("cp949") + b"A,\xb0\xa1\xff\xff\n",
        ["neither UTF-8 (fails at byte offset 3, line 1)", "byte offset 12, line 2"],
    ),
    "cut short in a character": (
        (CSV + "A,도배지를 교체하는 방법은").encode()[:-1],
        ["UTF-8 with a damaged character", "byte offset", "line 2"],
    ),
    "damaged after a byte-order mark": (
        b"\xef\xbb\xbfid,q\nA,\xb0\xa1\n",
        ["damaged character", "byte offset 10, line 2"],
    ),
}

BROKEN_JSON: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["is empty"]),
    "only spaces": (" \n ", ["is empty"]),
    "no items": ("[]", ["holds no items"]),
    "an object": ('{"id": 1}', ["must be an array of objects, and is an object"]),
    "a number": ("12", ["must be an array of objects, and is a number"]),
    "null": ("null", ["must be an array of objects, and is null"]),
    "lines": ('{"id": 1}\n{"id": 2}\n', ["line 2", "Extra data", ".jsonl"]),
    "cut short": ('[{"id": 1},\n {"id"', ["line 2", "not valid JSON at character"]),
    "trailing comma": ('[\n{"id": 1,}\n]', ["line 2", "not valid JSON at character"]),
    "raw newline in a text": ('[{"id": "a\nb"}]', ["line 1", "Invalid control character"]),
    "an item that is a text": ('[{"id": 1}, "x"]', ["item 2", "must be an object", "a text"]),
    "an item that is an array": ('[{"id": 1}, [1]]', ["item 2", "is an array"]),
    "an item that is true": ("[true]", ["item 1", "a truth value"]),
    "an item without members": ("[{}]", ["item 1", "without members"]),
    "missing key": ('[{"id": 1, "q": 2}, {"id": 2}]', ["item 2", "lacks 'q'"]),
    "added key": ('[{"id": 1}, {"id": 2, "q": 2}]', ["item 2", "has 'q' in addition"]),
    "missing nested key": (
        '[{"id": 1, "in": {"q": 1}}, {"id": 2, "in": null}]',
        ["item 2", "lacks 'in.q' and has 'in' in addition"],
    ),
    "repeated key": ('[{"id": 1}, {"id": 1, "id": 2}]', ["item 2, column 'id'", "twice"]),
    "repeated nested key": ('[{"a": {"b": 1, "b": 2}}]', ["item 1, column 'a.b'", "twice"]),
    "repeated key in a list": ('[{"a": [{"b": 1, "b": 2}]}]', ["item 1, column 'a.b'"]),
    "clashing dotted names": ('[{"a.b": 1, "a": {"b": 2}}]', ["item 1", "both named 'a.b'"]),
    "nameless key": ('[{"": 1}]', ["item 1", "has no name"]),
    "NaN": ('[{"id": 1, "v": NaN}]', ["item 1, column 'v'", "NaN is not a JSON number"]),
    "Infinity in a list": ('[{"v": [1, -Infinity]}]', ["item 1, column 'v'", "-Infinity"]),
    "NUL": ('[{"v": "a\\u0000"}]', ["item 1, column 'v'", "'\\x00'"]),
    "half a surrogate pair": ('[{"v": "\\ud83d"}]', ["item 1, column 'v'", "'\\ud83d'"]),
    "nested without end": ("[" * 100_000, ["nested more than 100 levels"]),
    "nested too deep": (f'[{{"a": {"[" * 200}{"]" * 200}}}]', ["nested more than 100 levels"]),
    "UTF-16": ("[]".encode("utf-16"), ["is UTF-16"]),
}

BROKEN_LINES: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["is empty"]),
    "an array": ('[{"id": 1}]', ["row 1", "must be an object, and is an array"]),
    "cut short": ('{"id": 1}\n{"id": ', ["row 2", "not valid JSON at character 7"]),
    "two in a line": ('{"id": 1}{"id": 2}', ["row 1", "Extra data"]),
    "blank line between": ('{"id": 1}\n\n{"id": 2}', ["row 2", "is blank"]),
    "missing key": ('{"id": 1}\n{"q": 1}', ["row 2", "lacks 'id' and has 'q' in addition"]),
    "repeated key": ('{"id": 1}\n{"id": 1, "id": 1}', ["row 2, column 'id'", "twice"]),
    "NaN": ('{"id": 1}\n{"id": NaN}', ["row 2, column 'id'", "NaN"]),
}


def broken() -> list[object]:
    kinds = [("csv", BROKEN_DELIMITED), ("json", BROKEN_JSON), ("jsonl", BROKEN_LINES)]
    return [
        pytest.param(f"broken.{suffix}", *case, id=f"{suffix}: {name}")
        for suffix, cases in kinds
        for name, case in cases.items()
    ]


@pytest.mark.parametrize(("name", "content", "fragments"), broken())
def test_a_broken_file_is_explained(
    tmp_path: Path, name: str, content: str | bytes, fragments: list[str]
) -> None:
    path = saved(tmp_path, content, name)
    with pytest.raises(InputError) as caught:
        read_table(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert [fragment for fragment in fragments if fragment not in message] == [], message


def test_a_path_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    saved(tmp_path, "x", "file.csv")
    with pytest.raises(InputError, match=r"none\.csv: there is no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"folder\.csv: is a folder"):
        read_table(tmp_path / "folder.csv")
    with pytest.raises(InputError, match="cannot be read: Not a directory"):
        read_table(tmp_path / "file.csv" / "a.csv")
    with pytest.raises(InputError, match=r"a\.xlsx: .*supported are \.csv, \.json, \.jsonl, \.tsv"):
        read_table(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match=r"supported are \.json, \.jsonl"):
        read_items(tmp_path / "file.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_explained(tmp_path: Path) -> None:
    path = saved(tmp_path, "id\n1\n")
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read_table(path)


@pytest.mark.parametrize(
    ("encoding", "fragment"),
    [
        ("latin-9000", "is not a text encoding"),
        ("base64", "is not a text encoding"),
        ("ascii", "is not ascii text: byte offset 5, line 2"),
    ],
)
def test_a_wrong_named_encoding_is_explained(tmp_path: Path, encoding: str, fragment: str) -> None:
    path = saved(tmp_path, b"id\n1_\xb0\xa1\n")
    with pytest.raises(InputError) as caught:
        read_table(path, encoding=encoding)
    assert fragment in str(caught.value)


# JSON

NESTED = """[
  {"id": 10, "input": {"question": "왜?", "meta": {"n": 1.50, "ok": true}},
   "tags": ["a", 1.0, null, {"k": 1e5}], "output": null, "none": {}},
  {"none": {}, "id": 123456789012345678901234567890, "tags": [], "output": "",
   "input": {"meta": {"ok": false, "n": -0}, "question": "\\ud55c"}}
]"""


def test_objects_become_rows_of_literal_text(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, NESTED, "a.json"))
    assert table.columns == (
        "id", "input.question", "input.meta.n", "input.meta.ok", "tags", "output", "none",
    )  # fmt: skip
    assert rows(table) == [
        ["10", "왜?", "1.50", "true", '["a", 1.0, null, {"k": 1e5}]', "", "{}"],
        ["123456789012345678901234567890", "한", "-0", "false", "[]", "", "{}"],
    ]
    assert [record.line for record in table.records] == [1, 2]
    assert table.where(1, "id").endswith("a.json, item 2, column 'id'")
    kinds = {name: type(cell) for name, cell in zip(table.columns, table.rows[0], strict=True)}
    assert {name for name, kind in kinds.items() if kind is not str} == {"tags", "none"}
    tags = table.records[0].values["tags"]
    assert isinstance(tags, JsonText)
    assert tags.value == ["a", 1.0, None, {"k": 1e5}]


def test_items_keep_their_structure_and_types(tmp_path: Path) -> None:
    assert read_items(saved(tmp_path, NESTED, "a.json")).values[0] == {
        "id": 10,
        "input": {"question": "왜?", "meta": {"n": 1.5, "ok": True}},
        "tags": ["a", 1.0, None, {"k": 1e5}],
        "output": None,
        "none": {},
    }


def test_items_may_differ_in_their_keys_but_not_be_broken(tmp_path: Path) -> None:
    path = saved(tmp_path, '{"id": 1, "output": "x"}\n{"id": 2}\n', "a.jsonl")
    assert read_items(path).values == [{"id": 1, "output": "x"}, {"id": 2}]
    for bad in ['{"id": 1, "id": 2}', '{"id": NaN}', '{"id": 1e999}', f'{{"id": {"9" * 5000}}}']:
        with pytest.raises(InputError, match="row 1, column 'id'"):
            read_items(saved(tmp_path, bad, "b.jsonl"))


def test_json_lines_are_numbered_as_lines(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"id": "A"}\r\n{"id": "B"}\r\n\r\n'
    table = read_table(saved(tmp_path, content, "a.jsonl"))
    assert tuple(table.records) == (Record(1, {"id": "A"}), Record(2, {"id": "B"}))
    assert (table.encoding, table.newline) == ("utf-8-sig", "\r\n")


# The organizer's files


@pytest.mark.skipif(REAL is None, reason="LEADERKIT_REAL_DATA names no folder of competition data")
def test_the_wallpaper_competition_is_read_as_it_is() -> None:
    folder = Path(str(REAL)) / "dacon-236216"
    train, test, sample = (
        read_table(folder / f"{name}.csv") for name in ("train", "test", "sample_submission")
    )
    answers = tuple(f"답변_{i}" for i in range(1, 6))
    assert train.columns == ("id", "질문_1", "질문_2", "category", *answers)
    assert train.ids("id") == [f"TRAIN_{i:03}" for i in range(644)]
    assert Counter(train.column("category"))["타 마감하자"] == 20
    assert test.columns == ("id", "질문")
    assert test.ids("id") == [f"TEST_{i:03}" for i in range(130)]
    assert test.column("질문")[54] == test.column("질문")[92]
    assert sample.columns == ("id", *(f"vec_{i}" for i in range(512)))
    assert sample.ids("id") == test.ids("id")
    assert [t.encoding for t in (train, test, sample)] == ["utf-8-sig", "utf-8-sig", "utf-8"]
    assert {t.newline for t in (train, test, sample)} == {"\n"}
