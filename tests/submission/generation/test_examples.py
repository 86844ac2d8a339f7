"""Prompts with examples, as the command line makes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.prompts.encode import PromptEncoder
from submission.prompts.user_turn import Shot
from submission.recipes.examples import Examples
from submission.recipes.schema import Prompt
from submission.runs.ledger import Ledger
from submission.tables import read_table
from tests.models import tokenizer_with

CHAT = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}<assistant>"


def chat_tokenizer() -> Any:
    tokenizer = tokenizer_with(special=["</s>"])
    tokenizer.eos_token = "</s>"
    tokenizer.chat_template = CHAT
    return tokenizer


GENERATE = ("generate", "embedded", "-c", "sample-wallpaper", "--engine", "transformers")
THREE = ("--set", "prompt.examples.count=3", "--set", "prompt.examples.choose=nearest")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "l.db")


def shown(capsys: pytest.CaptureFixture[str], name: str, row_id: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["show", name, "--row", row_id, "--prompt", "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_prompt_shows_training_rows_with_their_answers_before_the_question(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--test", str(wallpaper / "test.csv"), "--train", str(wallpaper / "train.csv"))
    command = (*GENERATE, *files, *THREE, "--run", "shots", "--limit", "4")
    assert run([*command, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["computed"] > 0
    assert run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["computed"] == 0
    with Ledger(Path("l.db")) as ledger:
        part = next(ledger.parts("shots"))
    seen = shown(capsys, "shots", part.row_id)["prompt"]
    assert seen["same"]
    table = read_table(wallpaper / "train.csv")
    questions = [name for name in table.columns if name.startswith("질문")]
    answers = [name for name in table.columns if name.startswith("답변")]
    held = [
        values
        for values in (record.values for record in table.records)
        if values[questions[0]] in seen["text"] and values[answers[0]] in seen["text"]
    ]
    assert len(held) == 3
    assert seen["text"].index(held[0][questions[0]]) < seen["text"].index(part.question)


def test_examples_that_leave_no_room_for_the_answer_are_left_out_and_counted(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--test", str(wallpaper / "test.csv"), "--train", str(wallpaper / "train.csv"))
    small = ("--set", "engine.max_model_len=220", "--set", "sampling.max_tokens=64")
    command = (*GENERATE, *files, *THREE, *small, "--run", "shots", "--limit", "4")
    assert run([*command, "--plan", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["shots_left_out"]
    assert planned["too_long"] == planned["shortened"] == []
    assert run([*command]) == 0
    assert "examples less, for lack of context" in capsys.readouterr().err
    assert run(["show", "shots", "--json"]) == 0
    use = json.loads(capsys.readouterr().out)["examples"]
    assert use["left_out"] == planned["shots_left_out"]


def test_a_training_file_with_rows_of_the_test_set_is_refused(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(wallpaper / "train.csv")
    assert run(["holdout", "-c", "sample-wallpaper", "--train", source, "--out", "hold"]) == 0
    test = ("--test", "hold/test.csv", *THREE, "--run", "shots", "--limit", "2")
    capsys.readouterr()
    assert run([*GENERATE, *test, "--train", source]) == 2
    assert "rows of the test set, whose answers no example may show" in capsys.readouterr().err
    with Ledger(Path("l.db")) as ledger:
        assert ledger.runs() == []
    assert run([*GENERATE, *test]) == 2
    assert "Give --train, or set prompt.examples.file" in capsys.readouterr().err
    assert run([*GENERATE, *test, "--train", "hold/train.csv"]) == 0


def test_a_recipe_with_examples_is_not_trained(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(wallpaper / "train.csv"), "--out", "adapter")
    assert run(["train", "embedded", "-c", "sample-wallpaper", *data, *THREE]) == 2
    assert "Train a recipe without them" in capsys.readouterr().err
    assert not Path("adapter").exists()


SHOTS = (Shot("하나?", "일", "", {}), Shot("둘?", "이", "", {}))


def test_in_a_chat_examples_are_turns_and_otherwise_text_or_where_the_template_says() -> None:
    tokenizer = chat_tokenizer()
    turns = Prompt(chat=True, system="짧게.", examples=Examples(count=2))
    told = PromptEncoder(tokenizer, turns).text("셋?", shots=SHOTS)
    places = [told.index(text) for text in ("짧게.", "하나?", "일", "둘?", "이", "셋?")]
    assert places == sorted(places)
    text = Prompt(template="질문: {{ question }}\n답:", examples=Examples(count=2))
    assert PromptEncoder(tokenizer, text).text("셋?", shots=SHOTS) == (
        "질문: 하나?\n답: 일\n\n질문: 둘?\n답: 이\n\n질문: 셋?\n답:"
    )
    placed = Prompt(
        template="예시\n{{ examples }}물음: {{ question }}",
        examples=Examples(count=2, template="{{ question }} -> {{ answer }}", separator="\n"),
    )
    assert PromptEncoder(tokenizer, placed).text("셋?", shots=SHOTS) == (
        "예시\n하나? -> 일\n둘? -> 이\n물음: 셋?"
    )


@pytest.mark.parametrize("chat", [True, False])
def test_special_tokens_that_examples_spell_are_text(chat: bool) -> None:
    tokenizer = chat_tokenizer()
    end = tokenizer.eos_token
    prompt = Prompt(chat=chat, special_tokens=False, examples=Examples(count=1))
    encoder = PromptEncoder(tokenizer, prompt)
    plain = encoder.prompt_ids("셋?", shots=[Shot("하나?", "일", "", {})])
    spelled = encoder.prompt_ids("셋?", shots=[Shot(f"하나?{end}", f"일{end}", "", {})])
    assert spelled.count(tokenizer.eos_token_id) == plain.count(tokenizer.eos_token_id)
