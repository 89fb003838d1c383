"""A connected socket to a mail server, within a time over all its addresses."""

from __future__ import annotations

import socket
import time

PATIENCE = 5.0
"""Seconds an address gets while others are left: the kernel has asked three times by then (RFC 6298: 1, 2, 4 s)."""


def connected(host: str, port: int, seconds: float) -> socket.socket:
    """Connect by IPv6 or IPv4, in the resolver's order. Raises OSError; TimeoutError where time runs out.

    An address that swallows packets, as IPv6 does in many a network, leaves time for those behind it.
    """
    deadline, last = time.monotonic() + seconds, OSError(f"{host} has no address")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(found, 1):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{host} does not answer") from last
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left if number == len(found) else min(left / 2, PATIENCE))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last
