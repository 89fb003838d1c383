"""The transport: connections that go only to addresses the guard has checked, and that end at a deadline.

The name is resolved once, inside the connection, and the socket is opened to a checked address; nothing resolves it a
second time. No proxy and no .netrc is read from the environment.
"""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.poolmanager import PoolManager

from runner.channels.contact_form.guard import AddressPolicy, Resolver, resolve_host

_MAX_ADDRESSES = 4
_OURS = frozenset([errno.ENETUNREACH, errno.ENETDOWN])


class OwnNetwork(Exception):
    """This machine has no way to the network; no site is to blame. Caught inside the channel."""


class Wire:
    """What the connections of one visit share: the policy, the resolver, and the sockets open at the moment."""

    def __init__(self, policy: AddressPolicy, resolve: Resolver = resolve_host) -> None:
        self.policy = policy
        self.resolve = resolve
        self._live: set[HTTPConnection] = set()
        self._lock = threading.Lock()

    def open(self, connection: HTTPConnection) -> socket.socket:
        """A socket to the connection's host. Raises AddressRefused, or urllib3's errors of a failed connect."""
        host, port = self.policy.connect_to or (connection.host, connection.port or 80)
        try:
            addresses = self.policy.addresses(host, port, self.resolve)
        except OSError as error:
            raise NewConnectionError(connection, f"{host} does not resolve: {error}") from error
        with self._lock:
            self._live.add(connection)
        return _connect(connection, addresses[:_MAX_ADDRESSES], port)

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Cut every connection of this visit when `seconds` have passed, however slowly the other side drips."""
        timer = threading.Timer(seconds, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def cut(self) -> None:
        """End what is being received now; the reader sees a closed connection."""
        with self._lock:
            connections = tuple(self._live)
        for connection in connections:
            opened = connection.sock
            if opened is not None:
                with suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)


def _connect(connection: HTTPConnection, addresses: tuple[str, ...], port: int) -> socket.socket:
    timeout = connection.timeout if isinstance(connection.timeout, (int, float)) else 10.0
    failure: OSError | None = None
    for address in addresses:
        try:
            opened = socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
            continue
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened
    if failure is not None and failure.errno in _OURS and any(":" not in address for address in addresses):
        raise OwnNetwork(str(failure)) from failure
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, f"no answer within {timeout:g} s") from failure
    raise NewConnectionError(connection, f"cannot connect: {failure or 'no address'}") from failure


def session(wire: Wire) -> requests.Session:
    """A requests session over `wire`: no environment, no redirects of its own, no retries."""
    made = requests.Session()
    made.trust_env = False
    adapter = _adapter(wire)
    made.adapters.clear()
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def _adapter(wire: Wire) -> HTTPAdapter:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return wire.open(self)

    class Tls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return wire.open(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            manager: PoolManager = self.poolmanager
            manager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}

    return Adapter(max_retries=0, pool_connections=4, pool_maxsize=2)
