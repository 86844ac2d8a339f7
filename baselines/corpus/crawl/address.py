"""Where a URL leads: how it is written, and which addresses may be connected to."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

_SAFE = "/%:@!$&'()*+,;=~-._?"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNWRITABLE = re.compile(r"[\x00-\x20\x7f]")


class RefusedError(ValueError):
    """A URL that is not asked for, and why, in words."""


class Place(NamedTuple):
    """A URL in its parts."""

    scheme: str
    host: str
    port: int
    target: str
    """The path with the query."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a robots.txt speaks for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        """The URL in the one way in which it is written here."""
        return self.origin + self.target


def place_of(url: str, base: str = "") -> Place:
    """The parts of ``url``, seen from ``base``; raises :class:`RefusedError`."""
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        port, host = parts.port, (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError as error:
        raise RefusedError(f"is no URL: {error}") from None
    if parts.scheme not in _DEFAULT_PORTS or not host or _UNWRITABLE.search(host):
        raise RefusedError("is no URL of a page; write http:// or https:// and a host")
    if parts.username is not None:
        raise RefusedError("holds a user's name or password; leave it out")
    path = quote(parts.path or "/", safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    return Place(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], path + query)


def addresses(place: Place, *, private: bool) -> list[str]:
    """The addresses of the host; raises :class:`RefusedError` where one is not of the public net.

    All are looked at and the connection goes to one of them, so that a name that is looked up
    twice with two results leads nowhere else.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RefusedError(f"the host {place.host} is not found: {error.strerror}") from None
    numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not private:
        for number in numbers:
            if not _is_public(number):
                raise RefusedError(
                    f"the host {place.host} is at {number}, a private address; allow it with "
                    "--private if it is yours"
                )
    return numbers


def _is_public(number: str) -> bool:
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast
