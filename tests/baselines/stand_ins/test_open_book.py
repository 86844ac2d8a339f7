"""The sample documents and questions are those of the world file, and hold what is said of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from baselines.stand_ins.open_book import FOLDER, World, files
from submission.retrieval.documents import read_documents
from submission.retrieval.questions import read_known
from submission.tables import read_table


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_the_files_are_those_that_the_world_makes(world: World) -> None:
    for name, text in files(world).items():
        there = (FOLDER / name).read_text("utf-8")
        assert there == text, "run python -m baselines.stand_ins.open_book"


def test_documents_are_many_all_different_and_can_be_indexed(world: World) -> None:
    found = list(read_documents([FOLDER / "documents.jsonl"]))
    assert len(found) == len(world.documents) == 420
    assert len({each.id for each in found}) == len({each.text for each in found}) == 420
    assert all(100 < len(each.text) < 400 for each in found)


def test_an_answer_stands_in_its_document_and_in_no_distractor_with_the_name() -> None:
    text = {each.id: each.text for each in read_documents([FOLDER / "documents.jsonl"])}
    title = {each.id: each.title for each in read_documents([FOLDER / "documents.jsonl"])}
    known = read_known(FOLDER / "questions.csv", text.keys())
    rows = read_table(FOLDER / "questions.csv").records
    for each, record in zip(known, rows, strict=True):
        distractors = record.values["distractors"].split("|")
        assert len(set(distractors)) == 3
        assert not set(distractors) & set(each.gold or ())
        if each.answerable:
            (gold,) = each.gold or ()
            assert title[gold] in each.text
            assert any(answer in text[gold] for answer in each.answers)
        else:
            assert each.gold == ()
            assert record.values["answer"] == "모름"
        # Nothing else has the name that is asked for.
        named = [other for other, name in title.items() if name in each.text]
        assert len(named) == 1


def test_the_counts_are_those_of_the_readme() -> None:
    known = read_known(FOLDER / "questions.csv")
    assert Counter(each.answerable for each in known) == {True: 130, False: 40}
    assert len({each.text for each in known}) == 170
    assert len(read_table(FOLDER / "test.csv").rows) == 60
    assert len(read_table(FOLDER / "train.csv").rows) == 110


def test_particles_fit_what_they_follow() -> None:
    wrong = ("도서관는", "공원는", "대교은", "시장는", "다리은", "전자은", "조례은")
    every = Path(FOLDER / "documents.jsonl").read_text("utf-8")
    asked = " ".join(each.text for each in read_known(FOLDER / "questions.csv"))
    assert not [each for each in wrong if each in every + asked]
