"""HTML as text: what a reader of the page sees, blocks on lines of their own, tables row by row."""

from __future__ import annotations

import html
import re
from typing import Final

from lxml.etree import HTMLParser

BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tr",
        "ul",
    ]
)
HIDDEN: Final = frozenset(
    ["head", "noscript", "rp", "rt", "script", "style", "svg", "template", "title"]
)
INLINE: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "br",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "link",
        "mark",
        "meta",
        "nobr",
        "option",
        "q",
        "ruby",
        "s",
        "samp",
        "select",
        "small",
        "span",
        "strike",
        "strong",
        "tbody",
        "tfoot",
        "thead",
        "sub",
        "sup",
        "td",
        "th",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "button",
        "html",
        "iframe",
        "object",
        "embed",
        "video",
        "audio",
        "source",
        "canvas",
    ]
)
_KNOWN: Final = "|".join(sorted(BLOCKS | HIDDEN | INLINE, key=len, reverse=True))
MARKUP: Final = re.compile(rf"</?(?:{_KNOWN})(?:[\s/][^<>]*)?>|<!--|<!doctype", re.IGNORECASE)
"""A tag that HTML has: ``<NAME>``, which stands for a name in some data sets, is none."""

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ESCAPED_AMPERSANDS: Final = re.compile(r"&(?:amp;){2,}")
_OTHER_TAG: Final = re.compile(rf"<(?!/?(?:{_KNOWN})[\s/>]|!--|!doctype)", re.IGNORECASE)
_HIDING: Final = re.compile(rf"<(?:{'|'.join(sorted(HIDDEN))})(?=[\s/>])|<!--", re.IGNORECASE)
_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff\x00]")
MOST_ROWS_SPANNED = 50
MOST_COLUMNS_SPANNED = 20
FREELY_REPEATED = 1_000
"""Characters of cells that are written again where they span rows and columns, beside as many as
the text itself has: more are a bomb."""
CELL = " | "


def plain(text: str) -> str:
    """``text`` without markup, style, script and entities; itself where there are none.

    Cells of a table stand in one line a row, with ``|`` between them; a cell that spans rows is in
    each of them.
    """
    if "&" in text:
        text = _ENTITY.sub(_unescaped, _ESCAPED_AMPERSANDS.sub("&amp;", text))
    if "<" in text and MARKUP.search(text):
        text = _seen(text)
    return text


def _unescaped(found: re.Match[str]) -> str:
    return html.unescape(found[0])


def _seen(source: str) -> str:
    parser = HTMLParser(target=_Reader(len(source)), huge_tree=True, remove_comments=True)
    # Written as text, so that what is no tag of HTML's stays what it is.
    told = _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", source).replace("&", "&amp;")
    told = _OTHER_TAG.sub("&lt;", _without_open_ends(told))
    parser.feed("<body>" + told)
    seen: str = parser.close()
    return seen


def _without_open_ends(text: str) -> str:
    """``text`` where ``<script>`` without an end is a word that was written, and hides nothing."""
    lowered = text.lower() if len(text.lower()) == len(text) else text
    ends = {f"<{tag}": lowered.rfind(f"</{tag}") for tag in HIDDEN} | {"<!--": lowered.rfind("-->")}
    return _HIDING.sub(
        lambda found: "&lt;" + found[0][1:] if found.start() > ends[found[0].lower()] else found[0],
        text,
    )


class _Reader:
    """What lxml tells of a document as it reads it."""

    def __init__(self, length: int) -> None:
        self.parts: list[str] = []
        self._hidden: list[str] = []
        self._cells = 0
        self._cell: list[str] | None = None
        self._spans: dict[int, tuple[int, str]] = {}
        self._rows_left = self._columns = 1
        self._room = FREELY_REPEATED + length

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in HIDDEN:
            self._hidden.append(tag)
        elif tag == "br" or tag in BLOCKS:
            self._write("\n")
        if tag == "table":
            self._spans = {}
        elif tag == "tr":
            self._cells = 0
        elif tag in ("td", "th"):
            self._end_cell()
            self._spanned()
            if self._cells:
                self.parts.append(CELL)
            self._cell = []
            self._rows_left = _span(attributes, "rowspan", MOST_ROWS_SPANNED)
            self._columns = _span(attributes, "colspan", MOST_COLUMNS_SPANNED)

    def end(self, tag: str) -> None:
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_cell()
            self._spanned()
        elif tag in BLOCKS:
            self._write("\n")

    def data(self, text: str) -> None:
        if not self._hidden:
            self._write(text)

    def close(self) -> str:
        self._end_cell()
        return "".join(self.parts)

    def _write(self, text: str) -> None:
        if self._cell is None:
            self.parts.append(text)
        else:
            self._cell.append(text)

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        text = " ".join("".join(self._cell).split())
        self._cell = None
        for column in range(self._columns):
            if column:
                if not self._again(text):
                    return
                self.parts.append(CELL)
            self.parts.append(text)
            if self._rows_left > 1:
                self._spans[self._cells] = (self._rows_left - 1, text)
            self._cells += 1

    def _spanned(self) -> None:
        """Write the cells of earlier rows that reach into this one, at this place."""
        while (held := self._spans.pop(self._cells, None)) and self._again(held[1]):
            left, text = held
            if self._cells:
                self.parts.append(CELL)
            self.parts.append(text)
            if left > 1:
                self._spans[self._cells] = (left - 1, text)
            self._cells += 1

    def _again(self, text: str) -> bool:
        """Whether there is room to write a cell once more."""
        self._room -= len(text) + len(CELL)
        return self._room > 0


def _span(attributes: dict[str, str], name: str, most: int) -> int:
    told = (attributes.get(name) or "1").strip()[:4]
    return min(max(int(told), 1), most) if told.isascii() and told.isdecimal() else 1
