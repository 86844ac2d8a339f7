"""From the bytes of a file to its text: encodings, byte-order marks, lines."""

import codecs
import io
import re
from pathlib import Path
from typing import NamedTuple

from submission.errors import InputError

_HANGUL = re.compile("[가-힣]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_ASK_UTF8 = "save it as UTF-8"


class Text(NamedTuple):
    """The text of a file without its byte-order mark, and the encoding it was in."""

    content: str
    encoding: str


def read_text(path: Path, encoding: str | None = None) -> Text:
    """Read a file as UTF-8, else CP949; or as ``encoding``, if one is named.

    Raises:
        InputError: the file is missing, unreadable, empty, or text in another encoding.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; give the name of a file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return decode(path, data, encoding)


def decode(path: Path, data: bytes, encoding: str | None = None) -> Text:
    """The text of ``data``, which messages call ``path``; raises what `read_text` raises."""
    return _guessed(path, data) if encoding is None else _decode_as(path, data, encoding)


def lines(text: str) -> list[str]:
    r"""Split at ``\n``, ``\r\n`` and lone ``\r``, keeping them; at nothing else."""
    return list(io.StringIO(text, newline=""))


def line_breaks(text: str) -> int:
    """Count the places where `lines` splits."""
    return len(_LINE_BREAK.findall(text))


def unwritable(text: str) -> str | None:
    """Say what in the text no file can hold: a NUL, or half a surrogate pair."""
    match = _UNWRITABLE.search(text)
    return f"holds {match[0]!r}, which is not a character; remove it" if match else None


def _decode_as(path: Path, data: bytes, encoding: str) -> Text:
    try:
        name = codecs.lookup(encoding).name
        if name in {"utf-8", "utf-8-sig"}:
            return _decode_utf8(data)
        return Text(data.decode(encoding), name)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not {encoding} text: {_place(data, error.start)}; {_ASK_UTF8}"
        ) from None
    except LookupError:
        raise InputError(
            f"{path}: cannot be read as {encoding!r}, which is not a text encoding;"
            " use utf-8 or cp949"
        ) from None


def _guessed(path: Path, data: bytes) -> Text:
    if data.startswith(b"PK\x03\x04") and b"\0" in data:
        raise InputError(f"{path}: is an Excel workbook or a ZIP archive, not text; {_ASK_UTF8}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path}: is UTF-16; {_ASK_UTF8}")
    try:
        return _decode_utf8(data)
    except UnicodeDecodeError as error:
        at_utf8 = error.start
    if data.startswith(codecs.BOM_UTF8) or _mostly_utf8(data):
        raise InputError(
            f"{path}: is UTF-8 with a damaged character: {_place(data, at_utf8)};"
            " repair it, or fetch the file again"
        )
    try:
        return Text(data.decode("cp949"), "cp949")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is neither UTF-8 (fails at {_place(data, at_utf8)})"
            f" nor CP949 (fails at {_place(data, error.start)}); {_ASK_UTF8}"
        ) from None


def _decode_utf8(data: bytes) -> Text:
    content = data.decode("utf-8")
    if content.startswith("\ufeff"):
        return Text(content[1:], "utf-8-sig")
    return Text(content, "utf-8")


def _mostly_utf8(data: bytes) -> bool:
    # Most Korean UTF-8 is also valid CP949, as gibberish: a truncated download must not pass for
    # that. CP949 text read as UTF-8 yields replacement characters and next to no Hangul.
    lossy = data.decode("utf-8", errors="replace")
    return len(_HANGUL.findall(lossy)) > lossy.count("\ufffd")


def _place(data: bytes, offset: int) -> str:
    line = line_breaks(data[:offset].decode("latin-1")) + 1
    return f"byte offset {offset}, line {line}"
