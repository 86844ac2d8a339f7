"""Bad files and arguments: a plain message, the contract's exit code, and nothing written."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from submission.cli import run
from submission.errors import InputError
from submission.runs.ledger import Ledger
from tests.bad_input import (
    answer_cases,
    argument_cases,
    chain_cases,
    check_cases,
    crowded_cases,
    profile_cases,
    recipe_cases,
    table_cases,
)
from tests.bad_input.case import Case
from tests.bad_input.world import snapshot, write

CASES: list[Case] = [
    *table_cases.CASES,
    *answer_cases.CASES,
    *check_cases.CASES,
    *profile_cases.CASES,
    *recipe_cases.CASES,
    *argument_cases.CASES,
    *chain_cases.CASES,
    *crowded_cases.CASES,
]
OUTPUTS = ("out.csv",)
LONGEST_MESSAGE = 1500


def squeezed(text: str) -> str:
    return "".join(text.split())


def runs(ledger: Path) -> list[str] | None:
    try:
        with Ledger(ledger) as book:
            return [each.name for each in book.runs()]
    except InputError:
        return None


def refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    """Run the case's command: it must say what it should, and change nothing."""
    before, known = snapshot(Path()), runs(Path("ledger.db"))
    code = run(shlex.split(case.command))
    shown = capsys.readouterr()
    said = shown.out + shown.err
    assert "Traceback" not in said
    missing = [part for part in case.says if squeezed(part) not in squeezed(said)]
    assert not missing, f"not said: {missing}\n{said}"
    assert code == case.code, said
    assert shown.err.strip(), "an error belongs on standard error"
    assert len(said) < LONGEST_MESSAGE, f"{len(said)} characters"
    assert snapshot(Path()) == before
    assert runs(Path("ledger.db")) == known


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_refused_with_a_plain_message_and_writes_nothing(
    case: Case, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(world, case.files)
    refused(case, capsys)
    for name in OUTPUTS:
        (world / name).unlink(missing_ok=True)
    refused(case, capsys)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert all(case.says for case in CASES)


@pytest.mark.parametrize(
    "command",
    [
        "generate nearest -c shop --test test.csv --train train.csv --run new",
        "score -c shop --predictions predictions.csv --references references.csv --rows out.csv",
        "submit -c shop --predictions predictions.csv --template template.csv --out out.csv",
        "check -c shop --submission submission.csv --template template.csv --encoder offline",
        "compare done -c shop --references references.csv --baseline predictions.csv --out out.csv",
        "competitions shop",
        "recipes recipe.toml",
        "export done --out out.csv",
        "run experiment.toml",
    ],
)
def test_the_good_files_are_good(command: str, world: Path) -> None:
    """Else the cases would prove nothing."""
    assert run(shlex.split(command)) == 0
