"""The server on loopback with files and batches: every request for one may fail as well.

Rows are worked on, and charged, when their batch ends. Nothing is told apart by its idempotency
key here: what is uploaded or begun twice is there twice.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.submission.engines.openai.openai_server import (
    FINE,
    Fault,
    Log,
    Plan,
    Server,
    asked,
    openai_server,
    refused,
)

PAGE = 2
"""What a list gives at once, however much is asked for."""

UPLOAD, CREATE, LOOK, DOWNLOAD = "upload", "create", "look", "download"
FILES, BATCHES = "list files", "list batches"


@dataclass
class Kept:
    """A batch at the server, and how often it was looked at."""

    about: dict[str, Any]
    lines: list[dict[str, Any]]
    looks: int = 0
    status: str = "validating"
    files: dict[str, str] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return self.status in ("completed", "failed", "expired", "cancelled")


class BatchServer(Server):
    """A batch ends so, after ``looks`` looks while it is ``ready``, ``within`` rows answered.

    ``fails`` gives the code with which a batch fails as a whole, from how many others are not over;
    ``written`` makes of the content of a file what the server has of it at the n-th download.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        ends: str = "completed",
        looks: int = 1,
        answers: int | None = None,
        ready: Callable[[], bool] = lambda: True,
        fails: Callable[[int], str | None] = lambda _: None,
        written: Callable[[bytes, int], bytes] = lambda data, _: data,
        **settings: Any,
    ) -> None:
        super().__init__(plan, **settings)
        self._ends, self._looks, self._answers = ends, looks, answers
        self._ready, self._fails, self._written = ready, fails, written
        self.files: dict[str, tuple[str, bytes]] = {}
        others = {"metadata": {"of": "others"}, "input_file_id": "file-other"}
        self.batches = {
            f"batch_other{number}": Kept(dict(others), [], status="completed")
            for number in range(PAGE + 1)
        }

    async def _reply(
        self, line: str, headers: dict[str, str], data: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        method, target, _ = line.split()
        address = urlsplit(target)
        _, _, kind, *rest = address.path.split("/")
        if kind not in ("files", "batches"):
            return await super()._reply(line, headers, data, writer)
        name = rest[0] if rest else ""
        what = {
            ("files", "POST"): UPLOAD,
            ("files", "GET"): DOWNLOAD if rest else FILES,
            ("batches", "POST"): CREATE,
            ("batches", "GET"): LOOK if rest else BATCHES,
        }[kind, method]
        before = self.log.before[what]
        self.log.before[what] += 1
        fault = self._plan(what, before)
        done = b""
        if fault.works:
            after = parse_qs(address.query).get("after", [""])[0]
            found = self._done_of(what, name or after, headers, data, before)
            if found is None:
                fault = refused(404, message="no such thing")
            elif isinstance(found, bytes):
                done = found
            else:
                done = json.dumps(found).encode()
        if fault.hang:
            await asyncio.sleep(3600)
        return await self._write(writer, fault, done)

    def _done_of(
        self, what: str, name: str, headers: dict[str, str], data: bytes, before: int
    ) -> Any:
        if what == UPLOAD:
            return self._upload(headers["content-type"], data)
        if what == CREATE:
            return self._create(json.loads(data))
        if what == DOWNLOAD:
            return self._written(self.files[name][1], before) if name in self.files else None
        if what == LOOK:
            return self._look(name) if name in self.batches else None
        listed: dict[str, dict[str, Any]] = (
            {each: {"id": each, "filename": file} for each, (file, _) in self.files.items()}
            if what == FILES
            else {each: self._shown(each) for each in reversed(self.batches)}
        )
        names = list(listed)
        start = names.index(name) + 1 if name else 0
        page = [listed[each] for each in names[start : start + PAGE]]
        return {"object": "list", "data": page, "has_more": len(names) > start + PAGE}

    def _upload(self, form: str, data: bytes) -> dict[str, Any]:
        (boundary,) = re.findall(r"boundary=(\S+)", form)
        parts = {}
        for part in data.split(f"--{boundary}".encode())[1:-1]:
            head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
            (field_name,) = re.findall(rb'[; ]name="([^"]+)"', head)
            parts[field_name] = (re.findall(rb'filename="([^"]+)"', head), content)
        assert parts[b"purpose"][1] == b"batch"
        (filename,), content = parts[b"file"]
        return self._keep(filename.decode(), content)

    def _keep(self, filename: str, content: bytes) -> dict[str, Any]:
        name = f"file-{len(self.files)}"
        self.files[name] = (filename, content)
        return {"id": name, "object": "file", "filename": filename, "purpose": "batch"}

    def _create(self, about: dict[str, Any]) -> dict[str, Any]:
        _, content = self.files[about["input_file_id"]]
        lines = [json.loads(line) for line in content.splitlines()]
        assert {line["url"] for line in lines} == {about["endpoint"]}
        assert len({line["custom_id"] for line in lines}) == len(lines)
        running = sum(not each.over for each in self.batches.values())
        code = self._fails(running)
        name = f"batch_{len(self.batches)}"
        self.batches[name] = made = Kept(about, lines)
        if code is not None:
            made.status = "failed"
            made.errors = [{"code": code, "message": "not this one", "line": None}]
        return self._shown(name) | {"status": "validating"}

    def _look(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        if not batch.over:
            batch.looks += 1
            batch.status = "in_progress"
            if batch.looks > self._looks and self._ready():
                self._finish(batch)
        return self._shown(name)

    def _shown(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        total = len(batch.lines)
        done = total if batch.over else min(batch.looks - 1, total)
        errors = {"object": "list", "data": batch.errors} if batch.errors else None
        counts = {"total": total, "completed": done, "failed": 0}
        return {
            "id": name, "object": "batch", "status": batch.status, **batch.about, **batch.files,
            "errors": errors, "request_counts": counts,
        }  # fmt: skip

    def _finish(self, batch: Kept) -> None:
        batch.status = self._ends
        answers: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for number, line in enumerate(batch.lines):
            told: dict[str, Any] = {"id": f"batch_req_{number}", "custom_id": line["custom_id"]}
            if self._answers is not None and number >= self._answers:
                code = f"batch_{self._ends}"
                errors.append({**told, "error": {"code": code, "message": "too late"}})
                continue
            prompt = asked(line["body"])
            fault = self._plan(prompt, self.log.before[prompt])
            self.log.before[prompt] += 1
            self.log.bodies.append(line["body"])
            body: Any = {"error": {"message": fault.message, "code": fault.code}}
            if fault.works:
                body = json.loads(self._work(line["body"], prompt, f"{number}{prompt}", fault))
            if fault.body is not None:
                body = fault.body.decode()
            response = {"status_code": fault.status, "request_id": "r", "body": body}
            (answers if fault.status == 200 else errors).append({**told, "response": response})
        # As they come in, not as they were asked.
        for kind, lines in (("output", answers[::-1]), ("error", errors)):
            if lines:
                content = "".join(json.dumps(each) + "\n" for each in lines)
                batch.files[f"{kind}_file_id"] = self._keep(f"{kind}.jsonl", content.encode())["id"]


def batch_server(
    plan: Plan = lambda _prompt, _before: FINE, **settings: Any
) -> AbstractContextManager[Log]:
    """Serve ``plan`` with batches until the block ends."""
    return openai_server(plan, server=BatchServer, idempotent=False, **settings)


def at(what: str, *faults: Fault) -> Plan:
    """These faults for the first requests for ``what``."""
    return lambda asked_for, before: (
        faults[before] if asked_for == what and before < len(faults) else FINE
    )
