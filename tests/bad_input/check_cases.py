"""Submissions that fail the check, with 1, and what it cannot check at all, with 2."""

from __future__ import annotations

from tests.bad_input.case import CHECK, Case, swap
from tests.bad_input.world import ANSWERS, VECTORS, rows, submission, with_cell


def _no(name: str, content: str | bytes, *says: str) -> Case:
    says = ("finding(s) make it unfit", *says)
    return Case(f"check: {name}", CHECK, says, {"submission.csv": content}, code=1)


_SHUFFLED = {key: ANSWERS[key] for key in "ACB"}
_BAD = [
    _no("empty file", b"", "unreadable", "is empty"),
    _no("only a byte-order mark", b"\xef\xbb\xbf", "unreadable", "is empty"),
    _no("header only", f"id,답변,{VECTORS}\n", "row-count", "0 rows; the template has 3"),
    _no("utf-16", submission().encode("utf-16"), "unreadable", "UTF-16"),
    _no("cp949", submission().encode("cp949"), "encoding", "is CP949; save it as UTF-8"),
    _no("no text", bytes(range(128, 256)), "unreadable", "neither UTF-8"),
    _no("NUL bytes", with_cell(2, 1, "종\0이"), "unreadable", "row 2", "NUL"),
    _no("ragged row", submission() + "D,없음\n", "unreadable", "row 5", "found 2"),
    _no("unterminated quote", with_cell(3, 1, '"종이'), "unreadable", "row 3", "never closed"),
    _no("json in a csv", '[{"id": "A"}]', "columns-missing", "columns-extra", '[{"id": "A"}]'),
    _no("columns in another order", submission(header=f"답변,id,{VECTORS}"), "columns-order",
        "column 1 is '답변' where the template has 'id'"),
    _no("column missing", submission(header=f"id,답변,{VECTORS[:-1]}9"), "columns-missing",
        "vec_3", "columns-extra", "vec_9"),
    _no("id column missing", submission(header=f"ID,답변,{VECTORS}"), "columns-missing", "id"),
    _no("rows in another order", submission(_SHUFFLED), "ids-order", "row 3: 'C' where 'B'"),
    _no("row missing", submission({key: ANSWERS[key] for key in "AB"}), "row-count", "2 rows",
        "ids-missing", "'C'"),
    _no("row too many", submission({**ANSWERS, "D": "풀"}), "row-count", "ids-unknown", "'D'"),
    _no("id twice", with_cell(4, 0, "A"), "ids-duplicate", "'A' in row 4, already in row 2",
        "ids-missing", "'C'"),
    _no("id empty", with_cell(3, 0, ""), "ids-unknown", "''", "ids-missing", "'B'"),
    _no("id with a space", with_cell(3, 0, "B "), "ids-unknown", "'B '", "ids-missing", "'B'"),
    _no("answer empty", with_cell(3, 1, " "), "text-empty", "row 3, column '답변'"),
    _no("vector NaN", with_cell(3, 2, "nan"), "vector-not-finite", "'nan' in row 3", "'vec_0'"),
    _no("vector infinite", with_cell(4, 5, "inf"), "vector-not-finite", "row 4", "'vec_3'"),
    _no("vector text", with_cell(2, 3, "종이"), "vector-not-a-number", "'종이' in row 2",
        "'vec_1'"),
    _no("vector cell empty", with_cell(2, 3, ""), "vector-not-a-number", "'' in row 2"),
    _no("vector with an underscore", with_cell(2, 3, "1_0"), "vector-not-a-number", "'1_0'"),
    _no("vectors zero", submission(vectors=[[0] * 4] * 3), "vector-zero", "3 vectors are all zero"),
    _no("one vector for all", submission(vectors=[[1, 2, 3, 4]] * 3), "vector-not-of-text",
        "Rows 2 and 3 hold different texts with the same vector"),
    _no("one text, two vectors", with_cell(3, 1, ANSWERS["A"]), "vector-not-of-text",
        "Rows 2 and 3 hold the same text with different vectors"),
    Case(
        "check: vectors of other texts",
        f"{CHECK} --encoder offline",
        ("vector-not-of-text", "3 vectors are not those of their row's text under offline"),
        {"submission.csv": submission(vectors=[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])},
        code=1,
    ),
    Case(
        "check: another suffix",
        swap(CHECK, "submission.csv", "submission.tsv"),
        ("suffix", "is not named .csv"),
        {"submission.tsv": submission().replace(",", "\t")},
        code=1,
    ),
    Case(
        "check: no manifest under --final",
        f"{CHECK} --final",
        ("manifest", "No manifest submission.csv.manifest.json says"),
        code=1,
    ),
    Case(
        "check: unreadable manifest",
        CHECK,
        ("manifest", "submission.csv.manifest.json cannot be read"),
        {"submission.csv.manifest.json": "{"},
        code=1,
    ),
    Case(
        "check: manifest of another file under --final",
        f"{CHECK} --final",
        ("The file is not the one that submission.csv.manifest.json was written for",),
        {"submission.csv.manifest.json": '{"uploadable": true, "sha256": "0"}'},
        code=1,
    ),
]  # fmt: skip

_UNUSABLE = [
    Case("check: no submission", CHECK, ("submission.csv: there is no such file",),
         {"submission.csv": None}),
    Case("check: a folder as submission", swap(CHECK, "submission.csv", "folder"),
         ("folder: is a folder",)),
    Case("check: no template", CHECK, ("template.csv: there is no such file",),
         {"template.csv": None}),
    Case("check: template empty", CHECK, ("template.csv: is empty",), {"template.csv": ""}),
    Case("check: template broken", CHECK, ("template.csv, row 2", "never closed"),
         {"template.csv": f'id,답변,{VECTORS}\n"A,,0,0,0,0\n'}),
    Case("check: template of another competition", CHECK, ("template.csv", "'답변'", "missing"),
         {"template.csv": rows("id,text", "A,종이")}),
    Case("check: template with an id twice", CHECK, ("template.csv", "row 3", "already given"),
         {"template.csv": rows(f"id,답변,{VECTORS}", "A,,0,0,0,0", "A,,0,0,0,0")}),
    Case("check: template header only", CHECK, ("template.csv", "no rows"),
         {"template.csv": f"id,답변,{VECTORS}\n"}),
    Case("check: encoder of another dimension", f"{CHECK} --encoder offline:512",
         ("'offline:512' gives 512 dimensions where 4 are needed",)),
    Case("check: encoder that is not here", f"{CHECK} --encoder nobody/no-such-encoder",
         ("'nobody/no-such-encoder' cannot be loaded",)),
    Case("check: no template given", "check -c shop --submission submission.csv",
         ("Missing option", "--template")),
]  # fmt: skip

CASES = [*_BAD, *_UNUSABLE]
