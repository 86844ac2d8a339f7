"""Generation as the command line does it, with the transformers engine and a small model."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from submission import cli
from submission.competitions import find_competition
from submission.machine.hardware import processors, vllm_version
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from submission.tables import write_csv
from tests.models import gpt2, t5
from tests.submission.engines.tiny import adapter, lively, llama

RECIPE = """
name = "small"

[engine]
name = "transformers"

[prompt.compound]
mode = "split"

[sampling]
max_tokens = 8
"""

QUESTIONS = {
    "T_0": "벽지에 곰팡이가 왜 생기나요?",
    "T_1": "결로를 막는 방법은 무엇인가요? 그리고 환기는 얼마나 자주 하나요?",
    "T_2": "도배 하자는 무엇인가요?",
    "T_3": "도배 하자는 무엇인가요?",
    "T_4": "바닥 마루에서 소리가 왜 나나요?",
}


@pytest.fixture
def work(tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recipe, a test file, and a model to change."""
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    write_test(tmp_path / "test.csv", QUESTIONS)
    shutil.copytree(model_folder, tmp_path / "model")
    monkeypatch.setenv("LEADERKIT_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_test(path: Path, questions: dict[str, str]) -> None:
    write_csv(path, ("id", "질문"), list(questions.items()), bom=False)


@pytest.fixture
def generate(work: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run ``leaderkit generate … --json``; its report, with standard error as ``said``."""

    def call(*arguments: str, run: str = "first", code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        ended = cli.run(
            ["generate", "recipe.toml", "-c", "sample-wallpaper", "--test", "test.csv",
             "--model", "model", "--run", run, "--json", *arguments]
        )  # fmt: skip
        out, err = capsys.readouterr()
        assert ended == code, err
        return {**(json.loads(out) if out else {}), "said": err}

    return call


def answers(work: Path, run: str = "first") -> dict[str, str]:
    with Ledger(work / "ledger.db") as book:
        return {answer.id: answer.text for answer in run_answers(book, run)}


def completions(work: Path, run: str) -> list[str]:
    with Ledger(work / "ledger.db") as book:
        return [part.completion.text for part in book.parts(run) if part.completion]


def test_the_tokenizers_own_special_tokens_are_kept_with_the_run(work: Path, generate: Any) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(work / "model")
    tokenizer.add_special_tokens({"additional_special_tokens": ["[끝]", "<|im_end|>"]})
    tokenizer.save_pretrained(work / "model")
    generate()
    with Ledger(work / "ledger.db") as ledger:
        assert ledger.special_tokens("first") == ["[끝]"]


def test_the_report_counts_rows_prompts_tokens_and_degenerate_answers(
    work: Path, generate: Any
) -> None:
    report = generate()
    said = report.pop("said")
    assert report.pop("seconds") > 0
    assert report.pop("completion_tokens") > 8
    degenerate = report.pop("degenerate")
    assert set(degenerate) == {
        "empty", "cut_off", "too_long", "unfinished_thinking", "unmarked", "malformed", "echoed",
        "looping", "wrong_language", "duplicated", "any",
    }  # fmt: skip
    assert degenerate["cut_off"] == sum(text != "" for text in answers(work).values())
    assert report.pop("engine").startswith("transformers 5")
    assert (report.pop("retried"), report.pop("mended")) == (0, 0)
    assert report.pop("account") is None
    assert report == {
        "run": "first",
        "rows": 5,
        "computed": 5,
        "reused": 0,
        "failures": {},
        "left": 0,
        "expected": None,
        "expected_money": {},
    }
    assert "first: 5/5 rows" in said
    assert "Traceback" not in said


def test_people_get_the_same_report_in_words(
    work: Path, generate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    generate()
    command = ["generate", "recipe.toml", "-c", "sample-wallpaper", "--test", "test.csv"]
    assert cli.run([*command, "--model", "model", "--run", "first"]) == 0
    out = capsys.readouterr().out
    assert "Run 'first': 5 rows; 0 prompts computed, 6 taken from the ledger." in out


def test_a_cells_questions_are_asked_apart_or_together(work: Path, generate: Any) -> None:
    generate(run="split")
    report = generate("--set", "prompt.compound.mode=whole", run="whole")
    assert report["computed"] == 1, "single questions are the same prompt either way"
    assert len(completions(work, "split")) == 6
    assert len(completions(work, "whole")) == 5
    split, whole = answers(work, "split"), answers(work, "whole")
    assert {key for key in split if split[key] != whole[key]} == {"T_1"}
    assert split["T_1"] == " ".join(
        text.strip() for text in completions(work, "split")[1:3] if text.strip()
    )


def test_identical_questions_are_computed_once(work: Path, generate: Any) -> None:
    assert generate()["computed"] == 5  # six prompts, two of them alike
    done = answers(work)
    assert done["T_2"] == done["T_3"]
    assert done["T_0"] != done["T_4"]


def test_a_finished_run_computes_nothing_and_loads_nothing(work: Path, generate: Any) -> None:
    generate()
    before = answers(work)
    report = generate()
    assert (report["computed"], report["reused"], report["rows"]) == (0, 6, 5)
    assert "Loading" not in report["said"]
    assert answers(work) == before


def test_a_limited_run_is_widened_by_the_rows_it_lacks(work: Path, generate: Any) -> None:
    first = generate("--limit", "2")
    assert (first["rows"], first["computed"]) == (2, 3)
    wider = generate()
    assert (wider["rows"], wider["computed"], wider["reused"]) == (5, 2, 3)
    assert "3 of 6 prompts are in the ledger already." in wider["said"]
    generate("--fresh", run="other")
    assert answers(work) == answers(work, "other")


@pytest.mark.skipif(len(processors()) < 2, reason="two workers need two processors")
def test_a_run_is_finished_by_another_number_of_workers_with_the_same_row_keys(
    work: Path, generate: Any
) -> None:
    first = generate("--limit", "2")
    both = generate("--workers", "2")
    assert both["reused"] == first["computed"]
    assert both["computed"] == 2
    assert both["engine"].startswith("2 workers, transformers 5")
    assert both["said"].count("Loading model into") == 1
    assert generate(run="second")["computed"] == 0, "one process takes what two computed"
    assert answers(work, "second") == answers(work)
    assert generate("--fresh", run="third")["computed"] == 5
    assert answers(work, "third") == answers(work)


def test_a_limit_below_what_the_run_has_counts_only_what_it_asks_for(
    work: Path, generate: Any
) -> None:
    generate()
    narrower = generate("--limit", "2")
    assert (narrower["rows"], narrower["computed"], narrower["reused"]) == (2, 0, 3)
    assert "3 of 3 prompts are in the ledger already." in narrower["said"]
    assert len(answers(work)) == 5


def test_an_added_test_row_costs_only_itself_under_a_new_run_name(
    work: Path, generate: Any
) -> None:
    generate()
    write_test(work / "test.csv", {"T_NEW": "PVC 장판은 두께를 어떻게 고르나요?", **QUESTIONS})
    refused = generate(code=2)
    assert "Run 'first' was made with another recipe, model or test file" in refused["said"]
    assert "--fresh" in refused["said"]
    report = generate(run="second")
    assert (report["rows"], report["computed"], report["reused"]) == (6, 1, 6)
    assert answers(work, "second").items() >= answers(work).items()


def test_fresh_computes_every_row_again(work: Path, generate: Any) -> None:
    generate()
    before = answers(work)
    report = generate("--fresh")
    assert (report["computed"], report["reused"]) == (5, 0)
    assert answers(work) == before


def test_changed_weights_never_meet_stale_answers(work: Path, generate: Any) -> None:
    generate()
    old = answers(work)
    lively(gpt2(work / "model", seed=7))
    assert "--fresh" in generate(code=2)["said"]
    report = generate(run="retrained")
    assert (report["computed"], report["reused"]) == (5, 0)
    new = answers(work, "retrained")
    assert new["T_0"] != old["T_0"]
    assert answers(work) == old


def test_what_cannot_start_leaves_no_run(work: Path, generate: Any) -> None:
    weights = work / "model" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(b"cut off")

    assert "transformers cannot load" in generate(code=2)["said"]
    with Ledger(work / "ledger.db") as book:
        assert book.runs() == []

    weights.write_bytes(whole)
    generate()
    before = answers(work)
    weights.write_bytes(b"cut off")
    assert "transformers cannot load" in generate("--fresh", code=2)["said"]
    assert answers(work) == before


def test_a_competition_that_reads_the_file_otherwise_is_another_run(
    work: Path, generate: Any
) -> None:
    shutil.copytree(find_competition("sample-wallpaper").folder, work / "mine")
    profile = work / "mine" / "competition.toml"
    profile.write_text(profile.read_text("utf-8").replace("sample-wallpaper", "mine"), "utf-8")
    generate("-c", str(work / "mine"))
    before = answers(work)
    changed = profile.read_text("utf-8").replace(
        'question = "질문"', 'template = """{{ row["질문"] }} 짧게."""', 1
    )
    profile.write_text(changed, "utf-8")

    assert (
        "another definition of the competition"
        in generate("-c", str(work / "mine"), code=2)["said"]
    )
    assert answers(work) == before


def test_weights_copied_elsewhere_are_the_same_weights(work: Path, generate: Any) -> None:
    generate()
    (work / "model").rename(work / "moved")
    report = generate("--model", "moved", run="moved")
    assert (report["computed"], report["reused"]) == (0, 6)


@pytest.mark.parametrize(
    "changed",
    [
        "sampling.max_tokens=5",
        "sampling.stop=['a']",
        "sampling.repetition_penalty=1.2",
        "prompt.template='{{ question }} 답:'",
        "engine.dtype=bfloat16",
    ],
)
def test_what_an_answer_depends_on_is_computed_anew(
    work: Path, generate: Any, changed: str
) -> None:
    generate()
    assert "--fresh" in generate("--set", changed, code=2)["said"]
    report = generate("--set", changed, run="second")
    assert (report["computed"], report["reused"]) == (5, 0)


@pytest.mark.parametrize(
    "changed",
    [
        "extraction.one_line=false",
        "about=other words",
        "engine.batch_tokens=100",
        "sampling.seed=5",
        "sampling.top_p=0.5",
    ],
)
def test_what_a_greedy_answer_does_not_depend_on_reuses_it(
    work: Path, generate: Any, changed: str
) -> None:
    generate()
    report = generate("--set", changed, run="second")
    assert (report["computed"], report["reused"]) == (0, 6)


def test_samples_are_drawn_per_prompt_and_more_of_them_added(work: Path, generate: Any) -> None:
    sampled = ("--set", "sampling.temperature=1.0")
    assert generate(*sampled, "--samples", "2", run="two")["computed"] == 10
    report = generate(*sampled, "--samples", "3", run="three")
    assert (report["computed"], report["reused"]) == (5, 12)
    with Ledger(work / "ledger.db") as book:
        first, second = (
            [answer.text for answer in run_answers(book, "three", sample=sample)]
            for sample in (0, 1)
        )
    assert first != second
    assert generate(*sampled, "--set", "sampling.seed=1", run="seed")["computed"] == 5


def test_an_adapter_changes_the_answers_and_is_part_of_the_identity(
    work: Path, generate: Any
) -> None:
    lively(llama(work / "llama"))
    adapter(work / "llama", work / "lora")
    generate("--model", "llama", run="base")
    report = generate("--model", "llama", "--adapter", "lora", run="adapted")
    assert report["reused"] == 0
    assert answers(work, "base") != answers(work, "adapted")
    adapter(work / "llama", work / "lora", seed=9)
    again = generate("--model", "llama", "--adapter", "lora", run="adapted again")
    assert again["reused"] == 0
    assert answers(work, "adapted") != answers(work, "adapted again")


def test_a_prompt_that_does_not_fit_is_counted_and_its_row_kept(work: Path, generate: Any) -> None:
    write_test(work / "test.csv", {**QUESTIONS, "T_LONG": "길" * 400})
    report = generate()
    assert report["degenerate"]["too_long"] == 1
    assert answers(work)["T_LONG"] == ""


def test_auto_says_which_engine_and_why(work: Path, generate: Any) -> None:
    t5(work / "t5")
    report = generate("--engine", "auto", "--model", "t5")
    reason = "vLLM does not run encoder-decoder models" if vllm_version() else "not installed"
    assert "Engine: transformers (" in report["said"]
    assert reason in report["said"]
    beams = generate("--engine", "auto", "--set", "sampling.beams=2", run="beams")
    assert (
        "Engine: transformers (vLLM has no beam search)" in beams["said"] or vllm_version() is None
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "transfomers"], "No engine 'transfomers'. Did you mean 'transformers'?"),
        (["--model", "./gone"], "Model folder ./gone does not exist."),
        (["--set", "sampling.max_tokens=0"], "sampling.max_tokens"),
        (["--set", "prompt.template={{ question"], "Template"),
        (["--set", "prompt.template={{ missing }}"], "missing"),
        (["--set", "prompt.template={{ '' }}"], "Question 'T_0': the prompt template renders to"),
        (["--set", "prompt.chat=true"], "has no chat template"),
    ],
)
def test_what_cannot_be_used_is_said_before_a_run_exists(
    work: Path, generate: Any, arguments: list[str], message: str
) -> None:
    said = generate(*arguments, code=2)["said"]
    assert "Traceback" not in said
    assert message in said
    if (work / "ledger.db").exists():
        with Ledger(work / "ledger.db") as book:
            assert book.runs() == []


def test_the_ledger_is_named_by_the_environment(work: Path, generate: Any) -> None:
    generate()
    assert (work / "ledger.db").is_file()
    assert not (work / "runs").exists()


def test_options_come_from_the_environment(
    work: Path, generate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERKIT_GENERATE_LIMIT", "1")
    assert generate()["rows"] == 1


def test_an_interrupt_keeps_the_finished_rows_and_the_same_command_resumes(
    work: Path, generate: Any
) -> None:
    # One row after the other, and enough of them that the interrupt comes before the last.
    write_test(work / "test.csv", {f"T{number}": f"질문 {number}번" for number in range(40)})
    slow = ("--set", "engine.batch_tokens=1", "--set", "sampling.max_tokens=150")
    command = [
        sys.executable, "-m", "submission.cli", "generate", "recipe.toml", "-c",
        "sample-wallpaper", "--test", "test.csv", "--model", "model", "--run", "first", *slow,
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # A script's background jobs, and what they start, ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for_rows(work / "ledger.db", "first", 1, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted. What was finished is kept." in said
    assert "Traceback" not in said

    kept = completions(work, "first")
    assert 1 <= len(kept) < 40
    report = generate(*slow)
    assert report["reused"] == len(kept)
    assert report["rows"] == 40
    assert set(kept) <= set(completions(work, "first"))


def wait_for_rows(ledger: Path, run: str, rows: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if ledger.exists():
            with Ledger(ledger) as book:
                if book.has_run(run) and book.progress(run).done >= rows:
                    return
        time.sleep(0.02)
    raise AssertionError("no row in time")


CLOCK = (
    "{{ strftime_now('%d %b %Y') }}{% for message in messages %}{{ message.content }}{% endfor %}"
)


def test_a_run_shows_the_day_that_it_was_begun(
    work: Path,
    generate: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (work / "model" / "chat_template.jinja").write_text(CLOCK)

    def on(day: date, *arguments: str, run: str = "first") -> dict[str, Any]:
        monkeypatch.setattr("submission.generation.inputs.local_day", lambda: day)
        return generate("--set", "prompt.chat=true", *arguments, run=run)

    first, later = date(2026, 1, 31), date(2026, 2, 1)
    on(first, "--limit", "2")
    whole = on(later)
    assert (whole["reused"], whole["computed"] > 0) == (3, True)
    assert on(later)["computed"] == 0
    # A day that the recipe fixes is the same run; another is not.
    assert on(later, "--set", "prompt.date=2026-01-31")["computed"] == 0
    assert on(first, run="second")["computed"] == 0
    assert on(later, run="third")["computed"] > 0
    with pytest.raises(AssertionError, match="another recipe"):
        on(later, "--set", "prompt.date=2026-02-01")
    assert on(later, "--fresh")["computed"] > 0
    capsys.readouterr()
    assert cli.run(["show", "second"]) == 0
    assert re.search("Date in prompts +2026-01-31", capsys.readouterr().out)


def test_a_recipe_without_a_day_is_kept_as_before(
    work: Path, generate: Callable[..., dict[str, Any]]
) -> None:
    (work / "model" / "chat_template.jinja").write_text(CLOCK.partition("}}")[2])
    generate("--set", "prompt.chat=true")
    with Ledger(work / "ledger.db") as book:
        assert "date" not in json.loads(book.run("first").recipe)["prompt"]
