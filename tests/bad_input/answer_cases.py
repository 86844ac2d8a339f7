"""What score, submit and compare refuse."""

from __future__ import annotations

from tests.bad_input.case import COMPARE, SCORE, SUBMIT, Case, swap
from tests.bad_input.world import DIMENSION, VECTORS, rows, submission

RUN_HALF = swap(SUBMIT, "--predictions predictions.csv", "--run half")
VECTORS_ONLY = swap(SCORE, "predictions.csv", "vectors.csv")


def _vectors(name: str, cell: str, *says: str) -> Case:
    lines = [f"id,{VECTORS}", *(f"{key},{','.join('1' * DIMENSION)}" for key in "ABC")]
    lines[2] = f"B,1,{cell},1,1"
    says = ("vectors.csv", "row 3", "'vec_1'", *says)
    return Case(f"score: vector cell {name}", VECTORS_ONLY, says, {"vectors.csv": rows(*lines)})


_SCORE = [
    _vectors("of text", "종이", "'종이' is not a finite number"),
    _vectors("empty", "", "'' is not a finite number"),
    _vectors("not a number", "nan", "'nan' is not a finite number"),
    _vectors("infinite", "-inf", "'-inf' is not a finite number"),
    _vectors("beyond single precision", "1e39", "'1e39' is not a finite number"),
    _vectors("with an underscore", "1_0", "'1_0' is not a finite number"),
    _vectors("in full-width digits", "１", "'１' is not a finite number"),
    Case(
        "score: a vector column missing",
        VECTORS_ONLY,
        ("vectors.csv", "'vec_3'", "missing"),
        {"vectors.csv": rows("id,vec_0,vec_1,vec_2", "A,1,2,3")},
    ),
    Case("score: unknown metric", f"{SCORE} --metric rouge9", ("'rouge9'", "use one of rouge")),
    Case("score: metric misspelt", f"{SCORE} --metric jacard", ("'jacard'", "'jaccard'")),
    Case(
        "score: unknown option of a metric",
        f"{SCORE} --metric f1:rul=squad",
        ("f1 has no option 'rul'", "'rule'"),
    ),
    Case(
        "score: unknown value of an option",
        f"{SCORE} --metric f1:rule=korquad9",
        ("rule='korquad9' is unknown", "korquad1"),
    ),
    Case(
        "score: metric option without a value",
        f"{SCORE} --metric f1:rule",
        ("'rule' is not an option", "key=value"),
    ),
    Case(
        "score: metric option twice",
        f"{SCORE} --metric f1:rule=squad,rule=inha",
        ("rule is given twice",),
    ),
    Case(
        "score: unknown way of combining references",
        f"{SCORE} --references-by best",
        ("--references-by", "'best'", "'first', 'mean', 'max'"),
    ),
    Case(
        "score: unfinished run",
        "score -c shop --run half --references references.csv --rows out.csv",
        ("'half' is not finished: 0 of 3 rows", "Resume"),
    ),
    Case(
        "score: unknown run",
        "score -c shop --run dome --references references.csv --rows out.csv",
        ("No run 'dome' in ledger.db", "it has done, half"),
    ),
    Case(
        "score: neither run nor predictions",
        "score -c shop --references references.csv --rows out.csv",
        ("either --run NAME or --predictions FILE",),
    ),
    Case("score: both run and predictions", f"{SCORE} --run done", ("either --run NAME or",)),
    Case(
        "score: a cosine without an encoder",
        "score -c dacon-236291 --predictions p.csv --references p.csv --metric cosine",
        ("No encoder is declared", "--encoder"),
        {"p.csv": rows("id,answer", "A,종이")},
    ),
    Case(
        "score: encoder that is not here",
        f"{SCORE} --encoder nobody/no-such-encoder",
        ("'nobody/no-such-encoder' cannot be loaded", "--encoder PATH", "--encoder offline"),
    ),
    Case(
        "score: encoder of another dimension",
        f"{SCORE} --encoder offline:512",
        ("'offline:512' gives 512 dimensions where 4 are needed",),
    ),
    Case(
        "score: encoder misspelt",
        f"{SCORE} --encoder offline:x",
        ("'offline:x' is not an encoder",),
    ),
    Case("score: encoder empty", f"{SCORE} --encoder ''", ("--encoder is empty",)),
    Case(
        "score: encoder folder without a model",
        f"{SCORE} --encoder ./folder",
        ("folder", "cannot be loaded", "--encoder PATH"),
    ),
    Case(
        "score: rows into a folder that is a file",
        swap(SCORE, "out.csv", "file/rows.csv"),
        ("file/rows.csv", "cannot be written"),
    ),
]

