"""What is asked of a server about files and batches (OpenAI's Files and Batch APIs)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from submission.engines.account import Batch
from submission.engines.openai.sender import told_id

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MARK = "leaderkit_batch"
"""The name under which a batch's metadata has its id."""

_LONGEST_METADATA = 512
_NO_LIST = {404, 405, 501}


class Counts(msgspec.Struct):
    """How many of a batch's requests have ended."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class Status(msgspec.Struct):
    """How a batch stands; ``id`` is the server's."""

    id: str
    status: str
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    request_counts: Counts | None = None
    errors: Any = None
    metadata: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in ("completed", "failed", "expired", "cancelled")

    def __str__(self) -> str:
        words = self.status.replace("_", " ")
        counts = self.request_counts
        if self.status != "in_progress" or counts is None or not counts.total:
            return words
        return f"{words}, {counts.completed + counts.failed} of {counts.total} done"

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Code and message of what is wrong with the whole batch."""
        found = self.errors.get("data") if isinstance(self.errors, dict) else self.errors
        told = []
        for each in found if isinstance(found, list) else []:
            error = each if isinstance(each, dict) else {"message": each}
            at = f"line {error['line']}: " if error.get("line") else ""
            told.append((str(error.get("code") or ""), f"{at}{error.get('message') or ''}"))
        return told


class _File(msgspec.Struct):
    id: str
    filename: str = ""


Item = TypeVar("Item", _File, Status)


class _Page(msgspec.Struct, Generic[Item]):
    data: list[Item]
    has_more: bool = False


class BatchApi:
    """The requests that batches take, over one client.

    All raise what the client does, and ``msgspec.DecodeError`` for replies of another form.
    """

    def __init__(self, client: AsyncOpenAI, url: str, window: str) -> None:
        self._files = client.files.with_raw_response
        self._batches = client.batches.with_raw_response
        self._url = url
        self._window = window

    async def upload(self, batch: Batch, data: bytes, *, again: bool) -> str:
        """The server's id of the file; where this is done ``again``, perhaps that of before."""
        if again and (found := await self.find_file(batch)) is not None:
            return found
        reply = await self._files.create(
            file=(_filename(batch), data), purpose="batch", extra_headers=told_id(batch.id)
        )
        return msgspec.json.decode(reply.content, type=_File).id

    async def find_file(self, batch: Batch) -> str | None:
        """The server's id of the file that was uploaded for ``batch``, if it has one."""

        def page(after: dict[str, str]) -> Awaitable[Any]:
            return self._files.list(purpose="batch", extra_query=after)

        async for file in _every(page, _Page[_File]):
            if file.filename == _filename(batch):
                return file.id
        return None

    async def create(self, batch: Batch, *, again: bool) -> Status:
        """Begin the batch of its file; where this is done ``again``, perhaps that of before."""
        if again and (found := await self.find(batch)) is not None:
            return found
        metadata = {MARK: batch.id, "leaderkit_run": batch.run[:_LONGEST_METADATA]}
        endpoint: Any = self._url
        window: Any = self._window
        reply = await self._batches.create(
            input_file_id=batch.file or "",
            endpoint=endpoint,
            completion_window=window,
            metadata=metadata,
            extra_headers=told_id(batch.id),
        )
        return msgspec.json.decode(reply.content, type=Status)

    async def find(self, batch: Batch) -> Status | None:
        """The batch that was begun of the file, if the server has one."""

        def page(after: dict[str, str]) -> Awaitable[Any]:
            return self._batches.list(limit=100, extra_query=after)

        async for each in _every(page, _Page[Status]):
            marked = (each.metadata or {}).get(MARK) == batch.id
            if marked or (batch.file is not None and each.input_file_id == batch.file):
                return each
        return None

    async def status(self, batch: Batch) -> Status:
        """How the batch stands."""
        reply = await self._batches.retrieve(batch.name or "")
        return msgspec.json.decode(reply.content, type=Status)

    def download(self, file: str) -> Callable[[bool], Awaitable[bytes]]:
        """What gets the content of a file: nothing where the server does not have it any more."""

        async def content(_again: bool) -> bytes:
            import openai

            try:
                return (await self._files.content(file)).content
            except openai.NotFoundError:
                return b""

        return content


def _filename(batch: Batch) -> str:
    return f"{batch.id}.jsonl"


async def _every(
    ask: Callable[[dict[str, str]], Awaitable[Any]], form: type[_Page[Item]]
) -> AsyncIterator[Item]:
    """What a list has, page by page; nothing where the server has no such list."""
    import openai

    after: dict[str, str] = {}
    while True:
        try:
            reply = await ask(after)
        except openai.APIStatusError as error:
            if error.status_code in _NO_LIST:
                return
            raise
        page = msgspec.json.decode(reply.content, type=form)
        for each in page.data:
            yield each
        last = {"after": page.data[-1].id} if page.data else after
        if not page.has_more or last == after:
            return
        after = last
