"""HWPX documents: XML files in a ZIP archive."""

from __future__ import annotations

from typing import Any, ClassVar

from baselines.corpus.readers.documents import DocumentFiles
from submission.documents.hwpx import read_hwpx


class HwpxFiles(DocumentFiles):
    """The paragraphs of all sections; a table's rows are lines, with tabs between the cells."""

    name: ClassVar[str] = "hwpx"
    about: ClassVar[str] = "HWPX documents"
    suffixes: ClassVar[frozenset[str]] = frozenset({".hwpx"})

    def document(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """The text and the title."""
        return read_hwpx(data)
