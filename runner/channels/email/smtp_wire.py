"""A socket that speaks lines and keeps total deadlines: a server that drips a byte a second cannot hold it.

Time-outs of a socket bound one read; these bound the phase (RFC 5321 section 4.5.3.2 names the phases).
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass

from runner.channels.email.connecting import connected

MAX_LINE = 8192
MAX_LINES = 200
_CODE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")


class WireError(Exception):
    """The connection ended, took too long, or said something that is no SMTP."""


class Overdue(WireError):
    """The deadline of the phase passed."""


class Garbled(WireError):
    """What came is not a reply by RFC 5321 section 4.2."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: the basic code, the enhanced code (RFC 3463) or an empty text, and the words by line."""

    code: int
    enhanced: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words in one line, at most 2,000 characters."""
        return " ".join(self.lines)[:2000]

    @property
    def positive(self) -> bool:
        """2yz or 3yz: the server goes along."""
        return self.code < 400

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


class Wire:
    """One connection. Every call takes the deadline of its phase as an instant of `time.monotonic()`."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()

    @property
    def encrypted(self) -> bool:
        """Whether TLS is on."""
        return isinstance(self._sock, ssl.SSLSocket)

    @property
    def pending(self) -> bool:
        """Whether bytes came that nobody asked for, such as a reply injected ahead of STARTTLS."""
        return bool(self._buffer)

    def encrypt(self, context: ssl.SSLContext, host: str, deadline: float) -> None:
        """Start TLS on this connection. Raises ssl.SSLError, OSError or WireError."""
        self._sock.settimeout(_left(deadline))
        self._sock = context.wrap_socket(self._sock, server_hostname=host)

    def send(self, data: bytes, deadline: float) -> None:
        """Write everything. Raises WireError when the other side is gone or too slow."""
        view = memoryview(data)
        try:
            while view:
                self._sock.settimeout(_left(deadline))
                view = view[self._sock.send(view[:262_144]) :]
        except TimeoutError as error:
            raise Overdue("the server does not take the data") from error
        except OSError as error:
            raise WireError(f"the connection broke: {error}") from error

    def reply(self, deadline: float) -> Reply:
        """Read one reply of one or more lines. Raises WireError, Overdue or Garbled."""
        words: list[str] = []
        first = 0
        for _ in range(MAX_LINES):
            match = _CODE.match(self._line(deadline))
            if match is None:
                raise Garbled("the server said something that is not a reply")
            code = int(match[1])
            first = first or code
            if code != first:
                raise Garbled("the lines of a reply carry different codes")
            words.append((match[3] or b"").decode("utf-8", "replace"))
            if match[2] != b"-":
                return _reply(code, words)
        raise Garbled("a reply without an end")

    def spoke_early(self) -> bool:
        """Whether the server said something, or hung up, although it is our turn. Never waits."""
        if self._buffer:
            return True
        self._sock.settimeout(0)
        try:
            self._buffer += self._sock.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Close without a word."""
        try:
            self._sock.close()
        except OSError:
            return

    def _line(self, deadline: float) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_LINE:
                raise Garbled("a reply line over 8 KiB")
            self._buffer += self._receive(deadline)
        if end > MAX_LINE:
            raise Garbled("a reply line over 8 KiB")
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _receive(self, deadline: float) -> bytes:
        self._sock.settimeout(_left(deadline))
        try:
            data = self._sock.recv(65536)
        except TimeoutError as error:
            raise Overdue("the server does not answer in time") from error
        except OSError as error:
            raise WireError(f"the connection broke: {error}") from error
        if not data:
            raise WireError("the server closed the connection")
        return data


def dial(host: str, port: int, seconds: float) -> Wire:
    """Connect. Raises OSError."""
    return Wire(connected(host, port, seconds))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Overdue("the server is too slow")
    return left


def _reply(code: int, words: list[str]) -> Reply:
    match = _ENHANCED.match(words[0])
    shown = ("".join(char if char.isprintable() else " " for char in line).strip() for line in words)
    return Reply(code, match[1] if match else "", tuple(shown))
