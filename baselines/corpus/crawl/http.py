"""One request, with limits on time and size, to an address that has been checked."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

from baselines.corpus.crawl.address import Place, addresses

_BLOCK = 1 << 16


class FetchError(Exception):
    """A request that came to nothing, and why; it may be tried again."""


class TooLargeError(ValueError):
    """More came than is read."""


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    headers: Message
    body: bytes

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return str(self.headers.get(name) or "").strip()

    @property
    def type(self) -> str:
        """``text/html``."""
        return self.headers.get_content_type() if self.header("Content-Type") else ""

    @property
    def charset(self) -> str:
        """The encoding, where the server names one."""
        return str(self.headers.get_content_charset() or "")


def get(
    place: Place, headers: Mapping[str, str], *, private: bool, seconds: float, most: int
) -> Response:
    """Ask for ``place``.

    Raises:
        RefusedError: its host may not be connected to.
        TooLargeError: the body is longer than ``most`` bytes.
        FetchError: nothing came, or not all, within ``seconds``.
    """
    connection = _Connection(place, addresses(place, private=private), seconds)
    # A server that sends a byte now and then would keep every single read within its time.
    watch = threading.Timer(seconds, connection.cut)
    watch.daemon = True
    try:
        watch.start()
        connection.request("GET", place.target, headers={**headers, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        found = Response(answer.status, answer.headers, _body(answer, most))
    except (OSError, http.client.HTTPException, zlib.error, EOFError) as error:
        if connection.was_cut or isinstance(error, TimeoutError):
            raise _too_slow(seconds) from None
        raise FetchError(f"could not be fetched: {str(error) or type(error).__name__}") from None
    finally:
        watch.cancel()
        connection.close()
    if connection.was_cut:  # what came before looks like all of it
        raise _too_slow(seconds)
    return found


def _too_slow(seconds: float) -> FetchError:
    return FetchError(f"did not answer within {seconds:g} s")


class _Connection(http.client.HTTPConnection):
    def __init__(self, place: Place, numbers: list[str], seconds: float) -> None:
        super().__init__(place.host, place.port, timeout=seconds)
        self._place = place
        self._numbers = numbers
        self.was_cut = False
        self.default_port = 443 if place.scheme == "https" else 80

    def connect(self) -> None:
        for number in self._numbers:
            try:
                self.sock = socket.create_connection((number, self.port), self.timeout)
                break
            except OSError:
                if number == self._numbers[-1]:
                    raise
        if self._place.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        self.was_cut = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


def _body(answer: http.client.HTTPResponse, most: int) -> bytes:
    packed = (answer.headers.get("Content-Encoding") or "").strip().lower() in ("gzip", "x-gzip")
    unpack = zlib.decompressobj(31)
    body = bytearray()
    while block := answer.read(_BLOCK):
        body += unpack.decompress(block, most + 1 - len(body)) if packed else block
        if len(body) > most:
            raise TooLargeError(f"is longer than {most:,} bytes; raise --most-bytes to read it")
    if answer.length or (packed and body and not unpack.eof):
        raise EOFError(f"the answer ended after {len(body):,} bytes, before its end")
    return bytes(body)
