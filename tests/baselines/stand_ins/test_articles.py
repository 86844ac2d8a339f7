"""The sample corpus: what is planted in it is there, and nothing else is like it."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from baselines.stand_ins.articles import FOLDER, with_particle, write


def shingles(text: str) -> set[str]:
    plain = "".join(unicodedata.normalize("NFC", text).split())
    return {plain[place : place + 5] for place in range(len(plain) - 4)}


def jaccard(first: set[str], second: set[str]) -> float:
    return len(first & second) / len(first | second)


def alike(texts: Iterable[tuple[str, set[str]]], least: float) -> set[frozenset[str]]:
    return {
        frozenset((one, other))
        for (one, first), (other, second) in combinations(texts, 2)
        if min(len(first), len(second)) >= least * max(len(first), len(second))
        and jaccard(first, second) >= least
    }


def test_it_is_what_its_grammar_makes_and_holds_what_was_planted(tmp_path: Path) -> None:
    write(tmp_path)
    for name in ("articles.jsonl", "test.csv", "truth.json"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name

    rows = [json.loads(line) for line in (FOLDER / "articles.jsonl").open(encoding="utf-8")]
    truth = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    assert len({row["id"] for row in rows}) == 300
    assert len({row["category"] for row in rows}) == 6
    bodies = {row["id"]: row["body"] for row in rows}

    pairs = {frozenset((each["kept"], each["copy"])) for each in truth["duplicates"]}
    assert alike([(name, shingles(body)) for name, body in bodies.items()], 0.7) == pairs
    for each in truth["personal"]:
        assert each["value"] in bodies[each["id"]]

    asked = {row["id"]: shingles(row["question"]) for row in rows}
    with (FOLDER / "test.csv").open(encoding="utf-8", newline="") as file:
        tests = [row["질문"] for row in csv.DictReader(file)]
    found = {
        (name, question)
        for question in tests
        for name, own in asked.items()
        if jaccard(own, shingles(question)) >= 0.7
    }
    assert found == {(each["id"], each["question"]) for each in truth["leaks"]}


def test_particles_fit_the_last_syllable() -> None:
    assert with_particle("수달", "은") == "수달은"
    assert with_particle("고라니", "은") == "고라니는"
    assert with_particle("물", "으로") == "물로"
