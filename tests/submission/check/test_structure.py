"""JSON submissions are judged by their values and structure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission.check import Finding, check_submission
from submission.cli import run
from tests.submission.contests import profile_of

DECLARED = """\
name = "qa"
title = "문답"
[test]
id = "id"
question = "input.question"
columns = ["id", "input.question"]
[submission]
format = "FORMAT"
id = "id"
answer = "output.answer"
[score]
name = "exact match"
terms = [{ metric = "em" }]
"""
TEMPLATE: list[dict[str, Any]] = [
    {"id": "1", "input": {"question": "하나?", "options": ["가", "나"], "level": 2}, "output": {}},
    {"id": "2", "input": {"question": "둘?"}, "output": {"answer": "", "note": None}},
]


def good() -> list[dict[str, Any]]:
    items = json.loads(json.dumps(TEMPLATE))
    for item in items:
        item["output"]["answer"] = "답"
    return items


def text(items: Any, form: str) -> str:
    if form == "json":
        return json.dumps(items, ensure_ascii=False)
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


@pytest.fixture(params=["json", "jsonl"])
def check(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., list[Finding]]:
    form = request.param
    profile = profile_of(tmp_path / "qa", DECLARED.replace("FORMAT", form))

    def findings(items: object, before: str = "") -> list[Finding]:
        template, path = tmp_path / f"template.{form}", tmp_path / f"s.{form}"
        template.write_text(text(TEMPLATE, form), encoding="utf-8")
        path.write_text(before + text(items, form), encoding="utf-8")
        return check_submission(profile, path, template)

    return findings


def test_a_filled_template_has_no_finding(check: Callable[..., list[Finding]]) -> None:
    assert check(good()) == []


def change(path: str, value: Any) -> list[dict[str, Any]]:
    """The good items, with a value of the second one replaced; ``...`` takes it out."""
    items = good()
    *outer, last = path.split("/")
    holder = items[1]
    for key in outer:
        holder = holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return items


@pytest.mark.parametrize(
    ("path", "value", "code", "column", "says"),
    [
        ("output/answer", 3, "answer-type", "output.answer", 'is a number, not a text'),
        ("output/answer", 3, "answer-type", "output.answer", 'Write "3", in quotes'),
        ("output/answer", True, "answer-type", "output.answer", "is true, not a text"),
        ("output/answer", None, "answer-type", "output.answer", "is null, not a text"),
        ("output/answer", ["답"], "answer-type", "output.answer", "is a list, not a text"),
        ("output/answer", {"답": 1}, "answer-type", "output.answer", "is an object, not a text"),
        ("output/answer", ..., "columns-missing", "output.answer", "Every item needs an answer"),
        ("output", "답", "columns-missing", "output.answer", '{"output": {"answer": …}}'),
        ("output/note", ..., "columns-missing", "output.note", "Copy it from the template"),
        ("output/note", "메모", "kept-changed", "output.note", "where the template has null"),
        ("output/more", 1, "columns-extra", "output.more", "Remove it"),
        ("more", 1, "columns-extra", "more", "is not in the template"),
        ("id", 2, "ids-type", "id", "is a number where the template has a text"),
        ("input/question", "셋?", "kept-changed", "input.question", "is not what the template has"),
        ("input", "둘?", "kept-changed", "input", "is a text where the template has an object"),
        ("input/question", ..., "columns-missing", "input.question", "first in item 2"),
    ],
)  # fmt: skip
def test_a_difference_is_found_with_its_item_path_and_remedy(
    check: Callable[..., list[Finding]],
    path: str, value: Any, code: str, column: str, says: str,
) -> None:  # fmt: skip
    (finding,) = check(change(path, value))
    assert (finding.code, finding.column, finding.row) == (code, column, 2)
    assert finding.severity == "error"
    assert says in finding.message


def test_a_member_whose_name_has_the_dot_in_it_is_no_answer(
    check: Callable[..., list[Finding]],
) -> None:
    items = [{"id": item["id"], "input": item["input"], "output.answer": "답"} for item in TEMPLATE]
    found = {finding.code: finding for finding in check(items)}
    assert found["columns-extra"].column == "output.answer"
    assert 'Write {"output": {"answer": …}}' in found["columns-extra"].message
    assert found["columns-extra"].count == 2
    assert found["columns-missing"].count == 2


def test_lists_within_the_question_are_compared_item_by_item(
    check: Callable[..., list[Finding]],
) -> None:
    items = good()
    items[0]["input"]["options"][1] = 2
    (finding,) = check(items)
    assert (finding.code, finding.column) == ("kept-changed", "input.options[1]")
    items[0]["input"]["options"] = ["가"]
    (finding,) = check(items)
    assert finding.column == "input.options"


def test_numbers_are_compared_by_value_and_true_is_not_one(
    check: Callable[..., list[Finding]],
) -> None:
    items = good()
    items[0]["input"]["level"] = 2.0
    assert check(items) == []
    items[0]["input"]["level"] = True
    assert [finding.code for finding in check(items)] == ["kept-changed"]


def test_every_kind_of_fault_is_counted_once(check: Callable[..., list[Finding]]) -> None:
    items = good()
    for item in items:
        item["output"]["answer"] = 1
        item["id"] = int(item["id"])
    found = {finding.code: finding.count for finding in check(items)}
    assert found == {"answer-type": 2, "ids-type": 2}


def test_an_answer_of_another_type_hides_no_fault_of_the_others(
    check: Callable[..., list[Finding]],
) -> None:
    items = good()
    items[0]["output"]["answer"] = " "
    items[1]["output"]["answer"] = 1
    assert [finding.code for finding in check(items)] == ["answer-type", "text-empty"]


def test_json_with_a_byte_order_mark_cannot_be_read(check: Callable[..., list[Finding]]) -> None:
    (finding,) = check(good(), before="\ufeff")
    assert (finding.code, finding.severity) == ("bom", "error")


@pytest.mark.parametrize("content", ['{"1": "답"}', '{"data": []}', '"답"', "[]", '["답"]', "{}"])
def test_another_top_level_shape_is_an_error(tmp_path: Path, content: str) -> None:
    profile = profile_of(tmp_path / "qa", DECLARED.replace("FORMAT", "json"))
    template, path = tmp_path / "template.json", tmp_path / "s.json"
    template.write_text(text(TEMPLATE, "json"), encoding="utf-8")
    path.write_text(content, encoding="utf-8")
    assert {finding.code for finding in check_submission(profile, path, template)} <= {
        "unreadable", "row-count", "ids-missing",
    }  # fmt: skip
    assert check_submission(profile, path, template)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"output": {"answer": 3}}, "item 1, column 'output.answer': is a number, not a text"),
        ({"output": {"answer": None}}, "is null, not a text"),
        ({"output.answer": "답"}, "a member is called 'output.answer'"),
    ],
)
def test_score_reads_no_answer_that_the_organizer_could_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: dict[str, Any],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    profile_of(tmp_path / "qa", DECLARED.replace("FORMAT", "json"))
    Path("s.json").write_text(json.dumps([{"id": "1", **answer}]), encoding="utf-8")
    Path("r.csv").write_text("id,answer\n1,3\n", encoding="utf-8")
    arguments = ["--predictions", "s.json", "--references", "r.csv"]
    assert run(["score", "-c", "./qa", *arguments]) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    Path("s.json").write_text('[{"id": "1", "output": {"answer": "3"}}]', encoding="utf-8")
    assert run(["score", "-c", "./qa", *arguments]) == 0


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ('kind = "text"', None, "Write an answer, in quotes"),
        ('kind = "text"\nmay_be_empty = true', None, 'Write "", in quotes'),
        ('kind = "label"\nlabels = ["가", "1"]', 1, 'Write "1", in quotes'),
        ('kind = "label"\nlabels = ["가", "1"]', 2, "Write one of the labels (가, 1), in quotes"),
        ('kind = "label"\nlabels = ["가", "1"]', None, "Write one of the labels (가, 1)"),
    ],
)
def test_a_remedy_is_taken_by_the_next_check(
    tmp_path: Path, kind: str, value: object, says: str
) -> None:
    declared = DECLARED.replace("FORMAT", "json").replace("[score]", f"{kind}\n[score]")
    profile = profile_of(tmp_path / "qa", declared)
    template, path = tmp_path / "template.json", tmp_path / "s.json"
    template.write_text(text(TEMPLATE, "json"), encoding="utf-8")
    items = change("output/answer", value)
    items[0]["output"]["answer"] = "가"
    path.write_text(text(items, "json"), encoding="utf-8")
    (finding,) = check_submission(profile, path, template)
    assert finding.code == "answer-type"
    assert says in finding.message
