"""What is left of HTML when the tags are off."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_UNSEEN: Final = frozenset({"script", "style", "template"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._hidden += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def html_text(source: str) -> str:
    """Return the text between the tags, entities resolved, comments, scripts and styles left out.

    Nothing is put where a tag was. Broken markup is read as far as it goes; it is never an error.
    """
    if "<" not in source and "&" not in source:
        return source
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return "".join(reader.parts)
