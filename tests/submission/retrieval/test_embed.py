"""Vectors from an OpenAI-compatible server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from submission.cli import run
from submission.errors import InputError
from submission.retrieval import embed
from submission.retrieval.embed import Dense, embedder, unit

KEY = "sk-secret-of-the-test"


class Server:
    """Counts requests; ``fewer`` vectors than texts, or any ``status``, where it is told to."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fewer = 0
        self.statuses: list[int] = []
        self.url = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = told.statuses.pop(0) if told.statuses else 200
            if self.headers["Authorization"] != f"Bearer {KEY}":
                status = 401
            reply: dict[str, Any] = {"error": {"message": f"no, {self.headers['Authorization']}"}}
            if status == 200:
                told.asked.append(body["input"])
                texts = body["input"][: len(body["input"]) - told.fewer]
                data = [
                    {"object": "embedding", "index": n, "embedding": [len(text), 1.0, 0.0]}
                    for n, text in enumerate(texts)
                ]
                usage = {"prompt_tokens": 1, "total_tokens": 1}
                reply = {"object": "list", "data": data[::-1], "model": "m", "usage": usage}
            sent = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.send_header("Content-Type", "application/json")
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{http.server_port}/v1"
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    yield told
    http.shutdown()
    http.server_close()


def test_texts_are_sent_together_and_vectors_come_in_their_order(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "AT_ONCE", 2)
    found = embedder(Dense(encoder="m", base_url=server.url)).encode(["가", "나나", "다다다"])
    assert found.tolist() == [[1, 1, 0], [2, 1, 0], [3, 1, 0]]
    assert server.asked == [["가", "나나"], ["다다다"]]
    assert np.allclose(np.linalg.norm(unit(found), axis=1), 1)


def test_a_busy_server_is_asked_again(server: Server) -> None:
    server.statuses = [429, 500]
    assert embedder(Dense(encoder="m", base_url=server.url)).encode(["가"]).shape == (1, 3)


def test_what_a_server_does_wrong_is_said_without_the_key(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = embedder(Dense(encoder="m", base_url=server.url))
    server.fewer = 1
    with pytest.raises(InputError, match="gave 1 vectors for 2 texts"):
        made.encode(["가", "나"])
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    with pytest.raises(InputError, match="refuses the key: set OPENAI_API_KEY") as refusal:
        embedder(Dense(encoder="m", base_url=server.url)).encode(["가"])
    assert "sk-wrong" not in str(refusal.value)


def test_an_index_by_a_server_keeps_no_secret(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs, out = tmp_path / "d.jsonl", tmp_path / "index"
    docs.write_text('{"id": "a", "text": "하나."}\n', encoding="utf-8")
    command = ["index", str(docs), "--out", str(out), "--encoder", "m"]
    secret = server.url.replace("http://", "http://user:SECRET@")
    assert run([*command, "--base-url", secret]) == 2
    assert "SECRET" not in capsys.readouterr().err
    assert not out.exists()
    assert run([*command, "--base-url", server.url]) == 0
    assert run(["retrieve", str(out), "하나"]) == 0
    for path in out.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()
