"""The files that every bad-input case starts from; all of them are good."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluators import OfflineEncoder

DIMENSION = 4
VECTORS = ",".join(f"vec_{number}" for number in range(DIMENSION))
ANSWERS = {"A": "벽에 바르는 종이입니다.", "B": "흙을 구운 판입니다.", "C": "물이 새는 일입니다."}
QUESTIONS = {"A": "벽지는 무엇인가요?", "B": "타일은 무엇인가요?", "C": "누수는 무엇인가요?"}
KEPT = b"left as it was\n"

COMPETITION = f"""\
name = "shop"
title = "상점"

[test]
id = "id"
question = "질문"
columns = ["id", "질문"]

[train]
id = "id"
questions = ["질문_1"]
answers = ["답변_1", "답변_2"]
columns = ["id", "질문_1", "답변_1", "답변_2"]

[submission]
id = "id"
answer = "답변"
vectors = {{ dimension = {DIMENSION} }}

[encoder]
name = "offline"
dimension = {DIMENSION}

[score]
name = "cosine"
terms = [{{ metric = "cosine" }}]
"""

EXPERIMENT = """\
competition = "shop"
test = "test.csv"
train = "train.csv"
references = "references.csv"
template = "template.csv"
out = "out"

[[cells]]
name = "first"
recipe = "nearest"
"""

Content = str | bytes | None
"""What a file holds; None for none. A name that ends in ``/`` is a folder."""


def rows(*lines: str) -> str:
    """The text of a CSV file."""
    return "".join(f"{line}\n" for line in lines)


def table(header: str, cells: Mapping[str, str]) -> str:
    """A CSV file of an id and one further column."""
    return rows(header, *(f"{key},{value}" for key, value in cells.items()))


def submission(
    answers: Mapping[str, str] = ANSWERS,
    *,
    header: str = f"id,답변,{VECTORS}",
    vectors: Sequence[Sequence[object]] | None = None,
) -> str:
    """A submission whose vectors are those of its text, unless others are given."""
    own = vectors or OfflineEncoder(DIMENSION).encode(list(answers.values())).tolist()
    return rows(
        header,
        *(
            ",".join([key, answer, *map(str, vector)])
            for (key, answer), vector in zip(answers.items(), own, strict=True)
        ),
    )


def with_cell(line: int, place: int, cell: str) -> str:
    """The submission with one cell replaced; line 1 is the header, place 0 the id."""
    lines = [each.split(",") for each in submission().splitlines()]
    lines[line - 1][place] = cell
    return rows(*(",".join(each) for each in lines))


def files() -> dict[str, Content]:
    """Every file by name."""
    return {
        "test.csv": table("id,질문", QUESTIONS),
        "train.csv": rows(
            "id,질문_1,답변_1,답변_2",
            *(f"{key},{QUESTIONS[key]},{ANSWERS[key]}," for key in ANSWERS),
        ),
        "references.csv": table("id,답변_1", ANSWERS),
        "predictions.csv": table("id,answer", ANSWERS),
        "template.csv": submission(dict.fromkeys(ANSWERS, ""), vectors=[[0] * DIMENSION] * 3),
        "submission.csv": submission(),
        "shop/competition.toml": COMPETITION,
        "recipe.toml": 'name = "mine"\n[engine]\nname = "nearest"\n',
        "experiment.toml": EXPERIMENT,
        "out.csv": KEPT,
        "file": KEPT,
        "folder/": None,
    }


def write(where: Path, contents: Mapping[str, Content]) -> None:
    """Make the files, over those that are there."""
    for name, content in contents.items():
        path = where / name
        if path.is_file():
            path.unlink()
        if name.endswith("/"):
            path.mkdir(parents=True)
        elif content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


def snapshot(where: Path) -> dict[str, bytes | None]:
    """Everything that is there, but for the ledger, whose runs are looked at instead."""
    found: dict[str, bytes | None] = {}
    for folder, below, names in os.walk(where):
        place = Path(folder).relative_to(where)
        found |= {f"{place / name}/": None for name in below}
        found |= {str(place / name): Path(folder, name).read_bytes() for name in names}
    return {name: data for name, data in found.items() if not name.startswith("ledger.db")}
