"""HWPX documents: XML files in a ZIP archive."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from lxml import etree

from submission.documents.isolated import isolated

MOST_XML = 256 << 20
"""Bytes of XML in one document."""
SECONDS = 60.0
"""Seconds of processor time for one document."""
_SECTION = re.compile(r"Contents/section(\d+)\.xml", re.IGNORECASE)
_INLINE = {"lineBreak": "\n", "tab": "\t", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}
_LEFT_OUT = frozenset({"ctrl", "secPr", "linesegarray"})


def read_hwpx(data: bytes) -> tuple[str, dict[str, Any]]:
    """The text and what is known of it, read in another process.

    Raises :class:`InputError`, without the name of a file.
    """
    text, facts = isolated("submission.documents.hwpx:text_of", SECONDS)(data)
    return text, facts


def text_of(data: bytes, _: str) -> tuple[str, dict[str, Any]]:
    """The same in this process; raises ValueError with what is wrong."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise ValueError("is an old HWP document under another name; save it as HWPX")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError(f"is cut off or damaged ({error}); fetch it again") from None
    except etree.XMLSyntaxError as error:
        raise ValueError(f"holds XML that cannot be read ({error}); save it again") from None


def _read(archive: zipfile.ZipFile) -> tuple[str, dict[str, Any]]:
    numbered = [(_SECTION.fullmatch(info.filename), info) for info in archive.infolist()]
    sections = sorted((int(match[1]), info) for match, info in numbered if match)
    if not sections:
        raise ValueError("holds no Contents/section0.xml, so it is no HWPX document")
    if sum(info.file_size for _, info in sections) > MOST_XML:
        raise ValueError(f"unpacks to more than {MOST_XML:,} bytes of XML; it is left out")
    if any(info.flag_bits & 1 for _, info in sections) or _is_encrypted(archive):
        raise ValueError("is encrypted; save it without a password")
    lines = [line for _, info in sections for line in _lines(_parsed(archive, info.filename))]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
    if not text:
        raise ValueError("holds no text; remove it")
    return text, {"title": _title(archive)}


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    try:
        return b"encryption-data" in archive.read("META-INF/manifest.xml")
    except KeyError:
        return False


def _title(archive: zipfile.ZipFile) -> str:
    try:
        root = _parsed(archive, "Contents/content.hpf")
    except KeyError:
        return ""
    found = (node.text or "" for node in root.iter() if _local(node) == "title")
    return next(found, "").strip()


def _parsed(archive: zipfile.ZipFile, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(archive.read(name), parser)
    if root.getroottree().docinfo.doctype:
        raise ValueError(f"declares entities of its own in {name}, which no HWPX document does")
    return root


def _local(node: Any) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _lines(node: Any) -> Iterator[str]:
    """The paragraphs under ``node``, and the rows of tables."""
    for child in node:
        name = _local(child)
        if name == "p":
            yield from _paragraph(child)
        elif name == "tbl":
            yield from _rows(child)
        elif name not in _LEFT_OUT:
            yield from _lines(child)


def _paragraph(paragraph: Any) -> Iterator[str]:
    text: list[str] = []
    beside: list[str] = []
    for run in paragraph:
        for child in run if _local(run) == "run" else ():
            if _local(child) == "t":
                text.append(_inline(child))
            elif _local(child) == "tbl":
                beside.extend(_rows(child))
            elif _local(child) not in _LEFT_OUT:
                beside.extend(_lines(child))
    if any(text) or not beside:
        yield "".join(text)
    yield from beside


def _inline(node: Any) -> str:
    parts = [node.text or ""]
    for child in node:
        parts += [_INLINE.get(_local(child), ""), child.tail or ""]
    return "".join(parts)


def _rows(table: Any) -> Iterator[str]:
    for row in table:
        if _local(row) == "tr":
            cells = (" ".join(" ".join(_lines(cell)).split()) for cell in row)
            yield "\t".join(cells)
