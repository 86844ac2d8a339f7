"""`leaderkit competitions new`: from a contest's files to a folder that scores."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from submission.cli import run
from submission.competitions import find_competition, shipped_competitions
from submission.competitions.profile import Profile
from tests.submission.competitions import contests

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "data_sample"
REAL = os.environ.get("LEADERKIT_REAL_DATA")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")


def made(test: Path, sample: Path, train: Path | None = None, *more: str) -> Profile:
    """The profile that the files alone suggest."""
    options = ["--test", str(test), "--sample", str(sample)]
    options += [] if train is None else ["--train", str(train)]
    assert run(["competitions", "new", "mine", *options, "--yes", *more]) == 0
    assert run(["competitions", "./mine"]) == 0
    return find_competition("./mine").profile


def shown_by_files(profile: Profile) -> dict[str, object]:
    """What a contest's files can tell of it."""
    test, train, submission = profile.test, profile.train, profile.submission
    return {
        "test": (test.id, test.columns, test.options, test.labels, test.numbered),
        "train": train and (train.id, train.columns, train.answers, train.answer_lists),
        "asked": train and train.questions if test.question else None,
        "format": (submission.format, submission.ending, submission.bom),
        "header": (submission.id, submission.header, submission.copied),
        "vectors": submission.vectors,
        "fields": {
            name: field.model_dump(exclude={"names"}) for name, field in submission.fields.items()
        },
    }


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("kaggle-llm-science-exam", contests.exam),
        ("upstage-dialogue-summary", contests.talks),
        ("dacon-235747", contests.topics),
    ],
)
def test_a_known_contest_is_made_again_and_scores(
    name: str, write: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(write)
    write(tmp_path)
    profile = made(Path("test.csv"), Path("sample_submission.csv"), Path("train.csv"))
    known = find_competition(name).profile
    found, expected = shown_by_files(profile), shown_by_files(known)
    # Whether a single column is asked as it is or in a sentence is not in the files.
    assert {**found, "asked": None} == {**expected, "asked": None}

    assert run(["generate", "nearest", "-c", "./mine", "--test", "test.csv",
                "--train", "train.csv", "--run", "near"]) == 0  # fmt: skip
    submit = ["submit", "-c", "./mine", "--template", "sample_submission.csv"]
    assert run([*submit, "--run", "near", "--out", "out.csv"]) == 0
    capsys.readouterr()
    column = ["--reference-column", "summary1"] if write is contests.talks else []
    assert run(["score", "-c", "./mine", "--predictions", "out.csv",
                "--references", "references.csv", "--json", *column]) == 0  # fmt: skip
    assert 0 < json.loads(capsys.readouterr().out)["scores"][0]["value"] <= 1


def test_json_lines_called_csv_are_made_again_and_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contests.retrieval(tmp_path)
    profile = made(Path("eval.jsonl"), Path("sample_submission.csv"))
    assert shown_by_files(profile) == shown_by_files(find_competition("upstage-science-ir").profile)
    assert profile.score.terms[0].of == "topk"

    capsys.readouterr()
    assert run(["score", "-c", "./mine", "--predictions", "sample_submission.csv",
                "--references", "references.jsonl", "--json"]) == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out)["scores"][0]["value"] == 0


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("sample-choice", "choice"),
        ("sample-summary", "summary"),
        ("sample-wallpaper", "wallpaper"),
        ("sample-translation", "translation/enko"),
        ("dacon-236291", "news"),
    ],
)
def test_the_sample_data_sets_are_made_again(name: str, folder: str) -> None:
    where = SAMPLES / folder
    files = (where / "test.csv", where / "sample_submission.csv", where / "train.csv")
    found = shown_by_files(made(*files))
    expected = shown_by_files(find_competition(name).profile)
    assert {**found, "asked": None} == {**expected, "asked": None}


@pytest.mark.skipif(not REAL, reason="LEADERKIT_REAL_DATA names no folder of competition files")
def test_the_real_season_2_is_made_again() -> None:
    where = Path(REAL or "") / "dacon-236216"
    files = (where / "test.csv", where / "sample_submission.csv", where / "train.csv")
    known = find_competition("dacon-236216").profile
    profile = made(*files)
    assert shown_by_files(profile) == shown_by_files(known)
    assert profile.train is not None
    assert known.train is not None
    assert profile.train.category == known.train.category
    assert profile.encoder == known.encoder


