"""The samples of translation and summary, and the competitions over them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from evaluators.text.language import language_of
from submission.cli import run
from submission.competitions import find_competition
from submission.records.read import read_questions, read_references, read_training

SAMPLES = Path(__file__).parents[3] / "data_sample"
LANGUAGES = {"ko": "ko", "en": "en", "cn": "zh", "jp": "ja"}
PAIRS = {"en": (60, 20), "cn": (30, 10), "jp": (30, 10)}
DIRECTIONS = [f"ko{code}" for code in PAIRS] + [f"{code}ko" for code in PAIRS]
KINDS = ("news", "column", "law", "speech")
FOLDERS = [
    *(("sample-translation", f"translation/{direction}") for direction in DIRECTIONS),
    ("sample-summary", "summary"),
]


def table(path: str) -> list[dict[str, str]]:
    with (SAMPLES / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pairs(direction: str, name: str) -> list[tuple[str, str]]:
    rows = table(f"translation/{direction}/{name}.csv")
    return [(row["source"], row["translation"]) for row in rows]


@pytest.mark.parametrize(("competition", "folder"), FOLDERS)
def test_the_files_have_the_declared_columns_and_the_same_ids(
    competition: str, folder: str
) -> None:
    profile = find_competition(competition).profile
    for name, columns in (
        ("test", profile.test.columns),
        ("train", profile.train.columns if profile.train else []),
        ("sample_submission", profile.submission.header),
    ):
        assert list(table(f"{folder}/{name}.csv")[0]) == columns
    names = ("test", "references", "sample_submission")
    ids = [[row["id"] for row in table(f"{folder}/{name}.csv")] for name in names]
    assert ids[0] == ids[1] == ids[2]


@pytest.mark.parametrize(("competition", "folder"), FOLDERS)
def test_leaderkit_reads_every_row_and_no_cell_has_stray_spaces(
    competition: str, folder: str
) -> None:
    profile = find_competition(competition).profile
    path = SAMPLES / folder
    rows = read_training(profile, path / "train.csv")
    asked = read_questions(profile, path / "test.csv")
    held = read_references(profile, path / "references.csv")
    texts = [text for row in rows for text in (*row.questions, *row.answers)]
    texts += [each.text for each in asked] + [text for each in held for text in each.answers]
    assert len(texts) == len(set(texts)) == 2 * (len(rows) + len(asked))
    assert all(text == text.strip() and "  " not in text for text in texts)
    assert all(len(each.answers) == 1 for each in rows)
    assert all(len(each.answers) == 1 for each in held)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_each_side_is_in_the_language_of_the_folder(direction: str) -> None:
    source, target = direction[:2], direction[2:]
    other = target if source == "ko" else source
    sizes = tuple(len(pairs(direction, name)) for name in ("train", "references"))
    assert sizes == PAIRS[other]
    for name in ("train", "references"):
        for one, two in pairs(direction, name):
            assert (language_of(one), language_of(two)) == (LANGUAGES[source], LANGUAGES[target])


@pytest.mark.parametrize("code", PAIRS)
def test_the_opposite_direction_holds_the_same_pairs_split_alike(code: str) -> None:
    for name in ("train", "references"):
        turned = [(two, one) for one, two in pairs(f"{code}ko", name)]
        assert pairs(f"ko{code}", name) == turned


def test_no_korean_sentence_is_in_two_languages_samples() -> None:
    sentences = [
        korean
        for code in PAIRS
        for name in ("train", "references")
        for korean, _ in pairs(f"ko{code}", name)
    ]
    assert len(sentences) == len(set(sentences)) == 160


def test_the_references_carry_the_source_that_comet_reads() -> None:
    profile = find_competition("sample-translation").profile
    for each in read_references(profile, SAMPLES / "translation/koen/references.csv"):
        assert language_of(each.meta["source"]) == "ko"


def test_documents_of_every_kind_are_on_both_sides_and_longer_than_their_summaries() -> None:
    train, test = table("summary/train.csv"), table("summary/references.csv")
    assert Counter(row["category"] for row in train) == dict.fromkeys(KINDS, 7)
    assert Counter(row["category"] for row in test) == dict.fromkeys(KINDS, 3)
    documents = {row["id"]: row["document"] for row in table("summary/test.csv")}
    for row in train + [row | {"document": documents[row["id"]]} for row in test]:
        assert "\n" not in row["summary"]
        assert 2 * len(row["summary"]) < len(row["document"])
        spoken = row["document"].startswith("질문: ") and "\n\n답변: " in row["document"]
        assert spoken is (row["category"] == "speech")


@pytest.mark.parametrize(
    ("competition", "folder"),
    [("sample-translation", "translation/jpko"), ("sample-summary", "summary")],
)
def test_from_the_sample_files_to_a_submission_that_passes(
    competition: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = SAMPLES / folder
    monkeypatch.chdir(tmp_path)
    common = ["-c", competition, "--ledger", "ledger.db"]
    files = ["--test", str(path / "test.csv"), "--train", str(path / "train.csv")]
    template = ["--template", str(path / "sample_submission.csv")]
    assert run(["generate", "nearest", *common, *files, "--run", "r"]) == 0
    assert run(["score", *common, "--run", "r", "--references", str(path / "references.csv")]) == 0
    assert run(["submit", *common, "--run", "r", *template, "--out", "s.csv"]) == 0
    assert run(["check", "-c", competition, "--submission", "s.csv", *template]) == 0
