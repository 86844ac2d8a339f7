"""A chat-completions server on loopback, scripted by the test: real sockets, real HTTP."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What the server does with one request."""

    text: str | None = "[[7]]"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    raw: bytes | None = None
    delay_s: float = 0.0
    hang_up: bool = False
    reset: bool = False


# An answer to a prompt; the number is that of requests with this prompt before it.
Respond = Callable[[str, int], Answer]


@dataclass
class ChatLog:
    """What the server saw."""

    url: str = ""
    requests: list[dict] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def prompts(self) -> list[str]:
        return [request["messages"][0]["content"] for request in self.requests]


@contextmanager
def chat_server(answer: Respond) -> Iterator[ChatLog]:
    """Serve ``answer(prompt, how often this prompt came before)`` until the block ends."""
    log = ChatLog()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            prompt = body["messages"][0]["content"]
            with log.lock:
                before = log.prompts.count(prompt)
                log.requests.append(body)
                log.keys.append(self.headers.get("Authorization"))
                log.times.append(time.monotonic())
                log.at_once += 1
                log.most_at_once = max(log.most_at_once, log.at_once)
            try:
                self.reply(body, answer(prompt, before))
            finally:
                with log.lock:
                    log.at_once -= 1

        def reply(self, request: dict, reply: Answer) -> None:
            time.sleep(reply.delay_s)
            if reply.reset:  # closing sends RST where nothing may linger
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            if reply.hang_up or reply.reset:
                self.close_connection = True
                return
            data = reply.raw
            if data is None:
                data = json.dumps(reply.body or completion(request, reply.text)).encode()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    log.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield log
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def completion(request: dict, text: str | None) -> dict:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }
        ],
    }


def failure(status: int, code: str | None = None, message: str = "no", **headers: str) -> Answer:
    error = {"message": message, "type": code, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, body={"error": error})
