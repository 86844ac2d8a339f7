"""Small contests of four shapes: ranked options, classes, dialogues, search."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from submission.competitions.find import find_competition
from submission.competitions.profile import Profile

EXAM = """\
name = "exam"
title = "Ranked options"
[test]
id = "id"
question = "prompt"
columns = ["id", "prompt", "A", "B", "C"]
[submission]
id = "id"
answer = "prediction"
kind = "list"
separator = " "
length = 3
labels = ["A", "B", "C", "D", "E"]
[score]
name = "MAP@3"
terms = [{ metric = "map:k=3" }]
"""

MOOD = """\
name = "mood"
title = "Probabilities in columns"
[test]
id = "id"
question = "review"
columns = ["id", "review"]
[submission]
id = "id"
kind = "probabilities"
columns = ["id", "긍정 확률", "부정 확률"]
[submission.answers]
"부정" = "부정 확률"
"긍정" = "긍정 확률"
[score]
name = "log loss"
direction = "lower"
terms = [{ metric = "logloss" }]
"""

DIALOGUE = """\
name = "dialogue"
title = "Summaries beside an index"
[test]
id = "fname"
question = "dialogue"
columns = ["fname", "dialogue"]
[submission]
id = "fname"
answer = "summary"
columns = ["", "fname", "summary"]
[score]
name = "ROUGE-1"
terms = [{ metric = "rouge1:tokenizer=char" }]
"""

SEARCH = """\
name = "search"
title = "JSON lines named .csv"
[test]
id = "eval_id"
question = "msg"
columns = ["eval_id", "msg"]
[submission]
format = "jsonl"
suffix = ".csv"
id = "eval_id"
[submission.answers]
query = "standalone_query"
topk = { column = "topk", kind = "list", length = 3 }
answer = "answer"
references = { column = "references", kind = "json" }
[score]
name = "MAP"
terms = [{ metric = "map:k=3", of = "topk" }]
"""

SEARCHED = [
    {"eval_id": 7, "standalone_query": "", "topk": [], "answer": "", "references": []},
    {"eval_id": 3, "standalone_query": "", "topk": [], "answer": "", "references": []},
]


def profile_of(folder: Path, declaration: str) -> Profile:
    """The profile of a declaration, as a competition folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "competition.toml").write_text(declaration, encoding="utf-8")
    return find_competition(str(folder)).profile


def write_lines(path: Path, items: Iterable[Mapping[str, object]]) -> Path:
    """JSON lines, whatever the file is called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    path.write_text(text, encoding="utf-8")
    return path
