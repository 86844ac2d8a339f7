"""PDF files that hold text."""

from __future__ import annotations

from typing import Any, ClassVar

from baselines.corpus.readers.documents import DocumentFiles
from submission.documents.pdf import read_pdf


class PdfFiles(DocumentFiles):
    """The text of all pages, a blank line between two."""

    name: ClassVar[str] = "pdf"
    about: ClassVar[str] = "PDF files with a text layer"
    suffixes: ClassVar[frozenset[str]] = frozenset({".pdf"})

    def document(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """The text, the number of pages, and the title."""
        return read_pdf(data)
