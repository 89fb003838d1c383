"""Which addresses a visit may connect to: only public web servers, unless private networks are allowed on purpose.

A URL is refused by its text (scheme, port, user name, odd characters), and every address its host resolves to is
checked when the connection is made, so that a name that changes its mind between two look-ups gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import idna

Resolver = Callable[[str, int], tuple[str, ...]]
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

PUBLIC_PORTS = frozenset({80, 443})
_BAD_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
_NUMERIC_LABEL = re.compile(r"0[xX][0-9a-fA-F]*|\d+")

# IANA special-purpose registries (RFC 6890 and successors), the multicast blocks, and the ranges that carry an IPv4
# address inside (RFC 4291 2.5.5, RFC 6052, RFC 3056, RFC 4380). `is_global` calls several of these public.
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


class AddressRefused(Exception):
    """A URL or address that must not be visited; the message says why. Caught inside the channel."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be visited. `connect_to` (host, port) sends every connection to one place, for a sandbox."""

    allow_private: bool = False
    connect_to: tuple[str, int] | None = None

    def check_url(self, url: str) -> str:
        """The URL in its plain form (ASCII host, no fragment). Raises AddressRefused when it must not be visited."""
        if len(url) > 8192 or _BAD_CHARACTERS.search(url.strip()):
            raise AddressRefused("the URL holds characters that no web address has")
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError as error:
            raise AddressRefused(f"not a URL: {error}") from error
        if parts.scheme not in {"http", "https"}:
            raise AddressRefused(f"the scheme `{parts.scheme or 'none'}` is not http or https")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("a URL with a user name in it is not visited")
        if port is not None and port not in PUBLIC_PORTS and not self.allow_private:
            raise AddressRefused(f"port {port} is not a web server's port")
        host = plain_host(parts.hostname or "")
        literal = f"[{host}]" if ":" in host else host
        netloc = literal if port is None else f"{literal}:{port}"
        return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))

    def check_address(self, address: str) -> str:
        """The address itself. Raises AddressRefused unless it is public unicast, or private ones are allowed."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError as error:
            raise AddressRefused(f"`{address}` is not an IP address") from error
        if not self.allow_private and not is_public(parsed):
            raise AddressRefused(f"{parsed} is not a public address")
        return address

    def addresses(self, host: str, port: int, resolve: Resolver) -> tuple[str, ...]:
        """Every address of a host, each of them checked: one bad address refuses the host.

        Raises AddressRefused, and OSError when the name does not resolve.
        """
        found = resolve(host, port)
        for address in found:
            self.check_address(address)
        return found


def is_public(address: IpAddress) -> bool:
    """Whether an address is public unicast, without any range that hides another address inside."""
    if address.version == 6 and address not in ipaddress.ip_network("2000::/3"):
        return False
    return not any(address in network for network in _REFUSED if network.version == address.version)


def plain_host(host: str) -> str:
    """A host name in lower-case ASCII without a final dot. Raises AddressRefused for what is no host name."""
    host = host.rstrip(".").lower()
    if not host:
        raise AddressRefused("the URL names no host")
    if ":" in host:
        return _ip_literal(host)
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        return _ip_literal(host)
    try:
        plain = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise AddressRefused(f"`{host}` is not a host name: {error}") from error
    if _NUMERIC_LABEL.fullmatch(plain.rpartition(".")[2]):
        return _ip_literal(plain)
    if not re.fullmatch(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?", plain):
        raise AddressRefused("the URL's host is not a host name")
    return plain


def _ip_literal(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError as error:
        raise AddressRefused(f"`{host}` is an IP address in a disguise") from error


def resolve_host(host: str, port: int) -> tuple[str, ...]:
    """Every address of a host as the system's resolver gives them, in its order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
