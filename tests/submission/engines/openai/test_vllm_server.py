"""vLLM's own OpenAI server on loopback answers as the engines that load the model do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from baselines.corpus.synthesize.step import Synthesize
from submission import cli
from submission.machine.hardware import vllm_version
from submission.runs.ledger import Ledger
from submission.tables import write_csv
from tests.baselines.corpus.made import corpus_of, question
from tests.baselines.corpus.made import run as run_step
from tests.submission.engines.openai.conftest import KEY, account

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed"),
]

CHAT = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
START_S = 240.0
ROWS = [(f"T_{number}", f"{'벽지 ' * number}물음 {number}") for number in range(12)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A small model with a chat template."""
    copy = tmp_path_factory.mktemp("served") / "model"
    shutil.copytree(model_folder, copy)
    (copy / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A vLLM server over that model."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    output = tmp_path_factory.mktemp("server") / "output.txt"
    with output.open("wb") as out:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", folder,
                "--served-model-name", "served", "--host", "127.0.0.1", "--port", str(port),
                "--dtype", "float32", "--enforce-eager", "--api-key", KEY,
            ],
            stdout=out,
            stderr=out,
            env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1"},
            start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_S
        while not _healthy(port):
            assert server.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.25)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(60)


def _healthy(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as reply:
            return bool(reply.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture
def arguments(url: str) -> Callable[..., list[str]]:
    """The command line of a run over the server, or over the model itself."""
    write_csv(Path("test.csv"), ("id", "질문"), ROWS, bom=False)

    def call(run: str, engine: str, model: str, *overrides: str) -> list[str]:
        Path("recipe.toml").write_text(
            f'name = "served"\n[model]\nname = "{model}"\n[engine]\nname = "{engine}"\n'
            f'dtype = "float32"\n[engine.openai]\nbase_url = "{url}"\n'
            '[prompt]\ntemplate = "질문: {{ question }}\\n답:"\n[sampling]\nmax_tokens = 20\n',
            encoding="utf-8",
        )
        sets = [part for override in overrides for part in ("--set", override)]
        return [
            "generate", "recipe.toml", "-c", "sample-wallpaper", "--test", "test.csv",
            "--run", run, "--json", *sets,
        ]  # fmt: skip

    return call


def completions(run: str) -> list[tuple[str, str, int, int]]:
    """Texts, why they ended, and tokens, in the order of the test file."""
    with Ledger(Path("ledger.db")) as book:
        found = [part.completion for part in book.parts(run)]
    return [
        (each.text, each.finish, each.prompt_tokens, each.completion_tokens)
        for each in found
        if each is not None
    ]


def test_the_server_answers_as_the_vllm_engine_does(
    arguments: Callable[..., list[str]], folder: Path
) -> None:
    assert cli.run(arguments("server", "openai", "served")) == 0
    program = Path(sys.executable).with_name("leaderkit")
    done = subprocess.run(
        [program, *arguments("engine", "vllm", str(folder))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert completions("server") == completions("engine")
    assert len({text for text, *_ in completions("server")}) > 6
    found = account("server")
    assert (found.replies, found.unmetered, found.uncertain) == (len(ROWS), 0, 0)
    assert found.completion_tokens == json.loads(done.stdout)["completion_tokens"]
    assert found.money == {}


def test_a_chat_is_rendered_by_the_servers_template(
    arguments: Callable[..., list[str]], folder: Path
) -> None:
    chat = ["prompt.chat=true", "prompt.system=짧게."]
    assert cli.run(arguments("server", "openai", "served", *chat)) == 0
    assert cli.run(arguments("engine", "transformers", str(folder), *chat)) == 0
    assert completions("server") == completions("engine")


def test_what_is_declared_arrives(arguments: Callable[..., list[str]]) -> None:
    extensions = 'engine.openai.extensions=["top_k","structured_outputs","continue_final_message"]'
    sampled = ["sampling.temperature=1.0", "sampling.top_k=9", "sampling.seed=5", extensions]
    for run in ("one", "two"):
        assert cli.run(arguments(run, "openai", "served", *sampled)) == 0
    bounded = [extensions, "prompt.chat=true", "prompt.prefill=결론: "]
    regex = "sampling.structure.regex=[ABC]{3}"
    assert cli.run(arguments("regex", "openai", "served", *bounded, regex)) == 0
    assert completions("one") == completions("two")
    texts = [text for text, *_ in completions("regex")]
    assert all(len(text) == 3 and set(text) <= set("ABC") for text in texts)


def test_the_server_refuses_a_wrong_key(
    arguments: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-and-never-shown")
    assert cli.run(arguments("refused", "openai", "served")) == 2
    said = capsys.readouterr().err
    assert "refuses the key: set OPENAI_API_KEY (HTTP 401)" in said
    assert "sk-wrong" not in said


def test_a_prompt_beyond_the_models_context_fails_alone(
    arguments: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    command = arguments("long", "openai", "served")
    write_csv(Path("test.csv"), ("id", "질문"), [*ROWS, ("T_long", "가" * 3000)], bom=False)
    assert cli.run(command) == 3
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    ((reason, count),) = report["failures"].items()
    assert count == 1
    assert reason.startswith("HTTP 400: ")
    assert "context length" in reason
    assert len(completions("long")) == len(ROWS)


SYNTHESIZING = """
name = "writer"
[model]
name = "served"
[engine]
name = "openai"
[engine.openai]
base_url = "{url}"
extensions = ["structured_outputs"]
[prompt]
template = "{{{{ question }}}}"
[sampling]
max_tokens = 40
"""


def test_records_are_synthesized_by_the_server_and_paid_once(url: str, tmp_path: Path) -> None:
    Path("recipe.toml").write_text(SYNTHESIZING.format(url=url), encoding="utf-8")
    Path("prompt.j2").write_text("글: {{ document }} 요약: {{ summary }} 문제:", encoding="utf-8")
    documents = [question(n, documents=(f"{n}번 벽지.",), summary="벽지") for n in range(6)]
    corpus = corpus_of(tmp_path / "in.jsonl", documents)
    given: dict[str, Any] = {
        "recipe": "recipe.toml",
        "prompt": Path("prompt.j2"),
        "task": "question",
    }
    done = run_step(Synthesize, corpus, tmp_path / "out", **given)
    # So small a model writes what can be read seldom or never: then the reply is dropped with why.
    assert done.manifest.rows + sum(done.manifest.dropped.values()) == 6
    repeated = done.manifest.counts["asked once more"]
    with Ledger(tmp_path / "out.replies.db") as book:
        runs = [each.name for each in book.runs()]
        found = [book.account(name) for name in runs]
        assert sum(each.replies for each in found) == 6 + repeated
        assert sum(each.unmetered for each in found) == 0
        spent = sum(each.prompt_tokens + each.completion_tokens for each in found)
    again = run_step(
        Synthesize, corpus, tmp_path / "again", cache=tmp_path / "out.replies.db",
        token_budget=spent, **given,
    )  # fmt: skip
    assert again.manifest == done.manifest
    with Ledger(tmp_path / "out.replies.db") as book:
        assert sum(book.account(each.name).replies for each in book.runs()) == 6 + repeated
