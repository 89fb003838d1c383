"""A bounce taken apart: the words for people, the machine-readable fields, and what is left of the returned message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.channels.email.parse import Mail, Part, parse_lines
from runner.channels.email.parse_headers import Headers, parse_headers, split_headers
from runner.channels.email.parse_text import decode_charset
from runner.channels.email.wordlists import any_of

MAX_BLOCKS = 200
MAX_WORDS = 60_000
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status", "message/delivery_status")
_SEPARATOR = re.compile(
    rf"^[ \t>]{{0,12}}(?:[-*_=#]{{2,}} {{0,4}}(?:{any_of('bounce_separators')})[^\n]{{0,80}}"
    rf"|{any_of('bounce_separator_lines')})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS_START = re.compile(
    r"^[ \t>]{0,4}(?:Received: ?(?:from|by|\(|;)|Return-Path: ?<|DKIM-Signature: ?v=|X-Originating-IP: ?\["
    r"|Delivered-To: ?\S+@)",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Report:
    """`words` is the text before the returned message, `blocks` the groups of delivery-status fields in order,
    `returned` the header of the returned message (empty when it is not there), `returned_text` all of it.
    """

    mail: Mail
    words: str
    blocks: tuple[Headers, ...]
    returned: Headers
    returned_text: str


def take_apart(mail: Mail) -> Report:
    """Find the pieces of a report, whether it is MIME, half MIME or plain text of the last century."""
    words: list[str] = []
    blocks: list[Headers] = []
    returned = ""
    for part in mail.parts:
        if part.content_type in _STATUS_TYPES:
            blocks += field_groups(_lines(part))
        elif part.embedded or part.content_type.startswith(("message/rfc822", "text/rfc822")):
            returned = returned or _lines(part)
        elif part.content_type.startswith("text/"):
            words.append(part.text()[:MAX_WORDS])
    text = "\n".join(words)[:MAX_WORDS]
    text, cut = _cut(text)
    returned = returned or cut
    head, _ = split_headers(returned.lstrip().encode("utf-8", "replace"))
    return Report(mail, text, tuple(blocks[:MAX_BLOCKS]), parse_headers(head), returned)


def field_groups(text: str) -> list[Headers]:
    """The groups of fields in a delivery-status text, which empty lines part."""
    groups = re.split(r"\n[ \t]*\n", text)[:MAX_BLOCKS]
    return [headers for group in groups if (headers := parse_headers(group.encode("utf-8", "replace"))).fields]


def inner_report(report: Report) -> Report | None:
    """The report that a report returns or forwards, where it does."""
    if not report.returned.fields:
        return None
    return take_apart(parse_lines(report.returned_text.lstrip().encode("utf-8", "replace")))


def _cut(text: str) -> tuple[str, str]:
    """Text before and from the place where a returned message starts; what follows must look like a message."""
    for match in list(_SEPARATOR.finditer(text))[:20]:
        if re.match(r"\s*(?:[>|][ ]?)?[A-Za-z][A-Za-z0-9-]{1,40}:", text[match.end() : match.end() + 200]):
            return text[: match.start()], text[match.end() :]
    if headers := _HEADERS_START.search(text):
        return text[: headers.start()], text[headers.start() :]
    return text, ""


def _lines(part: Part) -> str:
    text = decode_charset(part.data()[:200_000], part.params.get("charset", "utf-8"))
    return text.replace("\r\n", "\n").replace("\r", "\n")
