"""No test leaves the machine."""

from __future__ import annotations

import socket
import ssl

import machine
import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 25), ("198.51.100.7", 443), ("mail.example.com", 587)])
def test_a_connection_to_anywhere_else_fails_the_test(address):
    with socket.socket() as plain, pytest.raises(machine.LeftTheMachine, match=address[0]):
        plain.connect(address)


def test_tls_does_not_get_round_it():
    wrapped = ssl.create_default_context().wrap_socket(socket.socket(), server_hostname="example.com")
    with wrapped, pytest.raises(machine.LeftTheMachine):
        wrapped.connect(("192.0.2.1", 443))


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()
