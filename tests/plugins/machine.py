"""What the machine must have for some tests, and what no test may do to the world.

A test that needs a program asks for it and is skipped, with the reason, where it is missing. A connection to
anything but loopback fails the test that tried it.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable
from typing import Any

import pytest

PACKAGES = {
    "chromium": "chromium",
    "dovecot": "dovecot-imapd",
    "smtp-sink": "postfix",
    "node": "nodejs",
}


class LeftTheMachine(AssertionError):
    """A test tried to reach something that is not on loopback."""


def _refuse_far(address: Any) -> None:
    if not isinstance(address, tuple) or address[0] in ("", "localhost"):
        return  # a Unix socket, or ourselves
    try:
        near = ipaddress.ip_address(address[0].partition("%")[0]).is_loopback
    except ValueError:
        near = False
    if not near:
        raise LeftTheMachine(f"a test tried to connect to {address[0]}:{address[1]}; only loopback is allowed")


def _guarded(original: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        _refuse_far(address)
        return original(self, address)

    return connect


def pytest_configure(config: pytest.Config) -> None:
    """Close the door before the first test is even imported."""
    socket.socket.connect = _guarded(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _guarded(socket.socket.connect_ex)  # type: ignore[method-assign]


@pytest.fixture
def program() -> Callable[[str], str]:
    """`program(name)` is the path of a program; the test is skipped where the machine has none."""

    def find(name: str) -> str:
        folders = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/usr/lib/dovecot"
        path = shutil.which(name, path=folders)
        if path is None:
            pytest.skip(f"{name} is not here: apt-get install {PACKAGES.get(name, name)}")
        return path

    return find
