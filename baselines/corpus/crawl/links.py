"""URLs in lists, feeds and sitemaps."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from lxml import etree

from submission.errors import InputError
from submission.tables.text import decode

MOST_XML = 64 << 20
"""Bytes of a feed or sitemap, unpacked."""
_ENTRIES = {"loc": ("url", "sitemap"), "link": ("item", "entry")}
_ROOTS = frozenset({"rss", "RDF", "feed", "urlset", "sitemapindex"})


def links(data: bytes) -> list[str] | None:
    """The URLs in a feed or a sitemap, each once; None for anything else.

    Raises ValueError for one that is too large or cannot be read.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data)
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if _looks_like_one(data):
            raise ValueError(f"cannot be read as a feed or sitemap: {error}") from None
        return None
    if _local(root) not in _ROOTS:
        return None
    found = (_link(node) for node in root.iter() if _local(node) in _ENTRIES)
    return list(dict.fromkeys(each for each in found if each))


def links_in(path: Path) -> list[str]:
    """The URLs in a file: one a line, or a feed or sitemap, perhaps packed by gzip.

    Raises :class:`InputError` where there are none.
    """
    try:
        data = path.read_bytes()
        found = links(data)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    if found is None:
        lines = decode(path, data).content.splitlines()
        stripped = (line.strip() for line in lines)
        found = [line for line in stripped if line and not line.startswith("#")]
    if not found:
        raise InputError(f"{path}: holds no URL; write one a line")
    return list(dict.fromkeys(found))


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(MOST_XML + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"is cut off or damaged: {error}") from None
    if len(found) > MOST_XML:
        raise ValueError(f"unpacks to more than {MOST_XML:,} bytes")
    return found


def _looks_like_one(data: bytes) -> bool:
    head = data[:2000].lower()
    return any(f"<{root}".lower().encode() in head for root in _ROOTS)


def _link(node: etree._Element) -> str:
    # A feed's own address, and those of pictures, are no entries.
    parent = node.getparent()
    if parent is None or _local(parent) not in _ENTRIES[_local(node)]:
        return ""
    if node.get("rel", "alternate") != "alternate":
        return ""
    return (node.get("href") or node.text or "").strip()


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""