@pytest.mark.vllm
def test_the_three_commands_of_the_page_score_a_new_contest(tmp_path: Path) -> None:
    (tmp_path / "data_sample").symlink_to(SAMPLES)
    page = (ROOT / "docs" / "competitions.md").read_text("utf-8")
    section = page.split("## A new competition in three commands")[1]
    shell = section.split("```sh\n")[1].split("```")[0].replace("\\\n", " ")
    lines = [line.split() for line in shell.splitlines()]
    assert [words[1] for words in lines] == ["competitions", "generate", "score"]
    for _, *words in lines:
        command = [sys.executable, "-m", "submission.cli", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "Score: em|rule:squad" in done.stdout


FILES = ("--test", "test.csv", "--train", "train.csv", "--sample", "sample_submission.csv")


def test_without_a_terminal_one_message_names_every_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    contests.exam(tmp_path)
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115
    assert run(["competitions", "new", "mine", *FILES, "--name", "mine"]) == 2
    error = capsys.readouterr().err
    for option in ("--title", "--id", "--answer", "--gold", "--question", "--metric", "--yes"):
        assert option in error
    assert "--name" not in error
    assert not Path("mine").exists()


def test_every_question_is_an_option(tmp_path: Path) -> None:
    contests.talks(tmp_path)
    profile = made(
        Path("test.csv"), Path("sample_submission.csv"), Path("train.csv"),
        "--name", "talks", "--title", "대화", "--id", "fname", "--answer", "summary",
        "--gold", "topic", "--question", "dialogue", "--metric", "rougeL:references=mean",
    )  # fmt: skip
    assert (profile.name, profile.title) == ("talks", "대화")
    assert profile.train is not None
    assert profile.train.answers == ["topic"]
    assert profile.score.metrics == ["rougeL:references=mean"]


def test_a_metric_where_lower_is_better_says_so(tmp_path: Path) -> None:
    contests.topics(tmp_path)
    files = (Path("test.csv"), Path("sample_submission.csv"), Path("train.csv"))
    assert made(*files, "--metric", "rmse").score.direction == "lower"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--id", "fnam", "did you mean 'fname'"),
        ("--question", "dialog", "did you mean 'dialogue'"),
        ("--answer", "sumary", "did you mean 'summary'"),
        ("--gold", "sumary", "did you mean 'summary'"),
        ("--metric", "rogue", "no metric 'rogue'"),
    ],
)
def test_what_the_files_contradict_is_refused_and_nothing_written(
    option: str, value: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contests.talks(tmp_path)
    assert run(["competitions", "new", "mine", *FILES, "--yes", option, value]) == 2
    assert said in capsys.readouterr().err
    assert not Path("mine").exists()


def test_a_folder_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contests.exam(tmp_path)
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("kept", "utf-8")
    assert run(["competitions", "new", "mine", *FILES, "--yes"]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]


def test_a_folder_called_new_is_shown_by_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contests.exam(tmp_path)
    assert run(["competitions", "new", "./new", *FILES, "--yes"]) == 0
    assert run(["competitions", "./new"]) == 0
    assert run(["competitions", "new"]) == 2
    assert "FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--json", "dacon-236216"], ["dacon-236216", "--json"]])
def test_the_option_may_stand_on_either_side_of_a_name(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["competitions", *words]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "dacon-236216"
    assert "new" not in shipped_competitions()


def test_in_a_terminal_it_asks_with_its_guesses(tmp_path: Path) -> None:
    contests.talks(tmp_path)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "submission.cli", "competitions", "new", "mine", *FILES]
    # Name, title, id, columns to fill in, answers in train, question; then the metric.
    os.write(ours, "\n대화\n\n\n\n\nrougeL\n".encode())
    done = subprocess.run(
        command, stdin=theirs, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "Columns to fill in [summary]" in done.stderr
    assert "rouge1: long texts" in done.stderr
    profile = find_competition("./mine").profile
    assert profile.title == "대화"
    assert profile.score.metrics == ["rougeL"]
