"""Pages as they came, in a folder that a crawl goes on from and a later one compares with.

``pages.jsonl`` has a line for every answer, written behind the body itself; the last line of a URL
counts. Bodies are called by their SHA-256.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

import msgspec

from submission.errors import InputError
from submission.files.atomic import no_room, write_bytes

JOURNAL = "pages.jsonl"


class Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a URL: a body, the URLs of a feed or sitemap, or an error in words."""

    url: str
    crawl: str
    final: str = ""
    body: str = ""
    charset: str = ""
    etag: str = ""
    modified: str = ""
    fetched: str = ""
    """The day on which the body came."""
    links: tuple[str, ...] | None = None
    error: str = ""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    page: Stored | None = None
    finished: str = ""


class Store:
    """A folder of pages. One crawl at a time."""

    def __init__(self, folder: Path, crawl: str) -> None:
        """Open the folder for the crawl called ``crawl``.

        Raises :class:`InputError` where it cannot be written to or another crawl is at work.
        """
        self.folder = folder
        self.pages: dict[str, Stored] = {}
        path = folder / JOURNAL
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{folder}: another crawl is writing there; wait for its end"
            ) from None
        except OSError as error:
            raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
        self.crawl = f"{crawl}-{self._reread(path, crawl)}"

    def _reread(self, path: Path, crawl: str) -> int:
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1  # a line that a kill cut off is taken away
        os.truncate(path, whole)
        finished = 0
        for number, line in enumerate(data[:whole].splitlines(), start=1):
            try:
                entry = msgspec.json.decode(line, type=_Line)
            except msgspec.DecodeError as error:
                raise InputError(
                    f"{path}, line {number}: is no page of a crawl: {error}; remove the line, or "
                    "give another folder"
                ) from None
            if entry.page is not None:
                self.pages[entry.page.url] = entry.page
            finished += entry.finished.rpartition("-")[0] == crawl
        return finished

    def done(self, url: str) -> Stored | None:
        """What this crawl has of ``url`` already."""
        page = self.pages.get(url)
        whole = page is not None and (not page.body or self._body(page.body).is_file())
        return page if page is not None and whole and page.crawl == self.crawl else None

    def earlier(self, url: str) -> Stored | None:
        """What an earlier crawl had, if its body is still there."""
        page = self.pages.get(url)
        return page if page is not None and page.body and self._body(page.body).is_file() else None

    def add(self, page: Stored, body: bytes | None) -> Stored:
        """Keep a page."""
        if body is not None:
            page = msgspec.structs.replace(page, body=hashlib.sha256(body).hexdigest())
            if not self._body(page.body).is_file():
                write_bytes(self._body(page.body), body)
        self._append(_Line(page))
        self.pages[page.url] = page
        return page

    def finish(self) -> None:
        """Say that the crawl has ended: the next one asks again."""
        self._append(_Line(finished=self.crawl))

    def read(self, page: Stored) -> bytes:
        """The body of a page."""
        return self._body(page.body).read_bytes()

    def close(self) -> None:
        """Let another crawl in."""
        self._file.close()

    def _append(self, line: _Line) -> None:
        try:
            self._file.write(msgspec.json.encode(line) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            if not no_room(error):
                raise
            raise InputError(
                f"{self.folder}: no room left on the disk. What was fetched is kept: make room, "
                "then run the same command again"
            ) from None

    def _body(self, digest: str) -> Path:
        return self.folder / "bodies" / digest[:2] / digest
