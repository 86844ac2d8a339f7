"""Other people's text on the terminal: whatever it holds, nothing of it steers the terminal."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from submission.cli import run

ESC = "\x1b"
OSC = f"{ESC}]0;owned\x07"
CSI = f"{ESC}[2J\x9b31m"
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COMPETITION = r"""
name = "shop"
title = "상점\u001b[2J"

[test]
id = "id"
question = "질문"
columns = ["id", "질문"]

[train]
id = "id"
questions = ["질문"]
answers = ["답변"]
category = "분류"
columns = ["id", "분류", "질문", "답변"]

[submission]
id = "id"
answer = "답변"

[score]
name = "characters"
terms = [{ metric = "f1:rule=inha" }]
"""
NAME = f"sly{OSC}.csv"


@pytest.fixture(autouse=True)
def _world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    contents = {
        "shop/competition.toml": COMPETITION,
        "test.csv": f"id,질문\nA{CSI},무엇{OSC}인가요?\nB,어디인가요?\n",
        "train.csv": "id,분류,질문,답변\n"
        f"A{CSI},{OSC}벽,무엇{OSC}인가요?,{CSI}종이\nB,벽,어디인가요?,\u202e집\n",
        "references.csv": f"id,분류,답변,딴{OSC}\nA{CSI},{OSC}벽,{CSI}종이,x\nB,벽,집,y\n",
        NAME: f"id,answer\nA{CSI},{OSC}종이\nB,{CSI}\n",
        "template.csv": f"id,답변\nA{CSI},\nB,\n",
        "broken.csv": f"id,answer\nA{CSI},x\nA{CSI},y\n",
    }
    for name, text in contents.items():
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    generate = "generate nearest -c shop --test test.csv --train train.csv"
    assert run([*generate.split(), "--run", f"sly{OSC}"]) == 0


SLY = shlex.quote(f"sly{OSC}")
FILE = shlex.quote(NAME)
REFERENCES = "-c shop --references references.csv"
COMMANDS = {
    "runs": 0,
    f"show {SLY}": 0,
    f"record {SLY} --public 0.5": 0,
    f"export {SLY} --out {shlex.quote(f'out{OSC}.csv')}": 0,
    f"score {REFERENCES} --run {SLY} --by 분류": 0,
    f"score {REFERENCES} --predictions {FILE} --classes labels": 0,
    f"compare {SLY} {FILE} {REFERENCES} --baseline {SLY} --by category": 0,
    f"diff {SLY} {FILE} {REFERENCES}": 0,
    f"submit -c shop --run {SLY} --template template.csv --out {shlex.quote(f's{OSC}.csv')}": 0,
    f"check -c shop --submission {FILE} --template template.csv": 1,
    f"ensemble {SLY} {SLY} --by majority -c shop --run {shlex.quote(f'e{OSC}')}": 2,
    f"holdout -c shop --train train.csv --out {shlex.quote(f'held{OSC}')} --share 0.5": 2,
    "competitions shop": 0,
    f"competitions {shlex.quote(f'no{CSI}')}": 2,
    f"recipes {shlex.quote(f'no{CSI}')}": 2,
    f"score {REFERENCES} --predictions broken.csv": 2,
    f"score {REFERENCES} --predictions {FILE} --reference-column {shlex.quote(f'a{OSC}')}": 2,
    f"show {shlex.quote(f'none{OSC}')}": 2,
    f"show --{CSI!r}": 2,
    shlex.quote(f"no{OSC}"): 2,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_control_character_reaches_the_terminal(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    code = run(shlex.split(command))
    shown = capsys.readouterr()
    assert code == COMMANDS[command], shown
    assert RAW.findall(shown.out) == []
    assert RAW.findall(shown.err) == []


@pytest.mark.parametrize(
    "command",
    [
        "runs --json",
        f"show {SLY} --json",
        f"score {REFERENCES} --run {SLY} --by 분류 --json",
        f"diff {SLY} {FILE} {REFERENCES} --json",
        f"compare {FILE} {REFERENCES} --baseline {SLY} --json",
        "competitions shop --json",
    ],
)
def test_json_escapes_what_could_steer_a_terminal_and_reads_as_it_was(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(shlex.split(command)) == 0
    out = capsys.readouterr().out
    assert RAW.findall(out) == []
    assert r"\u001b" in out
    assert json.loads(out)
