"""A run of a model that thinks aloud, from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission import cli
from submission.generation.aloud import thinks_aloud
from submission.tables import write_csv
from tests.models import THINKER_TEMPLATE

RECIPE = """
name = "thinker"

[engine]
name = "transformers"

[prompt]
chat = true

[sampling]
max_tokens = 60

[degenerate]
language = "any"
"""
THINKING = "\n[thinking]\n"


@pytest.fixture
def work(tmp_path: Path, thinking_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "recipe.toml").write_text(RECIPE + THINKING, encoding="utf-8")
    write_csv(tmp_path / "test.csv", ("id", "질문"), [(f"T_{q}", q) for q in "가나다"], bom=False)
    shutil.copytree(thinking_model, tmp_path / "model")
    monkeypatch.setenv("LEADERKIT_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


Call = Callable[..., tuple[str, str]]


@pytest.fixture
def call(work: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command of leaderkit; what it printed, and what it said."""

    def run(*arguments: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        ended = cli.run(list(arguments))
        out, err = capsys.readouterr()
        assert ended == code, err
        return out, err

    return run


@pytest.fixture
def generate(call: Call) -> Callable[..., dict[str, Any]]:
    def generated(*arguments: str, run: str = "first") -> dict[str, Any]:
        given = ["-c", "sample-wallpaper", "--test", "test.csv", "--model", "model", "--json"]
        out, err = call("generate", "recipe.toml", *given, "--run", run, *arguments)
        return {**json.loads(out), "said": err}

    return generated


def test_thinking_is_kept_but_no_answer_and_shown_on_request(call: Call, generate: Any) -> None:
    report = generate()
    assert "thinks aloud" not in report["said"]
    assert report["degenerate"]["unfinished_thinking"] == report["degenerate"]["any"] == 1

    shown = json.loads(call("show", "first", "--row", "T_가", "--json")[0])
    assert (shown["answer"], shown["thinking"]) == ("파랑.", "하늘. 그래서")
    unfinished = json.loads(call("show", "first", "--row", "T_나", "--json")[0])
    assert (unfinished["answer"], unfinished["finish"]) == ("", "thinking")
    assert unfinished["degenerate"] == ["unfinished_thinking"]

    assert "하늘" not in call("show", "first", "--row", "T_가")[0]
    assert "하늘. 그래서" in call("show", "first", "--row", "T_가", "--thinking")[0]
    call("export", "first", "--out", "answers.csv")
    assert "하늘" not in Path("answers.csv").read_text(encoding="utf-8")
    call("export", "first", "--out", "answers.jsonl", "--thinking")
    rows = [json.loads(line) for line in Path("answers.jsonl").read_text("utf-8").splitlines()]
    assert [row["thinking"][:6] for row in rows] == ["하늘. 그래", "음 음 음 ", ""]
    assert rows[2]["answer"] == "빨강. 끝"


def test_unfinished_thinking_is_retried(generate: Any) -> None:
    retry = ["--set", "retry.max_tokens=60", "--set", "retry.temperature=0"]
    retry += ["--set", "retry.repetition_penalty=1.0"]
    report = generate("--set", "sampling.max_tokens=20", "--retry-degenerate", *retry)
    assert (report["retried"], report["mended"]) == (2, 1)


def test_a_run_without_the_table_has_the_same_answers_as_before_and_a_warning(
    work: Path, generate: Any, call: Call
) -> None:
    from transformers import AutoTokenizer

    # Tags that are no special tokens stay in the text, as with most published models.
    tokenizer = AutoTokenizer.from_pretrained(work / "model")
    for token in tokenizer.added_tokens_decoder.values():
        token.special = token.special and "think" not in token.content
    tokenizer.save_pretrained(work / "model")
    settings = json.loads((work / "model" / "tokenizer.json").read_text(encoding="utf-8"))
    for token in settings["added_tokens"]:
        token["special"] = "think" not in token["content"]
    (work / "model" / "tokenizer.json").write_text(json.dumps(settings), encoding="utf-8")
    (work / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    report = generate()
    assert report["said"].count("thinks aloud") == 1
    assert "[thinking]" in report["said"]
    shown = json.loads(call("show", "first", "--row", "T_가", "--json")[0])
    assert shown["completion"].startswith("<think>")

    separated = generate("--set", "thinking={}", run="second")
    assert separated["computed"] == 3, "another row key"
    assert "thinks aloud" not in separated["said"]


def test_the_prompt_is_shown_as_the_model_saw_it(work: Path, call: Call, generate: Any) -> None:
    generate()
    out, said = call("show", "first", "--row", "T_가", "--prompt")
    assert "«<s>»user\n가«</s>»\n«<s>»assistant\n" in out
    assert "Warning" not in said
    shown = json.loads(call("show", "first", "--row", "T_가", "--prompt", "--json")[0])["prompt"]
    assert shown["text"] == "<s>user\n가</s>\n<s>assistant\n"
    assert shown["same"] is True
    assert [t["text"] for t in shown["tokens"] if t["special"]] == ["<s>", "</s>", "<s>"]
    assert "special" in call("show", "first", "--row", "T_가", "--tokens")[0]

    write_csv(work / "test.csv", ("id", "질문"), [("T_가", "\x1b다")], bom=False)
    out, said = call("show", "first", "--row", "T_가", "--prompt")
    assert "\\x1b다" in out
    assert "\x1b다" not in out
    assert "Warning" in said
    call("show", "first", "--row", "T_나", "--prompt", code=2)


def test_a_row_is_asked_for_by_what_the_run_has(call: Call, generate: Any) -> None:
    generate()
    assert "no row 'T_9'" in call("show", "first", "--row", "T_9", code=2)[1]
    assert "has no sample 1" in call("show", "first", "--row", "T_가", "--sample", "1", code=2)[1]
    assert "1 part" in call("show", "first", "--row", "T_가", "--part", "1", code=2)[1]
    assert "--row" in call("show", "first", "--prompt", code=2)[1]


@pytest.mark.parametrize(
    "key", ["prompt.prefill=답:", "prompt.chat_template_kwargs.thinking=false"]
)
def test_what_disables_thinking_is_refused_before_anything_is_written(
    work: Path, call: Call, key: str
) -> None:
    given = ["-c", "sample-wallpaper", "--test", "test.csv", "--model", "model", "--run", "first"]
    said = call("generate", "recipe.toml", *given, "--set", key, code=2)[1]
    assert key.partition("=")[0].removesuffix(".thinking") in said
    assert "disables thinking" in said
    assert not (work / "ledger.db").exists()


def test_a_template_that_turns_thinking_off_is_refused(work: Path, call: Call) -> None:
    (work / "chat.jinja").write_text(
        THINKER_TEMPLATE.replace("enable_thinking is false", "not enable_thinking"), "utf-8"
    )
    given = ["-c", "sample-wallpaper", "--test", "test.csv", "--model", "model", "--run", "first"]
    given += ["--set", "prompt.chat_template=chat.jinja"]
    given += ["--set", "prompt.chat_template_kwargs.enable_thinking=0"]
    said = call("generate", "recipe.toml", *given, code=2)[1]
    assert "the prompt ends with '</think>'" in said


@pytest.mark.parametrize(
    ("text", "aloud"),
    [
        ("\n<think>음", True),
        ("음</think>답", True),
        ("[THINK]음[/THINK]답", True),
        ("analysis음assistantfinal답", True),
        ("analysis of variance", False),
        ("답은 <think>가 아니다", False),
        ("", False),
    ],
)
def test_known_tags_tell_of_thinking(text: str, aloud: bool) -> None:
    assert thinks_aloud(text) is aloud
