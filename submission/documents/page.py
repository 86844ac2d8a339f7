"""What is on a web page: its main text with its tables, title, date and licence line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

import msgspec
from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser, LexborNode

from submission.documents.isolated import isolated

MOST_HTML = 16 << 20
"""Bytes of a page that is read."""
_HEAD = 4096
_LONGEST_LINE = 200
_CONTENT = ("[itemprop='articleBody']", "article", "main", "[role='main']")
_SMALLEST_CONTENT = 100
_BESIDE = ["nav", "footer", "aside", "form", "script", "style", "[role='navigation']", "noscript"]
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_KOREAN = frozenset({"euc-kr", "euckr", "ks_c_5601-1987", "ksc5601", "windows-949", "ms949"})
_DATE = re.compile(r"(\d{4})[-./년]\s*(\d{1,2})[-./월]\s*(\d{1,2})")
_JSON_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]+)"')
_LICENCE = ("ⓒ", "©", "copyright", "저작권", "무단", "공공누리", "creative commons", "cc by", "cc0")
_DATES = (
    ("meta[property='article:published_time']", "content"),
    ("meta[name='article:published_time']", "content"),
    ("meta[itemprop='datePublished']", "content"),
    ("meta[name='date']", "content"),
    ("meta[name='dc.date']", "content"),
    ("[itemprop='datePublished']", "datetime"),
    ("time[datetime]", "datetime"),
)
_TABS, _SPACES, _BLANKS = re.compile(r"\t{2,}"), re.compile(r" {2,}"), re.compile(r"\n{3,}")


class Page(msgspec.Struct, frozen=True):
    """A page: its main text, and what it says of itself."""

    text: str
    title: str = ""
    date: str = ""
    """When it was published: ``2024-05-01``."""
    licence: str = ""
    """The line that speaks of its licence or copyright, as it is written."""
    language: str = ""
    canonical: str = ""


def read_page(data: bytes, charset: str = "") -> Page:
    """The page in ``data``, read in another process.

    Raises :class:`InputError`, without the name of a file, where there is no text or too much.
    """
    return msgspec.convert(isolated("submission.documents.page:page_of")(data, charset), Page)


def page_of(data: bytes, charset: str = "") -> Page:
    """The same in this process; raises ValueError."""
    if len(data) > MOST_HTML:
        raise ValueError(f"is {len(data):,} bytes long; a page of at most {MOST_HTML:,} is read")
    html = decoded(data, charset)
    tree = LexborHTMLParser(html)
    text = tidy(_main_text(tree, html))
    if not text:
        raise ValueError("holds no text: it may be written by a script; save it as it is shown")
    return Page(
        text=text,
        title=_title(tree),
        date=_date(tree, html),
        licence=_licence(tree, html),
        language=_attribute(tree, "html", "lang")[:2].lower(),
        canonical=_attribute(tree, "link[rel='canonical']", "href"),
    )


def decoded(data: bytes, charset: str = "") -> str:
    """The text of a page: as a byte-order mark, the server or the page says, else as it fits."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    stated = _CHARSET.search(data[:_HEAD])
    given = [charset, stated[1].decode("ascii", "ignore") if stated else ""]
    for name in filter(None, [*given, "utf-8", "cp949"]):
        try:
            return data.decode(_encoding(name))
        except (UnicodeError, LookupError):
            continue
    return data.decode("utf-8-sig", errors="replace")


def _encoding(name: str) -> str:
    name = name.strip().lower()
    return "cp949" if name in _KOREAN else "utf-8-sig" if name in {"utf-8", "utf8"} else name


def tidy(text: str) -> str:
    """A text with single spaces, a tab between cells, and at most one blank line."""
    single = _SPACES.sub(" ", _TABS.sub("\t", text.replace("\xa0", " ")))
    return _BLANKS.sub("\n\n", "\n".join(map(str.strip, single.split("\n")))).strip()


def _main_text(tree: LexborHTMLParser, html: str) -> str:
    # The heuristics leave out cells and lists; where the page marks its content, all of it counts.
    for selector in _CONTENT:
        found = tree.css(selector)
        if len(found) == 1 and found[0].html:
            text = _plain(found[0].html, _BESIDE)
            if len(text) >= _SMALLEST_CONTENT:
                return text
    text = extract_plain_text(html, main_content=True, list_bullets=False, alt_texts=False)
    return text if text.strip() else _plain(html, _BESIDE)


def _plain(html: str, without: Sequence[str] = ()) -> str:
    return extract_plain_text(html, list_bullets=False, alt_texts=False, skip_elements=without)


def _title(tree: LexborHTMLParser) -> str:
    title = _attribute(tree, "meta[property='og:title']", "content")
    for selector in ("h1", "title"):
        node = tree.css_first(selector)
        title = title or (_one_line(node.text()) if node is not None else "")
    return title


def _date(tree: LexborHTMLParser, html: str) -> str:
    for text in _dates(tree, html):
        if match := _DATE.search(text):
            year, month, day = (int(each) for each in match.groups())
            if 1 <= month <= 12 and 1 <= day <= 31:
                return f"{year:04}-{month:02}-{day:02}"
    return ""


def _dates(tree: LexborHTMLParser, html: str) -> Iterator[str]:
    for selector, attribute in _DATES:
        yield _attribute(tree, selector, attribute)
    if match := _JSON_DATE.search(html):
        yield match[1]


def _licence(tree: LexborHTMLParser, html: str) -> str:
    node = tree.css_first("a[rel~='license'], link[rel~='license']")
    if node is not None:
        return _of_link(node)
    # What says so stands at the end: an article may speak of copyright as well.
    for line in reversed(_plain(html).split("\n")):
        lower = line.lower()
        if any(word in lower for word in _LICENCE):
            return _one_line(line)[:_LONGEST_LINE]
    return ""


def _of_link(node: LexborNode) -> str:
    words, address = _one_line(node.text()), node.attributes.get("href") or ""
    return f"{words} ({address})" if words and address else words or address


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str:
    node = tree.css_first(selector)
    return "" if node is None else _one_line(node.attributes.get(name) or "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
