"""PDF files that hold text."""

from __future__ import annotations

import io
import re
from typing import Any

from submission.documents.isolated import isolated

SECONDS = 120.0
"""Seconds of processor time for one file, which may have thousands of pages."""
_TRAILING = re.compile(r"[ \t]+\n")
_BLANKS = re.compile(r"\n{3,}")


def read_pdf(data: bytes) -> tuple[str, dict[str, Any]]:
    """The text and what is known of it, read in another process.

    Raises :class:`InputError`, without the name of a file.
    """
    text, facts = isolated("submission.documents.pdf:text_of", SECONDS)(data)
    return text, facts


def text_of(data: bytes, _: str) -> tuple[str, dict[str, Any]]:
    """The same in this process; raises ValueError with what is wrong."""
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    if not data.startswith(b"%PDF") and b"%PDF" not in data[:1024]:
        raise ValueError("is no PDF file; fetch it again")
    try:
        reader = PdfReader(io.BytesIO(data))
        pages = [page.extract_text() for page in reader.pages]
        title = (reader.metadata.title if reader.metadata else None) or ""
    except FileNotDecryptedError:
        raise ValueError("is encrypted; save it without a password") from None
    except (PyPdfError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"is cut off or damaged ({error}); fetch it again") from None
    text = _BLANKS.sub("\n\n", _TRAILING.sub("\n", "\n\n".join(pages))).strip()
    if not text:
        raise ValueError(
            f"has no text on its {len(pages):,} pages, as a scan has none; run OCR over it first"
        )
    return text, {"title": str(title), "pages": len(pages)}
