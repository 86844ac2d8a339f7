"""Hold-outs of JSON competitions: the organizer's structure, and the whole way to a score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.competitions import find_competition
from submission.holdout import Options, hold_out
from tests.submission.holdout.test_holdout import seeded, word

DIALOGUE = """
name = "dialogue"
title = "Dialogue"
[test]
id = "id"
template = "{{ row['input.turns'] }} {{ row['input.topic'] }}"
columns = ["id", "input.turns", "input.topic"]
[train]
id = "id"
template = "{{ row['input.turns'] }} {{ row['input.topic'] }}"
answers = ["output.answer"]
category = "input.topic"
columns = ["id", "input.turns", "input.topic", "output.answer"]
[submission]
format = "json"
id = "id"
answer = "output.answer"
[score]
name = "F1"
pairing = "position"
terms = [{ metric = "f1" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "dialogue"
    place.mkdir()
    (place / "competition.toml").write_text(DIALOGUE, "utf-8")
    return place


def items(count: int) -> list[dict[str, Any]]:
    rng = seeded(2)
    return [
        {
            "id": f"D-{number:03}",
            "input": {
                "turns": [{"speaker": "A", "text": word(rng)}, {"speaker": "B", "text": word(rng)}],
                "topic": "가나"[number % 2],
                "note": "of the organizer alone",
            },
            "output": {"answer": f"{word(rng)} {word(rng)}", "why": word(rng), "rank": 1.5},
        }
        for number in range(count)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = json.dumps(rows, ensure_ascii=False)
    path.write_text(text, "utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    text = path.read_text("utf-8")
    return (
        [json.loads(line) for line in text.splitlines()]
        if path.suffix == ".jsonl"
        else json.loads(text)
    )


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_structure_is_kept(folder: Path, tmp_path: Path, suffix: str) -> None:
    profile = find_competition(str(folder)).profile
    rows = items(30)
    out = tmp_path / "out"
    hold_out(profile, write(tmp_path / f"train{suffix}", rows), out, Options())
    by_id = {row["id"]: row for row in rows}
    made_of = json.loads((out / "holdout.json").read_text("utf-8"))["test"]
    test = read(out / f"test{suffix}")
    references = read(out / f"references{suffix}")
    sample = read(out / "sample_submission.json")
    assert len(test) == 6
    for item, known, empty in zip(test, references, sample, strict=True):
        whole = by_id[made_of[item["id"]][0]]
        asked = {name: whole["input"][name] for name in ("turns", "topic")}
        assert item == {"id": item["id"], "input": asked}
        assert known["output"] == {"answer": whole["output"]["answer"]}
        assert known["input"] == {"topic": whole["input"]["topic"]}
        assert empty == {**item, "output": {"answer": "", "why": "", "rank": None}}
    left = {row["id"]: row for row in read(out / f"train{suffix}")}
    held = {ids[0] for ids in made_of.values()}
    assert left == {name: row for name, row in by_id.items() if name not in held}


def test_answers_stand_empty_where_the_organizers_test_file_has_them(
    folder: Path, tmp_path: Path
) -> None:
    profile = find_competition(str(folder)).profile
    rows = items(30)
    like = [{**row, "output": {"answer": ""}} for row in items(8)]
    train, test = write(tmp_path / "train.json", rows), write(tmp_path / "test.json", like)
    hold_out(profile, train, tmp_path / "out", Options(), test)
    assert {json.dumps(row["output"]) for row in read(tmp_path / "out/test.json")} == {
        '{"answer": ""}'
    }


@pytest.mark.parametrize("name", ["nikl-2024-inference", "nikl-2025-rag"])
def test_a_shipped_json_competition_goes_from_train_to_a_score(tmp_path: Path, name: str) -> None:
    rng = seeded(3)
    columns = find_competition(name).profile.train
    assert columns is not None
    rows = []
    for number in range(24):
        row: dict[str, Any] = {}
        for column in columns.columns:
            outer, _, inner = column.partition(".")
            value: object = f"{word(rng)} 옳다. {word(rng)} 때문이다."
            if column == "input.conversation":
                value = [
                    {"utterance_id": name, "speaker": name, "utterance": word(rng)} for name in "AB"
                ]
            if column == "input.reference_id":
                value = ["A"]
            if column == columns.category:
                value = "가나"[number % 2]
            if column == "output":
                value = f"inference_{number % 3 + 1}"
            if inner:
                row.setdefault(outer, {})[inner] = value
            else:
                row[outer] = value
        rows.append({**row, columns.id: f"id-{number}"})
    train = write(tmp_path / "train.json", rows)
    made, ledger = tmp_path / "made", str(tmp_path / "ledger.db")
    options = ["-c", name]
    assert run(["holdout", *options, "--train", str(train), "--out", str(made)]) == 0
    files = {"test": made / "test.json", "train": made / "train.json"}
    generate = ["generate", "nearest", *options, "--test", str(files["test"])]
    assert run([*generate, "--train", str(files["train"]), "--run", "n", "--ledger", ledger]) == 0
    template = ["--template", str(made / "sample_submission.json")]
    written = str(tmp_path / "submission.json")
    submit = ["submit", "--run", "n", *options, *template, "--out", written, "--ledger", ledger]
    assert run(submit) == 0
    assert run(["check", "--submission", written, *options, *template]) == 0
    score = ["score", *options, "--run", "n", "--references", str(made / "references.json")]
    assert run([*score, "--ledger", ledger]) == 0
