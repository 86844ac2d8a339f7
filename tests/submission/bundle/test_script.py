"""Scripts of bundles answer as their runs did, whatever the recipe, and are plain Python 3.10."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from submission import cli
from submission.bundle.agreement import load_script
from submission.bundle.inspect import code_problems
from tests.models import t5
from tests.submission.bundle.contests import write_contest
from tests.submission.engines.tiny import adapter

Bundled = Callable[..., Path]

CHAT = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
PARTS = CHAT.replace("message.content", "message.content[0].text")
CLOCK = "{{ strftime_now('%d %b %Y') }} " + CHAT


@dataclass(frozen=True)
class Variant:
    """What of a recipe differs: keys, the contest, and what is made of the model's folder."""

    keys: tuple[str, ...] = ()
    contest: str = "text"
    chat_template: str | None = None
    retries: bool = False
    model: str = "gpt2"


VARIANTS = {
    "greedy, whole cells": Variant(),
    "parts of compound questions": Variant(
        ("prompt.compound.mode=split", "prompt.compound.joiner= / ")
    ),
    "a stop text, a cut and one line": Variant(
        ("sampling.max_tokens=40", 'sampling.stop=["e"]', 'extraction.cut=["a"]')
    ),
    "a mark, lines kept": Variant(
        ("sampling.max_tokens=40", "extraction.after=a", "extraction.one_line=false")
    ),
    "drawn samples": Variant(
        (
            "sampling.temperature=1.5", "sampling.top_k=20", "sampling.top_p=0.9",
            "sampling.samples=2", "sampling.seed=3", "sampling.repetition_penalty=1.2",
        )
    ),
    "beams": Variant(("sampling.beams=3",)),
    "small batches, a short context": Variant(
        ("engine.batch_tokens=120", "engine.max_model_len=60")
    ),
    "a chat with a system text": Variant(
        ("prompt.chat=true", "prompt.system=짧게"), chat_template=CHAT
    ),
    "a chat of parts": Variant(
        ("prompt.chat=true", "prompt.system=짧게"), chat_template=PARTS
    ),
    "a chat with its own template, values and beginning": Variant(
        (
            "prompt.chat=true", "prompt.system=짧게", "prompt.fold_system=true",
            f"prompt.chat_template={CHAT}{{{{ mood }}}}", "prompt.prefill=답:",
            'prompt.chat_template_kwargs={ mood = "calm" }',
        ),
        chat_template="{{ raise_exception('not asked') }}",
    ),
    "a chat that shows the day": Variant(
        ("prompt.chat=true", "prompt.date=2026-03-01"), chat_template=CLOCK
    ),
    "retries that were adopted": Variant(
        (
            "engine.batch_tokens=1", "sampling.temperature=5.0",
            'sampling.stop=["e", "i", "o"]', "retry.temperature=4.0", "retry.top_p=1.0",
            "retry.repetition_penalty=1.0", "retry.attempts=2", "retry.max_tokens=40",
        ),
        retries=True,
    ),
    "options, a context, composed letters": Variant(
        ("prompt.template={{ context }}|{{ question }}|{{ labels | join('·') }}",), "options"
    ),
    "JSON with members within members": Variant(
        ("prompt.template={{ question }} {{ row.input.keywords }} {{ row['input.keywords'][0] }}",),
        "nested",
    ),
    "an encoder-decoder": Variant(model="t5"),
    "an adapter": Variant(("model.adapter=adapter",)),
}  # fmt: skip


