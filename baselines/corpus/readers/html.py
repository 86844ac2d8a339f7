"""Saved web pages."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from baselines.corpus.readers.documents import DocumentFiles
from submission.documents.page import read_page


class HtmlFiles(DocumentFiles):
    """A page's main text, its tables with tabs between the cells."""

    name: ClassVar[str] = "html"
    about: ClassVar[str] = "saved web pages"
    suffixes: ClassVar[frozenset[str]] = frozenset({".html", ".htm", ".xhtml"})

    def document(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """The page."""
        facts = msgspec.structs.asdict(read_page(data))
        return facts.pop("text"), facts
