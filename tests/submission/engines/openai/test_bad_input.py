"""What a user may get wrong: one message, exit 2, nothing answered, and never the key."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from submission import cli
from submission.engines.openai import probe
from tests.submission.engines.openai.conftest import KEY, Generate, account, kept
from tests.submission.engines.openai.openai_server import FINE, MODEL, Fault, openai_server, refused


def everything_written() -> bytes:
    return b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file())


def test_the_key_is_sent_and_is_in_no_file(generate: Generate) -> None:
    with openai_server(key=KEY) as log:
        generate(log.url, rows=3)
        assert {each["authorization"] for each in log.headers} == {f"Bearer {KEY}"}
    assert KEY.encode() not in everything_written()


def test_a_wrong_key_is_named_by_its_variable_alone(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-wrong-and-never-shown")
    with openai_server(key=KEY) as log:
        said = generate(log.url, code=2, key="MY_KEY")["said"]
        assert "refuses the key: set MY_KEY (HTTP 401)" in said
        assert "sk-wrong" not in said
        assert log.bodies == []
    assert b"sk-wrong" not in everything_written()


def test_a_key_that_is_refused_while_the_run_goes_on_keeps_its_rows(generate: Generate) -> None:
    told = refused(401, "invalid_api_key", f"Incorrect API key provided: {KEY}")
    with openai_server(lambda _prompt, _before: told if log.charges.works >= 5 else FINE) as log:
        said = generate(log.url, code=3, connections=1)["said"]
        assert "refuses the key: set OPENAI_API_KEY (HTTP 401). Finished rows are kept" in said
    assert len(kept()) == 5


def test_a_row_that_fails_with_the_key_in_the_servers_words_shows_none(
    generate: Generate,
) -> None:
    told = refused(400, None, f"cannot read {KEY}")
    with openai_server(lambda _prompt, before: told if not before else FINE) as log:
        report = generate(log.url, rows=2, code=3)
        assert list(report["failures"]) == ["HTTP 400: cannot read [key]"]
    assert KEY.encode() not in everything_written()


def test_a_missing_key_is_named(generate: Generate, monkeypatch: pytest.MonkeyPatch) -> None:
    with openai_server() as log:
        said = generate(log.url, code=2, key="NOT_SET_ANYWHERE")["said"]
        assert "the environment variable NOT_SET_ANYWHERE holds no key" in said
        assert log.bodies == []


def test_a_key_with_a_line_break_is_not_sent(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-broken\n")
    with openai_server() as log:
        said = generate(log.url, code=2)["said"]
    assert "OPENAI_API_KEY holds a line break" in said
    assert "sk-broken" not in said


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("key", "sk-3141592653", "key is the name of the environment variable"),
        ("key", "ABCDEF03141592653GH", "holds no key for"),
        ("key", "ABCDEFGHIJKLMNOPQRSTUVWXYZ_ABCDEFGHIJKLMNOP", "holds no key for"),
        ("base_url", "http://user:secret@host/v1", "base_url holds a name, a password"),
        ("base_url", "host:8000/v1", "base_url is not an address such as"),
    ],
)
def test_a_secret_in_a_recipe_is_refused_without_being_shown(
    generate: Generate, name: str, value: str, told: str
) -> None:
    said = generate("http://127.0.0.1:9/v1", code=2, **{name: value})["said"]
    assert told in said
    assert value not in said
    assert "3141592653" not in said
    assert "secret" not in said


@pytest.mark.parametrize("name", ["api_key", "Authorization", "x-api-key", "token", "auth_token"])
def test_a_secret_among_further_members_is_refused(generate: Generate, name: str) -> None:
    members = ("--set", f'engine.openai.extra={{"{name}"="never-shown", "max_new_tokens"=3}}')
    said = generate("http://127.0.0.1:9/v1", *members, code=2)["said"]
    assert f"extra holds {name}, which looks like a secret" in said
    assert "never-shown" not in said


def test_a_server_that_is_not_there_is_told_before_the_run_begins(generate: Generate) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = generate(f"http://127.0.0.1:{port}/v1", code=2)["said"]
    assert f"the connection to 127.0.0.1:{port} failed. Start the server" in said
    assert cli.run(["show", "asked"]) == 2, "nothing was recorded"


def test_a_server_that_does_not_end_its_list_of_models_is_not_waited_for(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "WAIT_S", 0.5)
    with openai_server(listing=Fault(drip=0.1)) as log:
        said = generate(log.url, code=2)["said"]
        assert "no list of models from 127.0.0.1" in said
        assert "no reply within" in said
        assert log.bodies == []


def test_a_model_that_is_not_listed_is_warned_of_and_one_that_is_refused_ends_the_run(
    generate: Generate,
) -> None:
    unknown = refused(404, "model_not_found", "no such model")
    with openai_server(lambda _prompt, _before: unknown, models=("serves", "another")) as log:
        said = generate(log.url, code=2, connections=1)["said"]
        assert f"does not list the model '{MODEL}': it has serves" in said
        assert "knows no such model or address: check model and base_url (HTTP 404)" in said
        assert len(log.bodies) == 1
    assert kept() == {}
    assert account().money == {}


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("sampling.repetition_penalty=1.1", "sampling.repetition_penalty (retry"),
        ("prompt.prefill=답:", "prompt.prefill: continue_final_message is no parameter"),
        ("prompt.date=2024-01-01", "prompt.date is for engines that have the model's tokenizer"),
        ("sampling.beams=2", "sampling.beams: engine 'openai' has no beam search"),
        ("model.adapter=some", "model.adapter: engine 'openai' has no adapter"),
        ('engine.openai.extra={"temperature"=1}', "cannot hold temperature"),
        ("engine.openai.conections=3", "unknown key 'engine.openai.conections'"),
    ],
)
def test_what_a_server_would_not_be_told_or_might_ignore_is_refused(
    generate: Generate, override: str, told: str
) -> None:
    with openai_server() as log:
        said = generate(log.url, "--set", override, code=2)["said"]
        assert told in said
        assert log.bodies == []


def test_top_k_is_refused_where_it_counts_and_sent_where_it_is_declared(
    generate: Generate,
) -> None:
    sampled = ["--set", "sampling.temperature=0.7", "--set", "sampling.top_k=5"]
    with openai_server() as log:
        said = generate(log.url, *sampled, code=2)["said"]
        assert 'add "top_k" to engine.openai.extensions' in said
        generate(log.url, *sampled, rows=2, extensions=["top_k"])
        assert {body["top_k"] for body in log.bodies} == {5}
