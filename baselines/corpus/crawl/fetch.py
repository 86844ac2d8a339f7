"""Every URL of a crawl: those that are given, and those in the feeds and sitemaps among them."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from baselines.corpus.crawl.address import RefusedError, place_of
from baselines.corpus.crawl.links import links
from baselines.corpus.crawl.store import Store, Stored
from baselines.corpus.crawl.visit import Visit, Visitor
from submission.terminal.progress import Pace

DEPTH = 4
"""A sitemap of sitemaps of pages is 3 deep."""
SERVERS = 8
"""Servers that are asked at the same time."""
_TYPES = frozenset(
    {
        *("", "text/html", "application/xhtml+xml", "text/plain", "text/xml", "application/xml"),
        *("application/rss+xml", "application/atom+xml", "application/rdf+xml"),
        *("application/gzip", "application/x-gzip", "application/octet-stream"),
    }
)


def fetch(
    urls: Iterable[str], store: Store, visitor: Visitor, most: int, say: Callable[[str], None]
) -> tuple[list[Stored], int]:
    """The pages of ``urls`` in their order, those of a feed in its place; and how many more than
    ``most`` URLs were left out.
    """
    seeds = list(dict.fromkeys(map(_written, urls)))
    found: dict[str, Stored] = {}
    wave, left_out = seeds, 0
    for _ in range(DEPTH):
        room = most - len(found)
        wave, left_out = wave[:room], left_out + max(len(wave) - room, 0)
        _fetch_wave(wave, found, store, visitor, say)
        inside = (_written(link) for url in wave for link in found[url].links or ())
        wave = [url for url in dict.fromkeys(inside) if url not in found]
    return list(_in_order(seeds, found)), left_out + len(wave)


def _written(url: str) -> str:
    try:
        return place_of(url).url
    except RefusedError:
        return url


def _in_order(seeds: Sequence[str], found: dict[str, Stored]) -> Iterator[Stored]:
    waiting = list(reversed(seeds))
    seen: set[str] = set()
    while waiting:
        url = waiting.pop()
        if url in seen or url not in found:
            continue
        seen.add(url)
        page = found[url]
        if page.links is None:
            yield page
        else:
            waiting += [_written(link) for link in reversed(page.links)]


def _fetch_wave(
    wave: Sequence[str],
    found: dict[str, Stored],
    store: Store,
    visitor: Visitor,
    say: Callable[[str], None],
) -> None:
    found.update({url: page for url in wave if (page := store.done(url)) is not None})
    missing = [url for url in wave if url not in found]
    pace = Pace(len(wave), "URLs", len(wave) - len(missing))
    for visit in _visits(missing, store, visitor):
        found[visit.url] = _kept(visit, store)
        pace.done += 1
        if pace.due:
            say(f"crawl: {pace.line()}")


def _visits(urls: Sequence[str], store: Store, visitor: Visitor) -> Iterator[Visit]:
    """What came of each URL, as it comes; one request at a time for each server."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for url in urls:
        groups[_server(url)].append(url)
    work: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    results: queue.SimpleQueue[Visit | BaseException] = queue.SimpleQueue()
    for group in groups.values():
        work.put(group)

    def ask() -> None:
        try:
            while True:
                for url in work.get_nowait():
                    before = store.earlier(url)
                    tags = (before.etag, before.modified) if before else ("", "")
                    results.put(visitor.visit(url, *tags))
        except queue.Empty:
            return
        except BaseException as error:  # noqa: BLE001 -- raised where the results are read
            results.put(error)

    for _ in range(min(SERVERS, len(groups))):
        threading.Thread(target=ask, daemon=True).start()
    for _ in urls:
        result = results.get()
        if isinstance(result, BaseException):
            raise result
        yield result


def _server(url: str) -> str:
    try:
        return place_of(url).origin
    except RefusedError:
        return ""


def _kept(visit: Visit, store: Store) -> Stored:
    response = visit.response
    if response is None:
        return store.add(Stored(visit.url, store.crawl, visit.final, error=visit.error), None)
    if response.status == 304:
        before = store.earlier(visit.url)
        if before is None:
            told = "the server answers 304 though nothing was here before"
            return store.add(Stored(visit.url, store.crawl, visit.final, error=told), None)
        return store.add(msgspec.structs.replace(before, crawl=store.crawl), None)
    page = Stored(
        url=visit.url,
        crawl=store.crawl,
        final=visit.final,
        charset=response.charset,
        etag=response.header("ETag"),
        modified=response.header("Last-Modified"),
        fetched=datetime.now(UTC).date().isoformat(),
    )
    if response.type not in _TYPES:
        told = f"is {response.type}, no page; fetch it by hand, then: leaderkit corpus read"
        return store.add(msgspec.structs.replace(page, error=told), None)
    try:
        found = links(response.body)
    except ValueError as error:
        return store.add(msgspec.structs.replace(page, error=str(error)), None)
    listed = None if found is None else tuple(place_of_link(each, visit.final) for each in found)
    return store.add(msgspec.structs.replace(page, links=listed), response.body)


def place_of_link(link: str, base: str) -> str:
    """A link of a feed as a whole URL; as it is where it is none."""
    try:
        return place_of(link, base).url
    except RefusedError:
        return link
