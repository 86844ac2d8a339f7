"""Tables that cannot be read, and columns and rows that are not as declared."""

from __future__ import annotations

from unicodedata import normalize

from tests.bad_input.case import GENERATE, SCORE, SUBMIT, Case, swap
from tests.bad_input.world import QUESTIONS, rows, table

TEST = "generate nearest -c shop --train train.csv --run new --test"


def _test(name: str, content: str | bytes | None, *says: str) -> Case:
    return Case(f"test file: {name}", GENERATE, ("test.csv", *says), {"test.csv": content})


_FILES = [
    _test("missing", None, "there is no such file"),
    _test("empty", b"", "is empty"),
    _test("only a byte-order mark", b"\xef\xbb\xbf", "is empty"),
    _test("only white space", b"\n\n", "is empty"),
    _test("header only", "id,질문\n", "has a header but no rows"),
    _test("utf-16", "id,질문\nA,벽지?\n".encode("utf-16"), "is UTF-16", "save it as UTF-8"),
    _test("utf-16 without a mark", "id,q\nA,b\n".encode("utf-16-le"), "NUL", "not UTF-8"),
    _test("NUL in a cell", "id,질문\nA,벽\0지?\n", "row 2", "'질문'", "NUL"),
    _test("no text at all", bytes(range(128, 256)), "neither UTF-8", "nor CP949"),
    _test(
        "damaged utf-8",
        "id,질문\nA,벽지는 무엇인가요\n".encode()[:-3] + b"\n",
        "damaged character",
        "line 2",
    ),
    _test("an excel workbook", b"PK\x03\x04\x14\0\6\0", "Excel workbook"),
    _test("ragged, too short", "id,질문\nA,벽지?\nB\n", "row 3", "expected 2 cells", "found 1"),
    _test("ragged, too long", "id,질문\nA,벽지?, 타일?\n", "row 2", "found 3", "quotes"),
    _test("unterminated quote", 'id,질문\nA,"벽지?\nB,타일?\n', "row 2", "'질문'", "never closed"),
    _test("text after a quote", 'id,질문\nA,"벽지"는?\n', "row 2", "text follows the quote"),
    _test("blank line inside", "id,질문\nA,벽지?\n\nB,타일?\n", "row 3", "blank"),
    _test("nameless column", ",id,질문\n0,A,벽지?\n", "column 1 has no name", "index=False"),
    _test("two columns of one name", "id,id\nA,벽지?\n", "both named 'id'"),
    _test("semicolons", "id;질문\nA;벽지?\n", "save it with commas"),
    _test("column missing", "id,text\nA,벽지?\n", "'질문' is missing", "it has 'id', 'text'"),
    _test("column in another case", "ID,질문\nA,벽지?\n", "'ID' differs only in upper and lower"),
    _test("column with a space", "id,질문 \nA,벽지?\n", "differs only in spaces"),
    _test("column decomposed", f"id,{normalize('NFD', '질문')}\nA,벽지?\n", "NFD"),
    _test("column with a near name", "id,질문_1\nA,벽지?\n", "did you mean '질문_1'"),
    _test("mark inside the header", "\ufeff\ufeffid,질문\nA,벽지?\n", "invisible character"),
    _test("id empty", "id,질문\nA,벽지?\n ,타일?\n", "row 3", "column 'id'", "the id is empty"),
    _test("id twice", "id,질문\nA,벽지?\nA,타일?\n", "row 3", "'A' was already given", "row 2"),
    _test("question empty", "id,질문\nA,벽지?\nB,  \n", "row 3", "'질문'", "the question is empty"),
    Case("test file: a folder", f"{TEST} folder", ("folder: is a folder",)),
    Case(
        "test file: a folder named csv",
        f"{TEST} folder.csv",
        ("folder.csv: is a folder", "name of a file"),
        {"folder.csv/": None},
    ),
    Case("test file: wrong suffix", f"{TEST} t.xlsx", ("t.xlsx", ".csv", ".json"), {"t.xlsx": b""}),
    Case(
        "test file: json that is no array",
        f"{TEST} t.json",
        ("t.json", "must be an array of objects"),
        {"t.json": '{"id": "A"}'},
    ),
    Case(
        "test file: broken json",
        f"{TEST} t.json",
        ("t.json, line 2", "not valid JSON"),
        {"t.json": '[{"id": "A",\n]'},
    ),
    Case(
        "test file: json lines with a blank one",
        f"{TEST} t.jsonl",
        ("t.jsonl, row 2", "is blank"),
        {"t.jsonl": '{"id": "A", "질문": "?"}\n\n{"id": "B", "질문": "?"}\n'},
    ),
]


