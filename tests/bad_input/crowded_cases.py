"""Hundreds of columns, keys, ids, names and layers: a message names a few and counts the others."""

from __future__ import annotations

import json

from tests.bad_input.case import CHECK, COMPARE, GENERATE, RUN, SCORE, SUBMIT, Case, swap
from tests.bad_input.world import COMPETITION, EXPERIMENT, rows, table

MANY = 768
COLUMNS = ",".join(f"embedding_{number}" for number in range(MANY))
CELLS = ",".join("0" for _ in range(MANY))
IDS = {f"row_{number:04}": "네" for number in range(MANY)}
TEST = "generate nearest -c shop --train train.csv --run new --test"
WIDE = COMPETITION.replace('columns = ["id", "질문"]', f"columns = {json.dumps(list(IDS))}")

CASES = [
    Case(
        "crowded: a wide test file without its column",
        GENERATE,
        ("'질문' is missing; it has 'id', 'query', 'embedding_0'", f"({MANY + 2} in all)"),
        {"test.csv": rows(f"id,{COLUMNS},query", f"A,{CELLS},벽지?")},
    ),
    Case(
        "crowded: a wide template without its columns",
        SUBMIT,
        (f"({MANY + 1} in all)",),
        {"template.csv": rows(f"id,{COLUMNS}", f"A,{CELLS}")},
    ),
    Case(
        "crowded: a wide submission",
        CHECK,
        ("5 of 6 columns are missing", "768 columns are not in the template", "(768 in all)"),
        {"submission.csv": rows(f"id,{COLUMNS}", f"A,{CELLS}")},
        code=1,
    ),
    Case(
        "crowded: ids of another file",
        SCORE,
        (f"no answer for {MANY} id(s): row_0000", "no reference for 3 id(s): A, B, C"),
        {"references.csv": table("id,답변_1", IDS)},
    ),
    Case(
        "crowded: ids of another template",
        SUBMIT,
        ("has no answer for 768 of the 768 rows", "row_0000", "answers 3 rows", "A, B, C"),
        {
            "template.csv": rows(
                "id,답변,vec_0,vec_1,vec_2,vec_3", *(f"{row_id},,0,0,0,0" for row_id in IDS)
            )
        },
    ),
    Case(
        "crowded: ids of another submission",
        CHECK,
        ("3 ids of the template are missing: 'A', 'B', 'C'", "768 ids are not", "'row_0000'"),
        {
            "submission.csv": rows(
                "id,답변,vec_0,vec_1,vec_2,vec_3", *(f"{row_id},네,1,0,0,0" for row_id in IDS)
            )
        },
        code=1,
    ),
    Case(
        "crowded: objects with other keys",
        f"{TEST} t.json",
        ("lacks '질문', 'row_0000'", "(769 in all)", "has 'other' in addition"),
        {"t.json": json.dumps([{"id": "A", "질문": "?", **IDS}, {"id": "B", "other": 1}])},
    ),
    Case(
        "crowded: a recipe of unknown keys",
        swap(GENERATE, "nearest", "recipe.toml"),
        ("768 problems", "and 763 more"),
        {"recipe.toml": 'name = "mine"\n' + "".join(f'{key} = "x"\n' for key in IDS)},
    ),
    Case(
        "crowded: a recipe with a long list where a number belongs",
        swap(GENERATE, "nearest", "recipe.toml"),
        ("'sampling.max_tokens'",),
        {"recipe.toml": f'name = "mine"\n[sampling]\nmax_tokens = {json.dumps(list(IDS))}\n'},
    ),
    Case(
        "crowded: a declaration with columns that are not its question",
        swap(GENERATE, "shop", "./shop"),
        ("not among 'columns': id, 질문",),
        {"shop/competition.toml": WIDE},
    ),
    Case(
        "crowded: cells without the baseline",
        RUN,
        ("baseline 'row_00x' is not one of the cells", "(769 in all)"),
        {
            "experiment.toml": 'baseline = "row_00x"\n'
            + EXPERIMENT
            + "".join(f'[[cells]]\nname = "{name}"\nrecipe = "nearest"\n' for name in IDS)
        },
    ),
    Case(
        "crowded: a breakdown by a column that is not there",
        f"{COMPARE} --by nothing",
        ("nothing",),
        {"references.csv": rows(f"id,답변_1,{COLUMNS}", *(f"{x},네,{CELLS}" for x in "ABC"))},
    ),
    Case(
        "trailing comma: JSON",
        f"{TEST} t.json",
        ("t.json, line 2", "a comma stands before the closing ']'; remove it"),
        {"t.json": '[{"id": "A", "질문": "?"},\n]'},
    ),
    Case(
        "trailing comma: JSON object",
        f"{TEST} t.json",
        ("t.json, line 1", "a comma stands before the closing '}'; remove it"),
        {"t.json": '[{"id": "A", "질문": "?", }]'},
    ),
    Case(
        "trailing comma: JSON lines",
        f"{TEST} t.jsonl",
        ("t.jsonl, row 1", "a comma stands before the closing '}'; remove it"),
        {"t.jsonl": '{"id": "A", "질문": "?",}\n'},
    ),
    Case(
        "trailing comma: TOML",
        swap(GENERATE, "nearest", "recipe.toml"),
        ("not valid TOML", "a comma stands before the closing '}': remove it"),
        {"recipe.toml": 'name = "mine"\nengine = { name = "nearest", }\n'},
    ),
]
