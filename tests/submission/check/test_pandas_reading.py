"""Answers that pandas reads as missing, or as something else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.io.parsers import readers

from submission.check import Finding, check_submission
from submission.check.pandas_reading import MISSING
from submission.cli import run
from submission.tables import write_csv
from tests.submission.contests import DIALOGUE, EXAM, profile_of

TEXTS = DIALOGUE.replace('columns = ["", "fname", "summary"]\n', "")
NEAR = [" NA", "NA ", "Na", "none", "Null", "NAN", "없음", "nil", "-", "N/A."]


def read_by_pandas(texts: Sequence[str]) -> pd.Series:
    data = io.StringIO()
    pd.DataFrame({"id": range(len(texts)), "answer": texts}).to_csv(data, index=False)
    return pd.read_csv(io.StringIO(data.getvalue()))["answer"]


def check(folder: Path, answers: Sequence[str], declaration: str = TEXTS) -> list[Finding]:
    profile = profile_of(folder / "contest", declaration)
    rows = [[str(number), text] for number, text in enumerate(answers)]
    columns = profile.submission.header
    write_csv(folder / "t.csv", columns, [[row[0], ""] for row in rows], bom=False)
    write_csv(folder / "s.csv", columns, rows, bom=False)
    return check_submission(profile, folder / "s.csv", folder / "t.csv")


@pytest.mark.parametrize("text", [*sorted(MISSING), *NEAR])
def test_an_answer_is_missing_exactly_where_pandas_reads_it_as_such(
    tmp_path: Path, text: str
) -> None:
    missing = bool(read_by_pandas(["텍스트", text]).isna()[1])
    assert missing is (text in MISSING)
    assert [each.code for each in check(tmp_path, ["텍스트", text])] == ["text-na"] * missing


def test_the_list_is_the_one_of_the_installed_pandas() -> None:
    assert vars(readers)["STR_NA_VALUES"] - {""} == MISSING


def test_they_are_counted_with_the_first_and_the_way_out(tmp_path: Path) -> None:
    (finding,) = check(tmp_path, ["텍스트", "None", "NA", "nan"])
    assert (finding.severity, finding.row, finding.count) == ("error", 3, 3)
    assert finding.column == "summary"
    for part in ("3 answers", "'None' in row 3", "Quotes around them do not help", "na_as_text"):
        assert part in finding.message


def test_an_organizer_may_read_them_as_texts(tmp_path: Path) -> None:
    declared = TEXTS.replace('answer = "summary"', 'answer = "summary"\nna_as_text = true')
    assert check(tmp_path, ["텍스트", "None"], declared) == []


def test_labels_are_missing_too(tmp_path: Path) -> None:
    declared = EXAM.replace('kind = "list"\nseparator = " "\nlength = 3\n', 'kind = "label"\n')
    declared = declared.replace('"A", "B"', '"NA", "B"')
    assert [each.code for each in check(tmp_path, ["NA", "B"], declared)] == ["text-na"]


@pytest.mark.parametrize(
    "texts",
    [["007", "1"], ["1e5", "2"], ["1.50", "2.25"], ["+3"], ["true", "False"], [" 3", "4"]],
)
def test_a_column_that_pandas_changes_is_told(tmp_path: Path, texts: list[str]) -> None:
    assert [str(each) for each in read_by_pandas(texts)] != texts
    (finding,) = check(tmp_path, texts)
    assert (finding.code, finding.severity) == ("text-as-number", "warning")


@pytest.mark.parametrize(
    "texts", [["7", "1"], ["0.5", "2.25"], ["True", "False"], ["007", "일곱"], ["true", "1"]]
)
def test_a_column_that_stays_the_same_is_not(tmp_path: Path, texts: list[str]) -> None:
    assert [str(each) for each in read_by_pandas(texts)] == texts
    assert check(tmp_path, texts) == []


CELLS = [
    "01",
    "1.0",
    "2",
    "-3",
    "+4",
    " 5",
    "1e5",
    ".5",
    "true",
    "FALSE",
    "tRue",
    "inf",
    "NA",
    "가",
]
CELLS += ["-01", "1_0", "9", "없음"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4))
@example(["01", "1.0", "2"])
@example(["1", "2", "NA"])
@example(["9223372036854775808", "01"])
@example(["9223372036854775808", "-01"])
def test_what_changes_is_counted_as_pandas_changes_it(texts: list[str]) -> None:
    read = [
        text if pd.isna(value) else str(value)
        for text, value in zip(texts, read_by_pandas(texts), strict=True)
    ]
    changed = [
        row for row, (text, value) in enumerate(zip(texts, read, strict=True)) if text != value
    ]
    with TemporaryDirectory() as folder:
        found = [each for each in check(Path(folder), texts) if each.code == "text-as-number"]
    assert [(each.count, each.row) for each in found] == (
        [(len(changed), changed[0] + 2)] if changed else []
    )
    if changed:
        assert f"which becomes {read[changed[0]]}." in found[0].message


def test_ids_that_became_numbers_are_told_as_such(tmp_path: Path) -> None:
    profile = profile_of(tmp_path / "contest", TEXTS)
    (tmp_path / "t.csv").write_text("fname,summary\n0001,\n0002,\n", encoding="utf-8")
    (tmp_path / "s.csv").write_text("fname,summary\n1,가\n2,나\n", encoding="utf-8")
    found = check_submission(profile, tmp_path / "s.csv", tmp_path / "t.csv")
    (unknown,) = [each for each in found if each.code == "ids-unknown"]
    assert "equal as numbers" in unknown.message


def test_submit_says_so_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    profile_of(tmp_path / "contest", TEXTS)
    Path("t.csv").write_text("fname,summary\na,\nb,\n", encoding="utf-8")
    Path("p.csv").write_text("fname,answer\na,요약\nb,null\n", encoding="utf-8")
    files = ["--predictions", "p.csv", "--template", "t.csv", "--out", "out.csv"]
    assert run(["submit", "-c", "./contest", *files]) == 1
    assert "text-na" in capsys.readouterr().out
