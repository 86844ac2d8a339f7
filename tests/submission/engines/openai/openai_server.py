"""An OpenAI-compatible server on loopback that fails as it is told to, and counts what it charges.

Real sockets and real HTTP. Work is done, and charged, once for each idempotency key; a key that it
knows gets the same reply again.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

MODEL = "served"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request; nothing does by default.

    Where ``works`` the answer is made, and charged, before it goes wrong.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    message: str = "no"
    works: bool = True
    hang: bool = False
    reset: bool = False
    cut: bool = False
    drip: float = 0.0
    body: bytes | None = None
    finish: str = "stop"
    usage: bool = True


FINE = Fault()
Plan = Callable[[str, int], Fault]
"""What goes wrong with a prompt, of which this many requests came before."""


def refused(status: int, code: str | None = None, message: str = "no", **headers: str) -> Fault:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fault(status, named, code, message, works=False)


@dataclass
class Charges:
    """What the server did: tokens it charged, and what it was sent."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    works: int = 0
    replays: int = 0


@dataclass
class Log:
    url: str = ""
    charges: Charges = field(default_factory=Charges)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    before: Counter[str] = field(default_factory=Counter)

    def forget(self) -> None:
        """Count charges, and the requests before one, from nothing."""
        self.charges = Charges()
        self.before.clear()

    def times_asked(self) -> Counter[str]:
        return Counter(map(asked, self.bodies))


def asked(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"] if "messages" in body else body["prompt"])


def answer(prompt: str) -> str:
    """A text that follows from the prompt alone."""
    return f"답: {prompt}"


def usage_of(prompt: str) -> dict[str, int]:
    return {
        "prompt": 3 + len(prompt),
        "cached": len(prompt) // 2,
        "completion": 2 + len(prompt) % 5,
        "reasoning": len(prompt) % 2,
    }


class Server:
    """Serves one plan; ``seconds`` is how long an answer takes."""

    def __init__(
        self,
        plan: Plan,
        *,
        seconds: float = 0.0,
        key: str | None = None,
        models: tuple[str, ...] = (MODEL,),
        idempotent: bool = True,
        listing: Fault = FINE,
    ) -> None:
        self.log = Log()
        self._plan, self._seconds, self._key, self._models = plan, seconds, key, models
        self._idempotent = idempotent
        self._listing = listing
        self._done: dict[str, bytes] = {}
        self._at_work: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                data = await reader.readexactly(int(headers.get("content-length", 0)))
                self.log.at_once += 1
                self.log.most_at_once = max(self.log.most_at_once, self.log.at_once)
                try:
                    going_on = await self._reply(head[0], headers, data, writer)
                finally:
                    self.log.at_once -= 1
                if not going_on:
                    break
        writer.close()

    async def _reply(
        self, line: str, headers: dict[str, str], data: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        if self._key is not None and headers.get("authorization") != f"Bearer {self._key}":
            told = f"Incorrect API key provided: {headers.get('authorization')}"
            return await self._write(writer, refused(401, "invalid_api_key", told), b"")
        if line.startswith("GET"):
            listed = {"object": "list", "data": [{"id": name} for name in self._models]}
            return await self._write(writer, self._listing, json.dumps(listed).encode())
        body = json.loads(data)
        prompt = asked(body)
        self.log.bodies.append(body)
        self.log.headers.append(headers)
        self.log.times.append(time.monotonic())
        fault = self._plan(prompt, self.log.before[prompt])
        self.log.before[prompt] += 1
        done = b""
        if fault.works:
            key = headers.get("idempotency-key", "")
            # One that is sent again while the first is at work waits for that.
            async with self._at_work[key]:
                if key not in self._done:
                    await asyncio.sleep(self._seconds)
                done = self._work(body, prompt, key, fault)
        if fault.hang:
            await asyncio.sleep(3600)
        return await self._write(writer, fault, done)

    def _work(self, body: dict[str, Any], prompt: str, key: str, fault: Fault) -> bytes:
        if self._idempotent and key in self._done:
            self.log.charges.replays += 1
            return self._done[key]
        used = usage_of(prompt)
        for name, tokens in used.items():
            setattr(self.log.charges, name, getattr(self.log.charges, name) + tokens)
        self.log.charges.works += 1
        text = answer(prompt)
        choice: dict[str, Any] = {"index": 0, "finish_reason": fault.finish}
        if "messages" in body:
            choice["message"] = {"role": "assistant", "content": text}
        else:
            choice["text"] = text
        made: dict[str, Any] = {"id": "c", "model": body["model"], "choices": [choice]}
        if fault.usage:
            made["usage"] = {
                "prompt_tokens": used["prompt"],
                "completion_tokens": used["completion"],
                "prompt_tokens_details": {"cached_tokens": used["cached"]},
                "completion_tokens_details": {"reasoning_tokens": used["reasoning"]},
            }
        self._done[key] = json.dumps(made).encode()
        return self._done[key]

    async def _write(self, writer: asyncio.StreamWriter, fault: Fault, done: bytes) -> bool:
        if fault.reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return False
        data = done if fault.body is None else fault.body
        if fault.status != 200:
            error = {"message": fault.message, "type": fault.code, "code": fault.code}
            data = json.dumps({"error": error}).encode()
        lines = [
            f"HTTP/1.1 {fault.status} X",
            "Content-Type: application/json",
            f"Content-Length: {len(data)}",
            *(f"{name}: {value}" for name, value in fault.headers),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        if fault.cut:
            writer.write(data[: len(data) // 2])
            await writer.drain()
            return False
        if fault.drip:
            for place in range(len(data)):
                writer.write(data[place : place + 1])
                await writer.drain()
                await asyncio.sleep(fault.drip)
            return True
        writer.write(data)
        await writer.drain()
        return True


@contextmanager
def openai_server(
    plan: Plan = lambda _prompt, _before: FINE, server: type[Server] | None = None, **settings: Any
) -> Iterator[Log]:
    """Serve ``plan`` until the block ends; the log says what was asked and charged."""
    serving = (server or Server)(plan, **settings)
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def main() -> None:
        listening = await asyncio.start_server(serving.serve, "127.0.0.1", 0, backlog=1024)
        serving.log.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        ready.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        listening.close()

    task = loop.create_task(main())

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(task)
        left = asyncio.all_tasks(loop)
        for each in left:
            each.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield serving.log
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
