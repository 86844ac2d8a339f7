"""Two ways of answering, compared as the command line does it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.runs.ledger import Ledger
from submission.tables import read_table, write_csv

Compare = Callable[..., dict[str, Any]]
TRANSFORMERS = ("--set", "engine.name=transformers", "--set", "sampling.max_tokens=24")


@pytest.fixture
def parity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Compare:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")

    def compare(*arguments: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert run(["parity", *arguments, "-c", "sample-wallpaper", "--json"]) == code
        streams = capsys.readouterr()
        return dict(json.loads(streams.out)) if code == 0 else {"err": streams.err}

    return compare


def test_two_precisions_are_compared_to_the_token_and_in_score(
    parity: Compare, wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = (
        "embedded", "embedded", "--test", str(wallpaper / "test.csv"), "--limit", "8",
        "--references", str(wallpaper / "references.csv"), "--encoder", "offline", *TRANSFORMERS,
        "--set-first", "engine.dtype=float32", "--set-second", "engine.dtype=bfloat16",
    )  # fmt: skip
    found = parity(*call)
    assert found["settings"] == {"engine.dtype": ["float32", "bfloat16"]}
    assert [name.rpartition(" ")[2] for name in found["engines"]] == ["float32", "bfloat16"]
    assert found["rows"] == 8
    assert found["unit"] == "token"
    with Ledger(Path("ledger.db")) as ledger:
        texts = [
            {
                (each.row_id, each.part): each.completion.text
                for each in ledger.parts(name)
                if each.completion
            }
            for name in found["runs"]
        ]
    different = [key for key in texts[0] if texts[0][key] != texts[1][key]]
    assert different, "bfloat16 changed nothing, so there is nothing to test"
    assert sorted((each["id"], each["part"]) for each in found["partings"]) == sorted(different)
    for each in found["partings"]:
        for text, own in zip(texts, ("first", "second"), strict=True):
            assert each["shared"] + each[own] in text[each["id"], each["part"]]
    assert found["different"] == len({row_id for row_id, _ in different})
    one, two = found["score"]
    assert two["difference"] == pytest.approx(two["score"] - one["score"])
    assert 0 < two["p_value"] <= 1
    assert parity(*call) == found
    assert run(["parity", *call, "-c", "sample-wallpaper"]) == 0
    assert f"Answers: {8 - found['different']} of 8 rows agree" in capsys.readouterr().out


def test_a_recipe_is_compared_with_itself_where_that_is_asked_for(
    parity: Compare, wallpaper: Path
) -> None:
    call = ("embedded", "embedded", "--test", str(wallpaper / "test.csv"), "--limit", "3")
    assert "give --again" in parity(*call, *TRANSFORMERS, code=2)["err"]
    found = parity(*call, *TRANSFORMERS, "--again")
    assert (found["agreement"], found["partings"], found["score"]) == (1.0, [], None)
    assert len(set(found["runs"])) == 2


def test_answers_without_a_tokenizer_are_compared_by_characters(
    parity: Compare, wallpaper: Path
) -> None:
    found = parity(
        "constant", "medoid", "--test", str(wallpaper / "test.csv"),
        "--train", str(wallpaper / "train.csv"),
    )  # fmt: skip
    assert found["unit"] == "character"
    assert found["different"] > 0


def test_runs_over_other_questions_are_refused_with_the_row(
    parity: Compare, wallpaper: Path, tmp_path: Path
) -> None:
    table = read_table(wallpaper / "test.csv")
    rows = [list(row) for row in zip(*(table.column(name) for name in table.columns), strict=True)]
    write_csv(tmp_path / "other.csv", table.columns, rows[::-1], bom=False)
    for name, test in (("here", wallpaper / "test.csv"), ("there", tmp_path / "other.csv")):
        command = ["generate", "constant", "-c", "sample-wallpaper", "--run", name]
        assert run([*command, "--test", str(test), "--train", str(wallpaper / "train.csv")]) == 0
    told = parity("run:here", "run:there", code=2)["err"]
    assert "'here' and 'there' answer other questions: they differ at row" in told
    assert "No run 'gone'" in parity("run:here", "run:gone", code=2)["err"]
    assert "--test" in parity("run:here", "constant", code=2)["err"]


def test_options_of_recipes_are_refused_where_runs_are_compared(parity: Compare) -> None:
    test = __file__  # it is not read
    both = ("run:a", "run:b")
    for given in (
        {"--test": test, "--train": test, "--limit": "2", "--again": None},
        {"--set": "a=1", "--set-first": "b=1", "--set-second": "c=1"},
    ):
        options = [each for pair in given.items() for each in pair if each is not None]
        assert f"{', '.join(given)}: for recipes" in parity(*both, *options, code=2)["err"]
    told = parity("run:a", "constant", "--test", test, "--set-first", "b=1", code=2)["err"]
    assert "Error: --set-first: for recipes" in told


def test_other_rows_are_measured_by_the_same_recipes(
    parity: Compare, wallpaper: Path, tmp_path: Path
) -> None:
    table = read_table(wallpaper / "test.csv")
    rows = [list(row) for row in zip(*(table.column(name) for name in table.columns), strict=True)]
    write_csv(tmp_path / "other.csv", table.columns, rows[:5], bom=False)
    train = ("--train", str(wallpaper / "train.csv"))

    def measured(test: Path, *limit: str) -> int:
        return int(parity("constant", "medoid", "--test", str(test), *train, *limit)["rows"])

    assert measured(wallpaper / "test.csv", "--limit", "8") == 8
    assert measured(wallpaper / "test.csv", "--limit", "2") == 2
    assert measured(tmp_path / "other.csv") == 5
    assert measured(wallpaper / "test.csv", "--limit", "8") == 8