_TEMPLATE = [
    Case(
        f"submit: template {name}",
        SUBMIT,
        ("template.csv", *says),
        {"template.csv": content},
    )
    for name, content, *says in (
        ("missing", None, "there is no such file"),
        ("empty", "", "is empty"),
        ("header only", f"id,답변,{VECTORS}\n", "no rows"),
        ("of another competition", rows("id,vec_0", "A,0"), "'답변'", "missing"),
        (
            "of another order",
            submission(header=f"답변,id,{VECTORS}"),
            "not this competition's template",
            "column 1 is '답변', where 'id' is declared",
        ),
        ("with a column more", submission(header=f"id,답변,{VECTORS},비고", vectors=[[0] * 5] * 3),
         "column 7 is '비고', which is not declared"),
        ("with an id twice", submission({"A": "ㄱ"}) + "A,ㄱ,1,1,1,1\n", "row 3", "already given"),
    )
]  # fmt: skip

_SUBMIT = [
    *_TEMPLATE,
    Case("submit: unfinished run", RUN_HALF, ("'half' is not finished", "Resume it")),
    Case(
        "submit: unknown run",
        swap(SUBMIT, "--predictions predictions.csv", "--run other"),
        ("No run 'other'", "it has done, half"),
    ),
    Case(
        "submit: vectors instead of answers",
        swap(SUBMIT, "predictions.csv", "vectors.csv"),
        ("vectors, not text",),
        {"vectors.csv": rows(f"id,{VECTORS}", "A,1,1,1,1", "B,1,1,1,1", "C,1,1,1,1")},
    ),
    Case(
        "submit: into a folder",
        swap(SUBMIT, "out.csv", "folder.csv"),
        ("folder.csv: is a folder", "name of a file"),
        {"folder.csv/": None},
    ),
    Case(
        "submit: into a folder that is a file",
        swap(SUBMIT, "out.csv", "file/out.csv"),
        ("file/out.csv", "cannot be written"),
    ),
    Case(
        "submit: under another suffix",
        swap(SUBMIT, "out.csv", "out.json"),
        ("out.json", "takes .csv files"),
    ),
    Case(
        "submit: over the template",
        swap(SUBMIT, "out.csv", "./folder/../template.csv"),
        ("is the template itself", "--out"),
    ),
    Case(
        "submit: encoder of another dimension",
        f"{SUBMIT} --encoder offline:3",
        ("'offline:3' gives 3 dimensions where 4 are needed",),
    ),
    Case(
        "submit: encoder that is not here",
        f"{SUBMIT} --encoder nobody/no-such-encoder",
        ("'nobody/no-such-encoder' cannot be loaded", "--encoder offline"),
    ),
    Case(
        "submit: a ledger that is no database",
        f"{SUBMIT} --ledger file",
        ("file: cannot be used as a ledger", "not a database", "--ledger"),
    ),
    Case(
        "submit: no ledger where one is named",
        swap(SUBMIT, "--predictions predictions.csv", "--run done --ledger none.db"),
        ("no ledger at none.db",),
    ),
]

_COMPARE = [
    Case(
        "compare: unknown subject",
        swap(COMPARE, "done", "dome"),
        ("'dome' is neither a run of ledger.db (it has done, half) nor a file",),
    ),
    Case(
        "compare: unknown baseline",
        swap(COMPARE, "--baseline predictions.csv", "--baseline best"),
        ("'best' is neither a run", "nor a file"),
    ),
    Case("compare: unfinished run", swap(COMPARE, "done", "half"), ("'half' is not finished",)),
    Case(
        "compare: nothing to compare",
        swap(COMPARE, "done", ""),
        ("Missing argument", "RUN|FILE"),
    ),
    Case(
        "compare: other rows than the references",
        COMPARE,
        ("done does not fit the references", "no reference for 1 id(s): C"),
        {"references.csv": rows("id,답변_1", "A,종이", "B,판")},
    ),
    Case("compare: into a folder", swap(COMPARE, "out.csv", "folder"), ("folder: is a folder",)),
    Case(
        "compare: known scores that are no numbers",
        COMPARE,
        ("shop/leaderboard.csv", "row 3", "'public'", "'0,7x' is not a number"),
        {
            "shop/leaderboard.csv": rows(
                "name,public,private,certainty,source", "one,0.5,,M,web", 'two,"0,7x",,M,web'
            )
        },
    ),
    Case(
        "compare: known scores without a column",
        COMPARE,
        ("shop/leaderboard.csv", "'certainty'", "missing"),
        {"shop/leaderboard.csv": rows("name,public,private,source", "one,0.5,,web")},
    ),
    Case(
        "compare: known scores that are not finite",
        COMPARE,
        ("shop/leaderboard.csv", "row 2", "'private'", "'nan' is not a number"),
        {"shop/leaderboard.csv": rows("name,public,private,certainty,source", "one,0.5,nan,M,web")},
    ),
]

CASES = [*_SCORE, *_SUBMIT, *_COMPARE]