@pytest.fixture
def bundled(
    tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bundled:  # fmt: skip
    """Generate a run and bundle it; returns the bundle's folder."""
    monkeypatch.setenv("LEADERKIT_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.chdir(tmp_path)

    def make(variant: Variant, *arguments: str, code: int = 0) -> Path:
        contest = str(write_contest(tmp_path, variant.contest))
        test, template = sorted(tmp_path.glob("t[es]*.*"), reverse=True)
        if variant.model == "t5":
            t5(tmp_path / "model")
        else:
            shutil.copytree(model_folder, tmp_path / "model")
        if "model.adapter=adapter" in variant.keys:
            adapter(tmp_path / "model", tmp_path / "adapter")
        if variant.chat_template is not None:
            (tmp_path / "model" / "chat_template.jinja").write_text(variant.chat_template)
        settings = [each for key in variant.keys for each in ("--set", key)]
        retry = ["--retry-degenerate"] if variant.retries else []
        (tmp_path / "recipe.toml").write_text(
            'name = "small"\nengine = { name = "transformers" }\n[model]\nname = "model"\n'
            "[sampling]\nmax_tokens = 12\n"
        )
        assert cli.run(["generate", "recipe.toml", "-c", contest, "--test", str(test),
                        "--run", "r", *settings, *retry]) == 0, capsys.readouterr().err  # fmt: skip
        ended = cli.run(["bundle", "r", "-c", contest, "--out", "bundle",
                         "--template", str(template), *arguments])  # fmt: skip
        assert ended == code, capsys.readouterr().err
        return tmp_path / "bundle"

    return make


def answered(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What the script writes."""
    script = load_script(bundle / "inference.py")
    monkeypatch.setattr(sys, "argv", ["inference.py", "--out", "made"])
    script.main()
    return Path("made").read_bytes()


def expected(bundle: Path) -> bytes:
    (path,) = (bundle / "expected").iterdir()
    return path.read_bytes()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_script_answers_as_its_run_did(
    name: str, bundled: Bundled, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = VARIANTS[name]
    bundle = bundled(variant)
    assert answered(bundle, monkeypatch) == expected(bundle)
    prompts = (bundle / "prompts.jsonl").read_text("utf-8")
    assert ('"retry": 0' in prompts) == variant.retries
    linted(bundle / "inference.py")


def linted(path: Path) -> None:
    """The script is Python 3.10 in which nothing is left over."""
    options = ["--isolated", "--no-cache", "--target-version", "py310", "--line-length", "100"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "B,C4,E,F,I,SIM,UP,W",
         *options, str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert code_problems(path.parent) == []


def test_rows_of_a_hidden_test_file_are_asked_as_leaderkit_would(
    bundled: Bundled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions that prompts.jsonl does not have are rendered and cut into parts by the script."""
    variant = Variant(("prompt.compound.mode=split",))
    bundle = bundled(variant)
    own = (bundle / "prompts.jsonl").read_text("utf-8")
    (bundle / "prompts.jsonl").write_text("")
    assert answered(bundle, monkeypatch) == expected(bundle)
    script = load_script(bundle / "inference.py")
    tokenizer = script.load_tokenizer()
    rows = script.read_rows(bundle / "data" / "test.csv")
    made = script.prompts_of_rows(tokenizer, rows)
    known = [json.loads(line)["prompts"] for line in own.splitlines()]
    assert [[list(each.tokens) for each in row] for row in made] == [
        [each["tokens"] for each in row] for row in known
    ]


def test_the_script_for_vllm_has_vllm_alone(bundled: Bundled) -> None:
    keys = ("sampling.temperature=1.5", "sampling.top_k=20", 'sampling.stop=["e", "</s>"]')
    bundle = bundled(Variant(keys), "--engine", "vllm", "--target", "python3.10,vllm0.14.1")
    text = (bundle / "inference.py").read_text("utf-8")
    linted(bundle / "inference.py")
    assert "stop=STOP_TEXTS" in text
    assert 'STOP_TEXTS = ["e"]' in text
    assert "END_IDS = [1]" in text
    assert "model.generate" not in text
    assert (bundle / "requirements.txt").read_text() == "# For Python 3.10.\nvllm==0.14.1\n"
    # vLLM would ask the network for this machine's address.
    assert 'os.environ.setdefault("VLLM_HOST_IP", "127.0.0.1")' in text
    assert "another engine than vllm" in (bundle / "README.md").read_text("utf-8")
