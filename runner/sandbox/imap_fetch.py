"""What the sandbox's IMAP server says of a message: FETCH items and SEARCH keys (RFC 3501, 6.4.4 and 6.4.5)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from runner.sandbox.imap_syntax import Token, in_set
from runner.sandbox.mailbox import StoredMessage

_ITEM = re.compile(r"(?i)BODY(?:\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def marks_seen(items: list[str]) -> bool:
    r"""Whether fetching these items sets the \Seen flag."""
    return any(item.upper().startswith("BODY[") or item.upper() in ("RFC822", "RFC822.TEXT") for item in items)


def fetch_items(request: Token) -> list[str]:
    """The items of a FETCH, with a list of header names folded back into its item, and macros spelled out."""
    asked = request if isinstance(request, list) else [request]
    items = [item for item in asked if isinstance(item, str)]
    macros = {"ALL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"], "FAST": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]}
    return macros.get(items[0].upper(), items) if len(items) == 1 else items


def fetch_response(number: int, message: StoredMessage, items: list[str]) -> bytes:
    """The untagged FETCH response for one message."""
    pieces = [piece for item in items if (piece := _item(message, item))]
    if not any(item.upper() == "UID" for item in items):
        pieces.append(b"UID %d" % message.uid)
    return b"* %d FETCH (" % number + b" ".join(pieces) + b")\r\n"


def _item(message: StoredMessage, item: str) -> bytes:
    match item.upper():
        case "UID":
            return b"UID %d" % message.uid
        case "FLAGS":
            return b"FLAGS (" + " ".join(sorted(message.flags)).encode() + b")"
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(message.content)
        case "INTERNALDATE":
            return b'INTERNALDATE "' + internal_date(message.internal_date).encode() + b'"'
        case "RFC822":
            return _literal(b"RFC822", message.content)
        case "RFC822.HEADER":
            return _literal(b"RFC822.HEADER", _section(message.content, "HEADER"))
    if (found := _ITEM.fullmatch(item)) is None:
        return b""
    data, origin = _section(message.content, found[1]), b""
    if found[2] is not None:
        data, origin = data[int(found[2]) :][: int(found[3])], b"<" + found[2].encode() + b">"
    return _literal(b"BODY[" + found[1].encode() + b"]" + origin, data)


def _section(content: bytes, section: str) -> bytes:
    head, gap, body = content.partition(b"\r\n\r\n" if b"\r\n\r\n" in content else b"\n\n")
    wanted = section.upper()
    if wanted == "HEADER":
        return head + gap
    if wanted.startswith("HEADER.FIELDS"):
        names = {name.lower() for name in re.findall(r"[\w-]+", section.partition("(")[2])}
        fields = re.split(rb"\r?\n(?![ \t])", head)
        chosen = [each for each in fields if each.partition(b":")[0].decode("ascii", "replace").lower() in names]
        return b"".join(each + b"\r\n" for each in chosen) + b"\r\n"
    return body if wanted == "TEXT" else content


def _literal(name: bytes, data: bytes) -> bytes:
    return name + b" {%d}\r\n" % len(data) + data


def internal_date(when: datetime) -> str:
    """INTERNALDATE as IMAP writes it, in UTC."""
    utc = when.astimezone(UTC)
    return f"{utc.day:02d}-{_MONTHS[utc.month - 1].title()}-{utc:%Y %H:%M:%S} +0000"


def matches(message: StoredMessage, number: int, largest: tuple[int, int], keys: list[Token]) -> bool:
    """Whether a message satisfies all SEARCH keys. `largest` is the largest sequence number and UID in the folder."""
    rest = list(keys)
    while rest:
        if not _key(message, number, largest, rest):
            return False
    return True


def _key(message: StoredMessage, number: int, largest: tuple[int, int], rest: list[Token]) -> bool:
    key = rest.pop(0)
    if isinstance(key, list):
        return matches(message, number, largest, key)
    match key.upper():
        case "NOT":
            return not _key(message, number, largest, rest)
        case "OR":
            first = _key(message, number, largest, rest)
            return _key(message, number, largest, rest) or first
        case "UID":
            return in_set(_text(rest), message.uid, largest[1])
        case "CHARSET":
            return bool(_text(rest))
        case "HEADER":
            return _in_header(message.content, _text(rest), _text(rest))
        case "SUBJECT" | "FROM" | "TO" | "CC" as name:
            return _in_header(message.content, name, _text(rest))
        case "TEXT" | "BODY":
            return _text(rest).lower().encode() in message.content.lower()
        case "SINCE":
            return message.internal_date.astimezone(UTC).date() >= _date(_text(rest))
        case "BEFORE":
            return message.internal_date.astimezone(UTC).date() < _date(_text(rest))
        case "SEEN" | "ANSWERED" | "FLAGGED" | "DELETED" | "DRAFT" as flag:
            return f"\\{flag.title()}" in message.flags
        case "UNSEEN" | "UNANSWERED" | "UNFLAGGED" | "UNDELETED" | "UNDRAFT" as flag:
            return f"\\{flag[2:].title()}" not in message.flags
        case "ALL":
            return True
    return in_set(key, number, largest[0])


def _text(rest: list[Token]) -> str:
    value = rest.pop(0) if rest else ""
    return value if isinstance(value, str) else ""


def _in_header(content: bytes, name: str, wanted: str) -> bool:
    head = _section(content, f"HEADER.FIELDS ({name})").strip()
    return bool(head) and wanted.lower() in head.partition(b":")[2].decode("utf-8", "replace").lower()


def _date(text: str) -> date:
    try:
        return parsedate_to_datetime(text.replace("-", " ") + " 00:00:00 +0000").date()
    except (ValueError, TypeError):
        return date.max
