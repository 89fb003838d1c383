"""The line protocol under noise: whatever a server sends is a reply by the book, or an error, and soon."""

from __future__ import annotations

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.channels.email.smtp_wire import Garbled, Overdue, Reply, Wire, WireError

NOISE = st.lists(
    st.one_of(
        st.sampled_from(
            [b"250", b"250-", b"250 ", b"550 5.1.1 ", b"421", b"\r\n", b"\n", b"\r", b"\0", b" ", b"-", b"ok", b"\xff"]
        ),
        st.binary(max_size=20),
    ),
    max_size=12,
).map(b"".join)  # fmt: skip


def heard(data: bytes) -> Reply | WireError:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        try:
            return Wire(ours).reply(time.monotonic() + 1)
        except WireError as error:
            return error


@given(NOISE)
def test_noise_is_a_reply_only_if_every_line_is_one(data):
    found = heard(data)
    if isinstance(found, Reply):
        lines = data.split(b"\n")
        assert 200 <= found.code < 600
        assert all(line.startswith(str(found.code).encode()) for line in lines[: len(found.lines)])
        assert all(line[3:4] == b"-" for line in lines[: len(found.lines) - 1])
        assert all(text.isprintable() for text in found.lines)


@pytest.mark.parametrize(
    ("data", "code", "enhanced", "text"),
    [
        (b"250 ok\r\n", 250, "", "ok"),
        (b"250\r\n", 250, "", ""),
        (b"550 5.1.1 nobody\n", 550, "5.1.1", "5.1.1 nobody"),
        (b"550-5.1.1 no\r\n550 5.1.1 body\r\n", 550, "5.1.1", "5.1.1 no 5.1.1 body"),
        (b"250 5.1 is no code\r\n", 250, "", "5.1 is no code"),
        (b"450 \x1b[31mred\x07\r\n", 450, "", "[31mred"),
        (b"250 gr\xc3\xbc\xc3\x9fe \xff\r\n", 250, "", "grüße \ufffd"),
    ],
)
def test_a_reply_is_read_to_its_last_word(data, code, enhanced, text):
    found = heard(data)
    assert isinstance(found, Reply)
    assert (found.code, found.enhanced, found.text) == (code, enhanced, text)


def test_only_the_first_reply_is_taken():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"250 one\r\n550 two\r\n")
        wire = Wire(ours)
        assert wire.reply(time.monotonic() + 1).code == 250
        assert wire.pending
        assert wire.reply(time.monotonic() + 1).code == 550


@pytest.mark.parametrize("data", [b"2" * 60_000, b"250-" + b"x" * 60_000, b"250-x\r\n" * 8_000])
def test_an_endless_reply_is_left_early(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        with pytest.raises(Garbled):
            Wire(ours).reply(time.monotonic() + 1)


def test_a_server_that_does_not_read_is_left_at_the_deadline():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        started = time.monotonic()
        with pytest.raises(Overdue):
            Wire(ours).send(bytes(50_000_000), time.monotonic() + 0.3)
        assert time.monotonic() - started < 2
