"""The recipe for nikl-2025-rag: the scorer reads what the embedded model writes under it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from evaluators import Example
from submission.cli import run
from submission.competitions import find_competition
from submission.scoring.formula import _module

QUESTIONS = {
    "a": "다음에서 알맞은 말을 고르고, 그 이유를 쓰세요. “이따가 {봬요/뵈요}.”",
    "b": "“벽지를 {붙이다/부치다}.” 가운데 옳은 것은? 이유도 설명하세요.",
    "c": "“그러면 {안 돼/안 되}.”를 바르게 고쳐 쓰고, 까닭을 밝히세요.",
}


def write(path: Path, answers: dict[str, str] | None = None) -> Path:
    items: list[dict[str, Any]] = [
        {"id": key, "input": {"question_type": "선택형", "question": text}}
        for key, text in QUESTIONS.items()
    ]
    if answers is not None:
        items = [{**item, "output": {"answer": answers[item["id"]]}} for item in items]
    path.write_text(json.dumps(items, ensure_ascii=False), "utf-8")
    return path


def test_what_is_written_passes_the_check_and_is_read_as_a_verdict_and_a_reason(
    tmp_path: Path,
) -> None:
    test = write(tmp_path / "test.json")
    template = write(tmp_path / "template.json", dict.fromkeys(QUESTIONS, ""))
    written, ledger = tmp_path / "submission.json", str(tmp_path / "ledger.db")
    common = ["-c", "nikl-2025-rag"]
    own = [*common, "--run", "own", "--ledger", ledger]
    made = ["generate", "rag-verdict", "--engine", "transformers", "--test", str(test)]
    assert run([*made, *own]) == 0
    assert run(["submit", *own, "--template", str(template), "--out", str(written)]) == 0
    checked = ["check", *common, "--submission", str(written), "--template", str(template)]
    assert run(checked) == 0

    scoring = _module(Path(find_competition("nikl-2025-rag").folder) / "scoring.py")
    for item in json.loads(written.read_text("utf-8")):
        answer = item["output"]["answer"]
        verdict, reason = scoring.split(answer)
        assert re.fullmatch(r'"[^"“”‘’]+"[가이] 옳다', verdict)
        assert re.fullmatch(r".{8,}다\.", reason)
        gold = verdict.replace('"', "'") + ". 까닭은 다르다."
        exact = scoring.verdict(Example(item["id"], answer, (gold,)))
        assert exact.references == (exact.answer,)
        assert scoring.reason(Example(item["id"], answer, (gold,))) is not None
