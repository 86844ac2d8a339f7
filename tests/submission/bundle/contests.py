"""Contests whose files the scripts of bundles read and write."""

from __future__ import annotations

import json
from pathlib import Path

from submission.tables import write_csv

QUESTIONS = {
    "T_0": "벽지에 곰팡이가 왜 생기나요?",
    "T_1": "결로를 막는 방법은 무엇인가요? 그리고 환기는 얼마나 자주 하나요?",
    "T_2": '바닥, 마루 "소리"',
    "T_3": '바닥, 마루 "소리"',
    "T_4": "타일",
}

TEXT = """
name = "text"
title = "A text and a column that is copied"
[test]
id = "id"
question = "질문"
columns = ["id", "질문"]
[submission]
id = "id"
answer = "답변"
columns = ["등급", "id", "답변"]
bom = true
[score]
name = "chrF"
references = "first"
terms = [{ metric = "chrf" }]
"""

OPTIONS = """
name = "options"
title = "Options in columns, rows without ids"
[test]
id = "번호"
numbered = true
template = "{{ row.문제 }}{% for label, text in options %}\\n{{ label }}. {{ text }}{% endfor %}"
context = "본문"
columns = ["문제", "본문", "가", "나", "다"]
options = ["가", "나", "다"]
labels = "circled"
nfc = ["문제"]
[submission]
id = "번호"
answer = "정답"
[score]
name = "chrF"
references = "first"
terms = [{ metric = "chrf" }]
"""

NESTED = """
name = "nested"
title = "JSON with members within members"
[test]
id = "id"
question = "input.question"
columns = ["id", "input.question", "input.keywords"]
[submission]
format = "json"
id = "id"
answer = "output.answer"
[score]
name = "chrF"
references = "first"
terms = [{ metric = "chrf" }]
"""


def write_contest(folder: Path, name: str) -> Path:
    """The contest's folder, with ``test`` and ``template`` beside it; returns the folder."""
    contest = folder / name
    contest.mkdir()
    declared = {"text": TEXT, "options": OPTIONS, "nested": NESTED}[name]
    (contest / "competition.toml").write_text(declared, "utf-8")
    {"text": _text, "options": _options, "nested": _nested}[name](folder)
    return contest


def _text(folder: Path) -> None:
    write_csv(folder / "test.csv", ("id", "질문"), list(QUESTIONS.items()), bom=True)
    rows = [("상, 중", row_id, "") for row_id in reversed(QUESTIONS)]
    write_csv(folder / "template.csv", ("등급", "id", "답변"), rows, bom=False)


def _options(folder: Path) -> None:
    # The second row's question is written with its letters taken apart, and has fewer options.
    rows = [
        ("벽지는 무엇인가?", "벽에 붙인다.", "종이", "돌", "물"),
        ("타일은?", "바닥에 깐다.", "점토", "실", ""),
    ]
    write_csv(folder / "test.csv", ("문제", "본문", "가", "나", "다"), rows, bom=False)
    write_csv(folder / "template.csv", ("번호", "정답"), [("1", ""), ("2", "")], bom=False)


def _nested(folder: Path) -> None:
    items = [
        {"id": row_id, "input": {"question": text, "keywords": ["벽", "물"]}}
        for row_id, text in QUESTIONS.items()
    ]
    (folder / "test.json").write_text(json.dumps(items, ensure_ascii=False), "utf-8")
    empty = [{"id": item["id"], "점수": 0.5, "output": {"answer": None}} for item in items]
    (folder / "template.json").write_text(json.dumps(empty, ensure_ascii=False), "utf-8")
