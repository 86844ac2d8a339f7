"""Crawling a server on this machine that counts what it is asked."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.corpus.crawl import robots
from baselines.corpus.crawl.address import RefusedError, addresses, place_of
from baselines.corpus.crawl.links import links, links_in
from baselines.corpus.crawl.step import Crawl, CrawlSettings
from baselines.corpus.execute import Outcome, execute
from baselines.corpus.folder import Corpus, read_manifest
from baselines.corpus.record import Record
from submission.documents.page import page_of
from submission.errors import InputError


def page(number: int, head: str = "") -> bytes:
    text = f"벽지 {number}번은 풀이 덜 말라서 운다. " * 8
    return (
        f"<html lang=ko><head><meta charset=utf-8><title>{number}번</title>{head}</head><body>"
        f"<nav>홈</nav><article><p>{text}</p></article><p>ⓒ 집신문</p></body></html>"
    ).encode()


class Site:
    """Pages by path, as (status, headers, body); what was asked, and when."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: list[tuple[str, float]] = []
        self.headers: list[dict[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, time.monotonic()))
                site.headers.append(dict(self.headers))
                answer = site.pages.get(self.path, (404, {}, b""))
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
                tag = headers.get("ETag")
                if status == 200 and tag and self.headers.get("If-None-Match") == tag:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in {"Content-Type": "text/html", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def counts(self) -> Counter[str]:
        return Counter(path for path, _ in self.asked)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def crawl(out: Path, *urls: str, workers: int = 1, **settings: Any) -> Outcome:
    given = {"delay": 0.0, "private": True, "url": urls, "seconds": 5.0, **settings}
    made = Crawl(CrawlSettings(**given))
    return execute(made, out, workers=workers, say=lambda _: None)


def records(outcome: Outcome) -> list[Record]:
    return list(Corpus.open(outcome.out))


def problems(outcome: Outcome) -> str:
    lines = [
        json.loads(line)
        for path in sorted(outcome.out.glob("problems-*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return "\n".join(f"{each['file']}: {each['message']}" for each in lines)


def test_a_page_becomes_a_document_with_what_it_says_of_itself(site: Site, tmp_path: Path) -> None:
    head = '<meta property="article:published_time" content="2024-05-01">'
    site.pages["/%EB%8F%84%EB%B0%B0?a=1"] = page(1, head)
    [record] = records(crawl(tmp_path / "out", site.url("/도배?a=1#top"), contact="me@example.org"))
    assert record.documents == (("벽지 1번은 풀이 덜 말라서 운다. " * 8).strip(),)
    assert (record.licence, record.language, record.task) == ("ⓒ 집신문", "ko", "document")
    facts = record.facts()
    assert (facts["title"], facts["date"]) == ("1번", "2024-05-01")
    assert record.source.file == facts["url"] == site.url("/%EB%8F%84%EB%B0%B0?a=1")
    assert "+me@example.org" in site.headers[-1]["User-Agent"]


def test_robots_are_followed_and_servers_are_given_time(site: Site, tmp_path: Path) -> None:
    rules = "User-agent: *\nDisallow: /no\nAllow: /no/but*.html$\nCrawl-delay: 0.15\n"
    site.pages |= {"/robots.txt": rules.encode(), "/no/but1.html": page(1), "/2": page(2)}
    urls = [site.url(path) for path in ("/no/1", "/no/but1.html", "/2")]
    outcome = crawl(tmp_path / "out", *urls)
    assert site.counts() == {"/robots.txt": 1, "/no/but1.html": 1, "/2": 1}
    times = [when for _, when in site.asked]
    assert times[2] - times[1] >= 0.15
    assert outcome.manifest.rows == 2
    assert "/no/1: is not allowed by the server's robots.txt" in problems(outcome)


def test_a_server_whose_robots_fail_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/robots.txt": (503, {}, b""), "/1": page(1)}
    outcome = crawl(tmp_path / "out", site.url("/1"))
    assert "robots.txt cannot be had: the server answers 503" in problems(outcome)
    assert site.counts() == {"/robots.txt": 3}


def test_feeds_and_sitemaps_lead_to_their_pages_in_order(site: Site, tmp_path: Path) -> None:
    def urls(*paths: str, tag: str = "url") -> bytes:
        inside = "".join(f"<{tag}><loc>{site.url(path)}</loc></{tag}>" for path in paths)
        return f"<urlset xmlns='sitemap'>{inside}</urlset>".encode()

    rss = "<rss><channel><link>/home</link><item><link>/3</link></item></channel></rss>"
    atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/4'/></entry></feed>"
    xml = {"Content-Type": "application/xml"}
    site.pages |= {
        "/map": (200, xml, urls("/deep.xml.gz", tag="sitemap").replace(b"urlset", b"sitemapindex")),
        "/deep.xml.gz": (
            200,
            {"Content-Type": "application/gzip"},
            gzip.compress(urls("/2", "/1")),
        ),
        "/rss": (200, {"Content-Type": "application/rss+xml"}, rss.encode()),
        "/atom": (200, xml, atom.encode()),
        **{f"/{n}": page(n) for n in range(1, 5)},
    }
    seeds = [site.url(path) for path in ("/rss", "/map", "/atom", "/3")]
    outcome = crawl(tmp_path / "out", *seeds)
    assert [each.facts()["title"] for each in records(outcome)] == ["3번", "2번", "1번", "4번"]
    assert max(site.counts().values()) == 1


def test_a_later_crawl_asks_for_changed_pages_only(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/1": (200, {"ETag": '"a"'}, page(1)), "/2": (200, {"ETag": '"b"'}, page(2))}
    urls = [site.url("/1"), site.url("/2")]
    first = crawl(tmp_path / "first", *urls)
    site.pages["/2"] = (200, {"ETag": '"c"'}, page(22))
    second = crawl(tmp_path / "second", *urls, cache=tmp_path / "first.pages")
    assert [each.get("If-None-Match") for each in site.headers[-2:]] == ['"a"', '"b"']
    titles = [[each.facts()["title"] for each in records(one)] for one in (first, second)]
    assert titles == [["1번", "2번"], ["1번", "22번"]]
    third = crawl(
        tmp_path / "third", *urls, url=(), urls=listed(tmp_path, urls), known=(first.out,)
    )
    assert third.manifest.dropped == {"is there already": 2}  # also the one that changed


def listed(tmp_path: Path, urls: list[str]) -> Path:
    path = tmp_path / "urls.txt"
    path.write_text("# 목록\n" + "\n".join(urls) + "\n")
    return path


def test_pages_that_are_there_twice_are_dropped(site: Site, tmp_path: Path) -> None:
    canonical = f'<link rel="canonical" href="{site.url("/1")}">'
    site.pages |= {
        "/1": page(1),
        "/same-text": page(1).replace(b" ", b"  "),
        "/canonical": page(5, canonical),
        "/moved": (301, {"Location": "/1"}, b""),
    }
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "9.html").write_bytes(page(9))
    (tmp_path / "saved" / "style.css").write_bytes(b"p {}")
    urls = [site.url(path) for path in ("/1", "/same-text", "/canonical", "/moved")]
    outcome = crawl(tmp_path / "out", *urls, saved=(tmp_path / "saved",))
    assert [each.facts()["title"] for each in records(outcome)] == ["9번", "1번"]
    assert outcome.manifest.dropped == {"repeats a page": 3}


def redirect_to(url: str) -> tuple[int, dict[str, str], bytes]:
    return 302, {"Location": url}, b""


def slow(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    try:
        for _ in range(100):
            handler.wfile.write(b"X-Slow: 1\r\n")
            time.sleep(0.02)
    except OSError:
        return


def test_what_goes_wrong_is_told_for_each_page_and_the_others_are_fetched(
    site: Site, tmp_path: Path
) -> None:
    bomb = gzip.compress(b"<p>x</p>" * 100_000)
    site.pages |= {
        "/large": b"x" * 60_000,
        "/bomb": (200, {"Content-Encoding": "gzip"}, bomb),
        "/loop": redirect_to("/loop"),
        "/file": redirect_to("file:///etc/passwd"),
        "/image": (200, {"Content-Type": "image/png"}, b"x"),
        "/empty": b"<html></html>",
        "/slow": slow,
        "/bad.xml": (200, {"Content-Type": "text/xml"}, b"<urlset><url>"),
        "/good": page(1),
    }
    paths = [*site.pages, "/none"]
    outcome = crawl(
        tmp_path / "out", *map(site.url, paths), "ftp://x/", most_bytes=50_000, seconds=0.4
    )
    told = problems(outcome)
    for reason in (
        "/large: is longer than 50,000 bytes",
        "/bomb: is longer than 50,000 bytes",
        "/loop: leads on more than 5 times",
        "/file: is no URL of a page",
        "/image: is image/png, no page",
        "/empty: holds no text",
        "/slow: did not answer within 0.4 s",
        "/bad.xml: cannot be read as a feed or sitemap",
        "/none: the server answers 404",
        "ftp://x/: is no URL of a page",
    ):
        assert reason in told
    assert [each.facts()["title"] for each in records(outcome)] == ["1번"]


def test_a_busy_server_is_asked_again_after_the_time_it_names(site: Site, tmp_path: Path) -> None:
    def busy(handler: BaseHTTPRequestHandler) -> None:
        site.pages["/1"] = page(1)
        handler.send_response(429)
        handler.send_header("Retry-After", "0.3")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    site.pages["/1"] = busy
    assert crawl(tmp_path / "out", site.url("/1")).manifest.rows == 1
    (_, first), (_, second) = (each for each in site.asked if each[0] == "/1")
    assert second - first >= 0.3


def test_private_addresses_are_refused_also_behind_a_redirect(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = crawl(tmp_path / "out", site.url("/1"), private=False)
    assert "127.0.0.1, a private address; allow it with --private" in problems(outcome)
    assert site.asked == []
    for host in ("10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"):  # noqa: S104
        with pytest.raises(RefusedError, match="a private address"):
            addresses(place_of(f"http://{host}/"), private=False)
    with pytest.raises(RefusedError, match="a user's name or password"):
        place_of("http://a:b@example.org/")
    assert addresses(place_of("http://93.184.216.34/"), private=False) == ["93.184.216.34"]


def test_a_killed_crawl_goes_on_without_asking_twice(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/{n}": page(n) for n in range(12)}
    path = listed(tmp_path, [site.url(f"/{n}") for n in range(12)])
    code = (
        "from pathlib import Path; from tests.baselines.corpus.test_crawl import crawl;"
        f"crawl(Path({str(tmp_path / 'out')!r}), urls=Path({str(path)!r}), delay=0.05)"
    )
    kills = 0
    while read_manifest(tmp_path / "out") is None:
        before = len(site.asked)
        process = subprocess.Popen([sys.executable, "-c", code])
        while process.poll() is None and len(site.asked) < before + 6:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        assert kills < 20
    assert kills >= 2
    # A page that was on its way when the process was killed is asked for once more.
    counts = site.counts()
    assert counts.pop("/robots.txt") <= kills + 1
    assert sum(counts.values()) <= 12 + kills
    whole = crawl(tmp_path / "whole", urls=path, workers=2, cache=tmp_path / "out.pages")
    assert records(whole) == list(Corpus.open(tmp_path / "out"))
    assert len(records(whole)) == 12


def test_a_crawl_of_too_many_pages_says_how_many_are_left(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/{n}": page(n) for n in range(5)}
    outcome = crawl(tmp_path / "out", *(site.url(f"/{n}") for n in range(5)), most_pages=3)
    assert outcome.manifest.rows == 3
    assert any(note.startswith("2 more URLs were left out") for note in outcome.notes)


def test_the_rules_of_robots_are_those_of_the_standard() -> None:
    text = (
        "User-agent: leaderkit\nUser-agent: other\nDisallow: /a\nAllow: /a/b\nDisallow: /*.php$\n\n"
        "User-agent: *\nDisallow: /\n"
    )
    found = robots.parse(text, "leaderkit")
    allowed = {
        "/": True,
        "/a": False,
        "/a/c": False,
        "/a/b/c": True,
        "/x.php": False,
        "/x.php?y": True,
    }
    assert {target: found.allows(target) for target in allowed} == allowed
    assert not robots.parse(text, "else").allows("/x")
    korean = robots.parse("User-agent: *\nDisallow: /도배\n", "leaderkit")
    assert not korean.allows("/%EB%8F%84%EB%B0%B0/1")
    assert robots.parse("User-agent: *\nDisallow:\n", "leaderkit").allows("/")


@given(st.text("ab*", max_size=9), st.booleans(), st.text("ab", max_size=9))
def test_a_rule_matches_as_its_stars_and_its_dollar_say(path: str, end: bool, target: str) -> None:
    pattern = "/" + ".*".join(map(re.escape, path.split("*"))) + ("$" if end else "")
    rule = robots.Rule(allow=True, path=f"/{path}" + "$" * end)
    assert rule.matches(f"/{target}") == (re.match(pattern, f"/{target}") is not None)


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "euc-kr", "zlib", "utf-7", "x"]))
def test_bytes_of_any_kind_are_a_page_or_are_refused_in_words(data: bytes, charset: str) -> None:
    with suppress(ValueError):
        assert page_of(data, charset).text.strip()
    with suppress(ValueError):
        assert links(data) is None or data.lstrip().startswith((b"<", b"\xef"))
    robots.parse(data.decode("latin-1"), "leaderkit")


def test_a_list_of_urls_is_a_text_or_a_feed(tmp_path: Path) -> None:
    path = tmp_path / "map.xml.gz"
    path.write_bytes(gzip.compress(b"<urlset><url><loc> http://a/1 </loc></url></urlset>"))
    assert links_in(path) == ["http://a/1"]
    assert links(b"<html><a href=x>y</a>") is None
    with pytest.raises(InputError, match=r"urls\.txt: holds no URL"):
        links_in(listed(tmp_path, []))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"map\.xml\.gz: is cut off or damaged"):
        links_in(path)
