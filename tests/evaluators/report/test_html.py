"""The page's text: what it holds, what it forbids, what it cannot break out of."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.stand_ins.report import made_up_report
from evaluators import EvaluationError
from evaluators.report.data import Report, ReportMetric, ReportRow, ReportRun
from evaluators.report.html import render_html
from evaluators.report.payload import embedded_json
from evaluators.report.wording import Note, say, wording

METRIC = ReportMetric(name="em", signature="em|v:1")


def one_answer(text: str) -> Report:
    return Report(
        title=text,
        competition="c",
        metric=METRIC,
        baseline="run",
        leaderboard=[],
        rows=[ReportRow(id="1", question=text, references=(text,))],
        runs=[ReportRun(name="run", answers=[text], scores=np.array([1.0]))],
    )


class Elements(HTMLParser):
    """Every element's name and attributes, and the text inside each script."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data


def parsed(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    return elements


@given(st.text(st.characters()))
def test_any_text_comes_back_from_the_page_and_adds_no_element(text: str) -> None:
    page = render_html(one_answer(text))
    page.encode("utf-8")
    elements = parsed(page)

    assert elements.tags == parsed(render_html(one_answer("plain"))).tags
    data = json.loads(elements.scripts[0])
    assert data["runs"][0]["answers"] == [text]
    assert data["rows"]["references"] == [[text]]


@pytest.mark.parametrize(
    "text", ["</script>", "<!--<script>", "]]>", "&lt;", "\u2028\u2029", "\ud800"]
)
def test_what_could_end_the_data_is_written_otherwise(text: str) -> None:
    found = embedded_json(one_answer(text))

    assert not re.search("[<>&\u2028\u2029\ud800-\udfff]", found)
    assert json.loads(found)["runs"][0]["answers"] == [text]


def test_the_policy_names_the_pages_own_script_and_style_and_nothing_else() -> None:
    page = render_html(one_answer("text"))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    policy = policy.replace("&#39;", "'")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == digest(parsed(page).scripts[1])
    assert rules["style-src"] == digest(re.search("<style>(.*?)</style>", page, re.DOTALL)[1])
    assert rules["require-trusted-types-for"] == "'script'"


def test_the_page_refers_to_nothing_outside_it() -> None:
    elements = parsed(render_html(made_up_report()))

    links = [value for name, value in elements.attributes if name in ("href", "src", "srcset")]
    assert all(link.startswith("#") for link in links)
    assert not {"link", "img", "iframe", "object", "form"} & set(elements.tags)
    assert not any(name.startswith("on") or name == "style" for name, _ in elements.attributes)


def test_the_same_report_gives_the_same_page() -> None:
    assert render_html(made_up_report()) == render_html(made_up_report())


def test_numbers_without_a_value_are_null() -> None:
    report = one_answer("text")
    run = replace(report.runs[0], scores=np.array([np.nan]))

    data = json.loads(embedded_json(replace(report, runs=[run])))

    assert data["runs"][0]["scores"] == [None]


def test_the_manifest_is_shown_as_text() -> None:
    report = one_answer("text")
    run = replace(report.runs[0], manifest={"engine": "vllm", "recipe": {"이름": [1, None]}})

    data = json.loads(embedded_json(replace(report, runs=[run])))

    assert data["runs"][0]["manifest"] == [
        ["engine", "vllm"],
        ["recipe", '{\n  "이름": [\n    1,\n    null\n  ]\n}'],
    ]


def test_every_phrase_is_there_in_both_languages_with_the_same_gaps() -> None:
    for key, phrase in wording().items():
        assert set(phrase) == {"ko", "en"}, key
        assert all(phrase.values()), key
        gaps = {language: set(re.findall(r"\{\w+\}", text)) for language, text in phrase.items()}
        assert gaps["ko"] == gaps["en"], key


def test_every_phrase_that_the_page_asks_for_exists() -> None:
    page = render_html(one_answer("text"))
    asked = set(re.findall(r'\bt\("([\w.]+)"', page)) | set(re.findall(r'data-t="([\w.]+)"', page))

    assert asked
    assert asked <= set(wording())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answers": []}, "has 0 answers"),
        ({"scores": np.array([])}, "0 scores"),
        ({"degenerate": [(), ()]}, "2 marks"),
    ],
)
def test_a_run_of_another_length_is_refused(change: dict[str, Any], message: str) -> None:
    report = one_answer("text")

    with pytest.raises(EvaluationError, match=message):
        replace(report, runs=[replace(report.runs[0], **change)])


def test_a_name_twice_is_refused() -> None:
    report = one_answer("text")

    with pytest.raises(EvaluationError, match="the run 'run' twice"):
        replace(report, runs=[*report.runs, *report.runs])
    with pytest.raises(EvaluationError, match="the row '1' twice"):
        replace(report, rows=[*report.rows, *report.rows], runs=[])


def test_notes_reach_the_page_in_both_languages() -> None:
    note = Note("note.tests", {"baseline": "nearest", "n": 3})
    report = replace(one_answer("text"), notes=[note, "as it is"])

    data = json.loads(embedded_json(report))

    assert data["notes"] == [
        {"key": "note.tests", "filled": {"baseline": "nearest", "n": 3}},
        "as it is",
    ]
    assert "from nearest, row by row" in str(note)
    assert "nearest 대비 문항별 차이입니다" in say(note.key, "ko", **note.filled)