def _train(name: str, content: str | None, *says: str) -> Case:
    return Case(f"train file: {name}", GENERATE, ("train.csv", *says), {"train.csv": content})


_TRAIN = [
    _train("missing", None, "there is no such file"),
    _train("no answer column", table("id,질문_1", QUESTIONS), "'답변_1'", "missing"),
    _train("no question column", "id,답변_1\nA,종이\n", "'질문_1'", "missing"),
    _train("a row without an answer", "id,질문_1,답변_1\nA,벽지?, \n", "row 2", "no answer"),
    _train("a row without a question", "id,질문_1,답변_1\nA,,종이\n", "row 2", "no question"),
]


def _references(name: str, content: str | bytes | None, *says: str) -> Case:
    return Case(f"references: {name}", SCORE, says, {"references.csv": content})


_REFERENCES = [
    _references("missing", None, "references.csv", "no such file"),
    _references("no answer column", "id,정답\nA,종이\n", "references.csv", "'답변_1'", "missing"),
    _references("a row without an answer", "id,답변_1\nA,종이\nB,\n", "row 3", "no reference"),
    _references(
        "lack an id",
        "id,답변_1\nA,종이\nB,판\n",
        "predictions.csv",
        "no reference for 1 id(s): C",
    ),
    _references(
        "have one id more",
        "id,답변_1\nA,종이\nB,판\nC,물\nD,풀\n",
        "no answer for 1 id(s): D",
    ),
    _references("id twice", "id,답변_1\nA,종이\nA,판\n", "references.csv", "row 3", "already"),
    Case(
        "references: a folder",
        swap(SCORE, "references.csv", "folder.csv"),
        ("folder.csv: is a folder",),
        {"folder.csv/": None},
    ),
]

_PREDICTIONS = [
    Case(
        "predictions: an id of no reference",
        SCORE,
        ("no reference for 2 id(s): X, Y",),
        {"predictions.csv": rows("id,answer", "A,종이", "B,판", "C,물", "X,풀", "Y,흙")},
    ),
    Case(
        "predictions: lack an id of the template",
        SUBMIT,
        ("no answer for 1 of the 3 rows", "template.csv", "B"),
        {"predictions.csv": rows("id,answer", "A,종이", "C,물")},
    ),
    Case(
        "predictions: an id that the template lacks",
        SUBMIT,
        ("1 rows that template.csv does not have", "X"),
        {"predictions.csv": rows("id,answer", "A,종이", "B,판", "C,물", "X,풀")},
    ),
    Case(
        "predictions: no answer column",
        SUBMIT,
        ("no column 'answer'", "It has id, text", "--answer-column"),
        {"predictions.csv": rows("id,text", "A,종이", "B,판", "C,물")},
    ),
    Case(
        "predictions: no id column",
        SCORE,
        ("predictions.csv", "'ID' differs only in upper and lower case"),
        {"predictions.csv": rows("ID,answer", "A,종이")},
    ),
    Case(
        "predictions: --answer-column that is not there",
        f"{SCORE} --answer-column 응답",
        ("predictions.csv", "'응답' is missing"),
    ),
    Case(
        "predictions: a folder",
        swap(SCORE, "predictions.csv", "folder"),
        ("folder: is a folder",),
    ),
    Case(
        "predictions: id twice",
        SCORE,
        ("row 4", "'A' was already given"),
        {"predictions.csv": rows("id,answer", "A,종이", "B,판", "A,물")},
    ),
]

CASES = [*_FILES, *_TRAIN, *_REFERENCES, *_PREDICTIONS]
