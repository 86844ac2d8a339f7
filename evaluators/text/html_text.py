"""What is left of HTML when the tags are off."""

from __future__ import annotations

import re
from typing import Final

from lxml.etree import HTMLParser

# Text that a reader of the page does not see in the line: code, and the readings over Hanja.
_UNSEEN: Final = frozenset({"script", "style", "template", "rp", "rt"})
_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class _Reader:
    """What lxml tells of a document as it reads it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._hidden = 0

    def start(self, tag: str, attributes: object) -> None:
        del attributes
        self._hidden += tag in _UNSEEN

    def end(self, tag: str) -> None:
        self._hidden -= tag in _UNSEEN

    def data(self, text: str) -> None:
        if not self._hidden:
            self.parts.append(text)

    def close(self) -> str:
        return "".join(self.parts)


def html_text(source: str) -> str:
    """Return the text between the tags, in time that grows with the text's length.

    But for whitespace this is the text that BeautifulSoup finds over lxml, the parser it prefers:
    entities resolved, comments, scripts, styles, templates and the readings of ruby left out, and
    nothing put where a tag was. Broken markup is read as a browser reads it; it is never an error.
    """
    if "<" not in source and "&" not in source:
        return source
    parser = HTMLParser(target=_Reader(), huge_tree=True)
    parser.feed(_LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", source))
    text: str = parser.close()
    return text
