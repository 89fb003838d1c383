"""Which addresses a click may lead to: absolute web addresses that every program reads the same way."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAX_TARGET = 2048
_SHAPE = re.compile(r"https?://[!-~]+", re.ASCII)
_CONFUSING = ("\\", "@", '"', "<", ">", "`", "^", "{", "}", "|")


def safe_target(url: str) -> bool:
    """Whether a signed target may be redirected to: http or https, a host, nothing that hides where it leads."""
    if len(url) > MAX_TARGET or _SHAPE.fullmatch(url) is None:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and not any(mark in parts.netloc or (mark in url and mark == "\\") for mark in _CONFUSING)
