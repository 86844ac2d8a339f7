"""The files of a batch: requests as lines, and lines as replies."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from evaluators.text.cells import shortened
from submission.engines.base import Request
from submission.engines.openai.reply import Kind, Reply, read_usage
from submission.engines.openai.sender import LONGEST_DETAIL, passes
from submission.recipes.openai import Batch


class InputFile(NamedTuple):
    """Requests, by row key, and the lines that ask for them."""

    rows: dict[str, Request]
    data: bytes


def input_files(
    requests: Sequence[Request],
    body: Callable[[Request], Mapping[str, Any]],
    url: str,
    limits: Batch,
) -> Iterator[InputFile]:
    """``requests`` in as few files as the limits permit, each made when it is taken.

    The id of a line is its row's key. A row larger than a file may be has a file of its own.
    """
    rows: dict[str, Request] = {}
    lines: list[bytes] = []
    size = 0
    for request in requests:
        asked = {"custom_id": request.key, "method": "POST", "url": url, "body": body(request)}
        line = json.dumps(asked, ensure_ascii=False).encode() + b"\n"
        if rows and (len(rows) == limits.max_requests or size + len(line) > limits.max_bytes):
            yield InputFile(rows, b"".join(lines))
            rows, lines, size = {}, [], 0
        rows[request.key] = request
        lines.append(line)
        size += len(line)
    if rows:
        yield InputFile(rows, b"".join(lines))


class _Response(msgspec.Struct):
    status_code: int
    body: msgspec.Raw


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: _Error | None = None


class _Refusal(msgspec.Struct):
    error: _Error


class Output(NamedTuple):
    """Replies by row key, and whether every line could be read."""

    replies: dict[str, Reply]
    readable: bool


def read_output(data: bytes, keys: Collection[str], read: Callable[[str, bytes], Reply]) -> Output:
    """What the lines of a batch's files say of the rows with these keys.

    ``read`` makes a reply of a row's key and the body of a response with status 200. Lines of other
    rows are passed over. Of several for a row the first with an answer counts, else the first.
    """
    replies: dict[str, Reply] = {}
    readable = True
    for text in filter(bytes.strip, data.split(b"\n")):
        try:
            line = msgspec.json.decode(text, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            readable = False
            continue
        key = line.custom_id
        if key not in keys:
            continue
        reply = _reply(line, read)
        before = replies.setdefault(key, reply)
        if before.kind is not Kind.ANSWERED and reply.kind is Kind.ANSWERED:
            replies[key] = reply
    return Output(replies, readable)


def _reply(line: _Line, read: Callable[[str, bytes], Reply]) -> Reply:
    response = line.response
    if response is None:
        error = line.error or _Error()
        told = ": ".join(filter(None, (error.code, error.message))) or "no answer, and no reason"
        return Reply(Kind.AGAIN, problem=shortened(told, LONGEST_DETAIL))
    body = bytes(response.body)
    if response.status_code == 200:
        return read(line.custom_id, body)
    try:
        message = msgspec.json.decode(body, type=_Refusal).error.message or ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = ""
    kind = Kind.AGAIN if passes(response.status_code) else Kind.ROW
    problem = f"HTTP {response.status_code}: {shortened(message, LONGEST_DETAIL)}".rstrip(": ")
    return Reply(kind, usage=read_usage(body), problem=problem)
