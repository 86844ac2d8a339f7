"""``leaderkit corpus crawl``: pages of the web, or saved ones, to documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import xxhash
from pydantic import Field

from baselines.corpus.archives.members import FileMember, members
from baselines.corpus.batch import Batch, Problem
from baselines.corpus.crawl.fetch import fetch, place_of_link
from baselines.corpus.crawl.links import links_in
from baselines.corpus.crawl.store import Store, Stored
from baselines.corpus.crawl.visit import AGENT, Manners, Visitor
from baselines.corpus.folder import Corpus, digest, sha256_file
from baselines.corpus.record import Record, Source, meta
from baselines.corpus.steps import Say, Settings
from submission import __version__
from submission.documents.page import Page, read_page
from submission.errors import InputError
from submission.files.named import named
from submission.recipes.base import Conflict, NonEmpty

PAGES = 200
"""Pages that are one part."""
_SUFFIXES = (".html", ".htm", ".xhtml")


class CrawlSettings(Settings):
    """What is crawled, and how servers are asked."""

    urls: Path | None = Field(
        default=None,
        description="File of URLs, one a line; or a feed or sitemap (.xml, .gz) that was saved.",
    )
    url: tuple[NonEmpty, ...] = Field(
        default=(), description="URLs of pages, feeds or sitemaps, with commas between them."
    )
    saved: tuple[Path, ...] = Field(
        default=(), description="Saved pages: files, folders or archives of .html."
    )
    known: tuple[Path, ...] = Field(
        default=(), description="Corpora whose pages and texts are left out."
    )
    cache: Path | None = Field(
        default=None,
        description="Folder of the pages as they came, for this crawl and later ones"
        " [default: OUT.pages].",
    )
    delay: float = Field(
        default=1.0, ge=0, le=120, description="Seconds between two requests to a server."
    )
    seconds: float = Field(default=30.0, gt=0, description="Seconds for one answer.")
    most_bytes: int = Field(default=10_000_000, gt=0, description="Bytes of one answer.")
    most_pages: int = Field(default=10_000, gt=0, description="URLs that are asked for.")
    private: bool = Field(
        default=False, description="Allow private addresses, such as those of this machine."
    )
    contact: str = Field(
        default="", description="Address of yours that servers are told: a page or an email."
    )

    def conflicts(self) -> Iterator[Conflict]:
        """There is something to crawl."""
        if self.urls is None and not self.url and not self.saved:
            yield Conflict("urls", "nothing to crawl: give --urls, --url or --saved")


class Item(NamedTuple):
    """A page to be written: where it is, and why not, if it is not."""

    page: Stored | None = None
    member: FileMember | None = None
    reason: str = ""
    detail: str = ""
    problem: Problem | None = None


class Crawl:
    """Fetch pages as their servers allow.

    Give the addresses of pages, feeds or sitemaps, or pages that were saved. robots.txt is
    followed, a server is asked once at a time with a pause in between, and pages that have not
    changed since the last crawl with the same --cache are not sent again. A crawl that was
    stopped goes on where it stopped.
    """

    name: ClassVar[str] = "crawl"
    about: ClassVar[str] = "Make documents of web pages."
    settings_type: ClassVar[type[Settings]] = CrawlSettings
    in_process: ClassVar[bool] = False

    def __init__(self, settings: CrawlSettings) -> None:
        self.settings = settings
        self._items: list[Item] = []
        self._store: Path | None = None
        self._crawl = ""
        self._left_out = 0

    def identity(self) -> Mapping[str, Any]:
        """What is crawled; not how politely."""
        settings = self.settings
        return {
            **settings.model_dump(
                mode="json", include={"urls", "url", "saved", "known", "most_bytes", "most_pages"}
            ),
            "list": None if settings.urls is None else sha256_file(_there(settings.urls)),
            "files": digest([(each.name, each.size) for each in self._saved([])]),
            "known corpora": [Corpus.open(path).digest for path in settings.known],
        }

    def prepare(self, out: Path, say: Say) -> None:
        """Fetch what is not here yet, and find what is there twice."""
        problems: list[Problem] = []
        items = [Item(member=member) for member in self._saved(problems)]
        items = [*(Item(problem=problem) for problem in problems), *items]
        if self.settings.url or self.settings.urls is not None:
            items += [Item(page=page) for page in self._fetched(out, say)]
        seen = _Seen(self.settings.known)
        self._items = [self._judged(item, seen) for item in items]

    def chunks(self) -> Sequence[Sequence[Item]]:
        """Some pages each."""
        items = self._items
        return [items[at : at + PAGES] for at in range(0, len(items), PAGES)]

    def do(self, chunk: Sequence[Item]) -> Batch:
        """Records of pages."""
        batch = Batch()
        for item in chunk:
            if item.problem is not None:
                batch.problems.append(item.problem)
                continue
            record = _record(item, self._read(item))
            if item.reason:
                batch.drop(record, item.reason, item.detail)
            else:
                batch.kept.append(record)
        return batch

    def notes(self) -> Iterator[str]:
        """Where the pages are kept; and that the crawl has ended, so that the next asks again."""
        if self._store is None:
            return
        store = Store(self._store, self._crawl)
        store.finish()
        store.close()
        yield (
            f"The pages as they came are in {self._store}; a crawl with --cache {self._store} "
            "asks for changed ones only."
        )
        if self._left_out:
            yield f"{self._left_out:,} more URLs were left out; raise --most-pages to fetch them."

    def _saved(self, problems: list[Problem]) -> Iterator[FileMember]:
        for member in members(self.settings.saved, problems.append):
            if member.name.lower().endswith(_SUFFIXES):
                yield member

    def _fetched(self, out: Path, say: Say) -> list[Stored]:
        settings = self.settings
        agent = f"{AGENT}/{__version__}" + (f" (+{settings.contact})" if settings.contact else "")
        manners = Manners(
            agent, settings.delay, settings.private, settings.seconds, settings.most_bytes
        )
        self._store = settings.cache or out.with_name(f"{out.name}.pages")
        self._crawl = digest([str(out.resolve()), self.identity()])[:16]
        urls = [*settings.url, *(links_in(settings.urls) if settings.urls is not None else ())]
        store = Store(self._store, self._crawl)
        try:
            pages, self._left_out = fetch(urls, store, Visitor(manners), settings.most_pages, say)
        finally:
            store.close()
        return pages

    def _judged(self, item: Item, seen: _Seen) -> Item:
        if item.problem is not None:
            return item
        name = item.page.url if item.page else item.member.name if item.member else ""
        if item.page and item.page.error:
            return Item(problem=Problem(item.page.url, "", item.page.error))
        try:
            page = self._read(item)
        except InputError as error:
            return Item(problem=Problem(name, "", str(error)))
        reason, detail = seen.why_not(page, _urls(item, page), name)
        return item._replace(reason=reason, detail=detail)

    def _read(self, item: Item) -> Page:
        if item.page is not None and self._store is not None:
            path = self._store / "bodies" / item.page.body[:2] / item.page.body
            return read_page(path.read_bytes(), item.page.charset)
        if item.member is None:
            raise AssertionError("an item without a page")
        with item.member.open() as file:
            return read_page(file.read())


class _Seen:
    """Pages that are there: by their addresses, and by their text without spaces."""

    def __init__(self, known: Sequence[Path]) -> None:
        self._first: dict[str | int, str] = {}
        for path in known:
            for record in Corpus.open(path):
                self._first.setdefault(str(record.facts().get("url", "")), "")
                for text in record.documents:
                    self._first.setdefault(_key(text), "")
        self._first.pop("", None)

    def why_not(self, page: Page, urls: Sequence[str], name: str) -> tuple[str, str]:
        """The reason to leave a page out, and which it repeats; nothing for a new one."""
        keys: list[str | int] = [*urls, _key(page.text)]
        found = next((self._first[key] for key in keys if key in self._first), None)
        for key in keys:
            self._first.setdefault(key, name)
        if found is None:
            return "", ""
        return ("repeats a page", found) if found else ("is there already", "")


def _key(text: str) -> int:
    return xxhash.xxh3_128_intdigest("".join(text.split()).casefold().encode())


def _urls(item: Item, page: Page) -> list[str]:
    if item.page is None:
        return [page.canonical] if page.canonical else []
    found = [item.page.url, item.page.final]
    if page.canonical:
        found.append(place_of_link(page.canonical, item.page.final))
    return found


def _record(item: Item, page: Page) -> Record:
    name = item.page.url if item.page else item.member.name if item.member else ""
    facts = {
        "title": page.title,
        "date": page.date,
        "url": item.page.url if item.page else page.canonical,
        "fetched": item.page.fetched if item.page else "",
    }
    return Record(
        id=f"web:{name}",
        source=Source("web", name, ""),
        task="document",
        documents=(page.text,),
        language=page.language or "ko",
        licence=page.licence,
        meta=meta(facts),
    )


def _there(path: Path) -> Path:
    found = named(path)
    if not found.is_file():
        raise InputError(f"{path}: there is no such file")
    return found
