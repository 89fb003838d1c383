"""Which certificates are believed, for SMTP and IMAP: the system's, or those of `ca_file` as that file is now."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache

State = tuple[int, int, int]


def tls_context(ca_file: str | None, *, checked: bool = True) -> ssl.SSLContext:
    """What trusts the system's certificates, or only those of `ca_file`. Raises OSError where it cannot be read.

    A renewed file is taken at the next new connection. Not `checked` takes any certificate, which is no worse than
    clear text.
    """
    return _context(ca_file, _state(ca_file), checked)


def _state(ca_file: str | None) -> State:
    """What changes when a file is written or replaced: certificates are often renewed within a clock's tick."""
    if ca_file is None:
        return 0, 0, 0
    found = os.stat(ca_file)
    return found.st_mtime_ns, found.st_ino, found.st_size


@lru_cache(maxsize=16)
def _context(ca_file: str | None, _state: State, checked: bool) -> ssl.SSLContext:
    """Reading the system's certificates takes tens of milliseconds, so it is done once for each state of a file."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not checked:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
