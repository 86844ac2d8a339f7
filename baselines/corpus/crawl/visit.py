"""A visit to a URL: robots.txt, the pause between requests, redirects, and what may be retried."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from baselines.corpus.crawl import robots
from baselines.corpus.crawl.address import Place, RefusedError, place_of
from baselines.corpus.crawl.http import FetchError, Response, TooLargeError, get

AGENT = "leaderkit"
REDIRECTS = 5
TRIES = 3
_LONGEST_PAUSE = 120.0
_AGAIN = frozenset({429, *range(500, 600)})
_MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Manners:
    """How servers are asked."""

    agent: str
    delay: float
    private: bool
    seconds: float
    most: int


@dataclass(frozen=True)
class Visit:
    """What came of a URL: a response, or an error in words."""

    url: str
    final: str
    response: Response | None = None
    error: str = ""


@dataclass
class _Host:
    """One server: its robots.txt, and when it may be asked next."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    robots: robots.Robots | None = None
    next: float = 0.0


class Visitor:
    """Asks servers, one request at a time for each of them; usable from several threads."""

    def __init__(self, manners: Manners, sleep: Callable[[float], object] = time.sleep) -> None:
        self._manners = manners
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def visit(self, url: str, etag: str = "", modified: str = "") -> Visit:
        """Ask for ``url``, unless nothing has changed since it had this tag or date."""
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        conditions = {name: value for name, value in headers.items() if value}
        place = None
        try:
            place = place_of(url)
            for _ in range(REDIRECTS + 1):
                response = self._patiently(place, conditions)
                if response.status not in _MOVED:
                    return _ended(url, place, response)
                place = place_of(response.header("Location"), place.url)
        except (RefusedError, TooLargeError, FetchError) as error:
            return Visit(url, place.url if place else url, error=str(error))
        return Visit(url, place.url, error=f"leads on more than {REDIRECTS} times")

    def _patiently(self, place: Place, conditions: dict[str, str]) -> Response:
        for attempt in range(1, TRIES + 1):
            try:
                response = self._politely(place, conditions)
            except FetchError:
                if attempt == TRIES:
                    raise
                self._rest(place, 2.0**attempt * self._manners.delay)
                continue
            if response.status not in _AGAIN or attempt == TRIES:
                return response
            self._rest(place, _pause(response, 2.0**attempt * self._manners.delay))
        raise AssertionError("no attempt was the last")

    def _politely(self, place: Place, conditions: dict[str, str]) -> Response:
        host = self._host(place)
        with host.lock:
            if host.robots is None:
                host.robots = self._robots(place, host)
            if not host.robots.allows(place.target):
                raise RefusedError(host.robots.refusal)
            if host.robots.delay > _LONGEST_PAUSE:
                raise RefusedError(
                    f"the server's robots.txt asks for {host.robots.delay:g} s between requests"
                )
            return self._ask(place, host, conditions, max(self._manners.delay, host.robots.delay))

    def _ask(self, place: Place, host: _Host, conditions: dict[str, str], delay: float) -> Response:
        if (wait := host.next - time.monotonic()) > 0:
            self._sleep(wait)
        headers = {
            "User-Agent": self._manners.agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
            **conditions,
        }
        try:
            return get(
                place,
                headers,
                private=self._manners.private,
                seconds=self._manners.seconds,
                most=self._manners.most,
            )
        finally:
            host.next = time.monotonic() + delay

    def _robots(self, place: Place, host: _Host) -> robots.Robots:
        reason = ""
        for attempt in range(TRIES):
            try:
                response = self._robots_file(place, host)
            except (FetchError, TooLargeError) as error:
                reason = str(error)
            else:
                if response.status == 200:
                    text = response.body[: robots.MOST].decode("utf-8", errors="replace")
                    return robots.parse(text, AGENT)
                if response.status not in _AGAIN:  # no such file: everything is allowed
                    return robots.Robots()
                reason = f"the server answers {response.status}"
            host.next += 2.0**attempt * self._manners.delay
        return robots.nothing(reason)

    def _robots_file(self, place: Place, host: _Host) -> Response:
        asked = place_of("/robots.txt", place.origin)
        for _ in range(REDIRECTS + 1):
            response = self._ask(asked, host, {}, self._manners.delay)
            if response.status not in _MOVED:
                break
            asked = place_of(response.header("Location"), asked.url)
        return response

    def _rest(self, place: Place, seconds: float) -> None:
        host = self._host(place)
        with host.lock:
            host.next = max(host.next, time.monotonic() + seconds)

    def _host(self, place: Place) -> _Host:
        with self._lock:
            return self._hosts.setdefault(place.origin, _Host())


def _ended(url: str, place: Place, response: Response) -> Visit:
    if response.status in (200, 304):
        return Visit(url, place.url, response)
    return Visit(url, place.url, error=f"the server answers {response.status}")


def _pause(response: Response, otherwise: float) -> float:
    try:
        return min(max(float(response.header("Retry-After")), otherwise), _LONGEST_PAUSE)
    except ValueError:
        return otherwise
