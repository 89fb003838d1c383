"""One HTTP exchange as it was recorded: what every verdict is made from, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property


class Failure(Enum):
    """Why there is no answer. Only UNREACHED proves that the request did not leave."""

    UNREACHED = "unreached"
    TIMED_OUT = "timed_out"
    BROKEN = "broken"


class Shape(Enum):
    """What kind of body came back."""

    JSON = "json"
    HTML = "html"
    OTHER = "other"
    EMPTY = "empty"


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. `status` is None exactly when `failure` says why there was none.

    `headers` have lower-case names; `body` is decoded, and cut where `truncated`. No cookie or token is kept.
    """

    method: str
    path: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    truncated: bool = False
    session_ended: bool = False
    failure: Failure | None = None
    error: str = ""

    @cached_property
    def json(self) -> object:
        """The parsed body; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def shape(self) -> Shape:
        """What the body is, by looking at it: Voyager's content types cannot be trusted."""
        start = self.body[:512].lstrip().lower()
        if not start:
            return Shape.EMPTY
        if self.json is not None:
            return Shape.JSON
        return Shape.HTML if start.startswith(b"<") or b"<html" in start else Shape.OTHER

    @cached_property
    def code(self) -> str:
        """The error code in the body (`data.code`, `code` or `serviceErrorCode`), upper case; empty without one."""
        body = self.json
        if not isinstance(body, dict):
            return ""
        data = body.get("data")
        found = (data.get("code") if isinstance(data, dict) else None) or body.get("code")
        return str(found or body.get("serviceErrorCode") or "").upper()

    @cached_property
    def message(self) -> str:
        """The words of the body that are meant for people, cut short; empty without any."""
        body = self.json
        found = body.get("message") if isinstance(body, dict) else None
        return str(found)[:300] if found else ""

    @cached_property
    def text(self) -> str:
        """Everything a marker may be found in, lower case: code, message, target of a redirect, start of the page."""
        if self.shape is Shape.JSON:
            page = "challenge_url" if isinstance(self.json, dict) and "challenge_url" in self.json else ""
        else:
            page = self.body[:20_000].decode("utf-8", "replace")
        return " ".join((self.code, self.message, self.headers.get("location", ""), page)).lower()

    def element(self, *names: str) -> object:
        """The value at a path of keys in a JSON body; None where it ends early."""
        found = self.json
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    @property
    def evidence(self) -> dict[str, object]:
        """What is worth keeping in the attempt's log."""
        kept: dict[str, object] = {"request": f"{self.method} {self.path}", "status": self.status}
        if self.code:
            kept["code"] = self.code
        if self.message:
            kept["message"] = self.message
        if self.failure is not None:
            kept["failure"] = self.failure.value
        return kept
