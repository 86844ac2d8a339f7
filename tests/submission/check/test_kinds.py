"""Labels, numbers, lists and probabilities in a submission."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from submission.check import Finding, check_submission
from tests.submission.contests import (
    DIALOGUE,
    EXAM,
    MOOD,
    SEARCH,
    SEARCHED,
    profile_of,
    write_lines,
)

LABELS = EXAM.replace('kind = "list"', 'kind = "label"')
for key in ('separator = " "\n', "length = 3\n"):
    LABELS = LABELS.replace(key, "")
NUMBERS = LABELS.replace('kind = "label"', 'kind = "number"').replace(
    'labels = ["A", "B", "C", "D", "E"]\n', ""
)
SHARES = NUMBERS.replace('kind = "number"', 'kind = "probabilities"\nlabels = ["A", "B"]')


def check(folder: Path, declaration: str, cells: Sequence[str]) -> list[Finding]:
    """The findings on a CSV file of these lines, whose template has other answers."""
    profile = profile_of(folder / "contest", declaration)
    header = ",".join(profile.submission.header)
    path, template = folder / "s.csv", folder / "t.csv"
    blank = "," * (len(profile.submission.header) - 1)
    template.write_text("\n".join([header, *(f"{n}{blank}" for n, _ in enumerate(cells))]) + "\n")
    lines = [header, *(f"{n},{cell}" for n, cell in enumerate(cells))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return check_submission(profile, path, template)


@pytest.mark.parametrize(
    ("declaration", "good"),
    [
        (EXAM, ["A B C", "C A E"]),
        (EXAM, ['"[""A"", ""B"", ""C""]"']),
        (LABELS, ["A", "E"]),
        (NUMBERS, ["1", "-2.5e-3"]),
        (SHARES, ['"{""A"": 0.25, ""B"": 0.75}"']),
        (MOOD, ["0.3,0.7", "1,0", "0.3333,0.6667"]),
    ],
)
def test_answers_of_their_kind_have_no_finding(
    tmp_path: Path, declaration: str, good: list[str]
) -> None:
    assert check(tmp_path, declaration, good) == []


@pytest.mark.parametrize(
    ("declaration", "bad", "code", "says"),
    [
        (EXAM, "A A B", "list-repeats", "name an item twice"),
        (EXAM, "A B X", "label-unknown", "no labels (A, B, C, D, E)"),
        (EXAM, "A B C D", "list-length", "more than 3 items"),
        (LABELS, "F", "label-unknown", "none of the labels (A, B, C, D, E)"),
        (LABELS, "a", "label-unknown", "'a'"),
        (NUMBERS, "많음", "answer-type", "are not a finite number"),
        (NUMBERS, "inf", "answer-type", "are not a finite number"),
        (SHARES, "0.5", "answer-type", "are not an object of a number per label"),
        (SHARES, '"{""A"": 1}"', "label-unknown", "exactly the labels A, B"),
        (SHARES, '"{""A"": 0.5, ""B"": 0.4}"', "probability-sum", "divide by the sum"),
        (SHARES, '"{""A"": -0.5, ""B"": 1.5}"', "probability", "between 0 and 1"),
        (MOOD, "0.5,x", "answer-type", "'부정 확률'"),
        (MOOD, "0.5,0.4", "probability-sum", "'0.4, 0.5'"),
    ],
)
def test_an_answer_of_another_kind_is_an_error(
    tmp_path: Path, declaration: str, bad: str, code: str, says: str
) -> None:
    good = {EXAM: "A B C", LABELS: "A", NUMBERS: "1", MOOD: "0.5,0.5"}
    cells = [good.get(declaration, '"{""A"": 0.5, ""B"": 0.5}"'), bad, bad]
    (finding,) = check(tmp_path, declaration, cells)
    assert (finding.code, finding.severity) == (code, "error")
    assert (finding.row, finding.count) == (3, 2)
    assert says in finding.message


def test_a_share_outside_0_and_1_is_found_in_its_column(tmp_path: Path) -> None:
    found = {each.code: each for each in check(tmp_path, MOOD, ["1.5,-0.5"])}
    assert found.keys() == {"probability"}
    assert [each.column for each in check(tmp_path, MOOD, ["1.5,-0.5"])] == [
        "부정 확률", "긍정 확률",
    ]  # fmt: skip


def test_a_shorter_list_gives_points_away_but_fits(tmp_path: Path) -> None:
    (finding,) = check(tmp_path, EXAM, ["A B C", "A"])
    assert (finding.code, finding.severity, finding.row) == ("list-short", "warning", 3)


def test_an_empty_answer_is_told_as_such(tmp_path: Path) -> None:
    assert [each.code for each in check(tmp_path, EXAM, ["A B C", ""])] == ["text-empty"]


def test_a_column_that_is_copied_is_as_in_the_template(tmp_path: Path) -> None:
    profile = profile_of(tmp_path / "contest", DIALOGUE)
    path, template = tmp_path / "s.csv", tmp_path / "t.csv"
    template.write_text(",fname,summary\n0,a,\n1,b,\n", encoding="utf-8")
    path.write_text(",fname,summary\n0,a,요약\n1,b,요약\n", encoding="utf-8")
    assert check_submission(profile, path, template) == []
    path.write_text(",fname,summary\n0,a,요약\n7,b,요약\n", encoding="utf-8")
    (finding,) = check_submission(profile, path, template)
    assert (finding.code, finding.row, finding.column) == ("kept-changed", 3, "")
    assert "'7' where '1' belongs" in finding.message
    path.write_text("fname,summary\na,요약\nb,요약\n", encoding="utf-8")
    (finding,) = check_submission(profile, path, template)
    assert finding.code == "columns-missing"


def test_json_lines_named_csv_are_checked_field_by_field(tmp_path: Path) -> None:
    profile = profile_of(tmp_path / "contest", SEARCH)
    template = write_lines(tmp_path / "t.csv", SEARCHED)
    more = {"standalone_query": "질의", "answer": "답", "references": [{"score": 1.5}]}
    good = [{**item, **more, "topk": ["d1", "d2", "d3"]} for item in SEARCHED]
    path = write_lines(tmp_path / "s.csv", good)
    assert check_submission(profile, path, template) == []
    good[1]["topk"] = ["d1", "d1", "d2"]
    write_lines(path, good)
    (finding,) = check_submission(profile, path, template)
    assert (finding.code, finding.row, finding.column) == ("list-repeats", 2, "topk")
    good[1]["topk"] = [1, 2, 3]
    write_lines(path, good)
    (finding,) = check_submission(profile, path, template)
    assert (finding.code, finding.row, finding.column) == ("answer-type", 2, "topk")
    assert "a list, not a list of texts" in finding.message
    path.write_text("eval_id,topk\n7,d1\n", encoding="utf-8")
    assert [each.code for each in check_submission(profile, path, template)] == ["unreadable"]
    renamed = write_lines(tmp_path / "s.jsonl", json.loads(json.dumps(SEARCHED)))
    assert "suffix" in [each.code for each in check_submission(profile, renamed, template)]
