"""A bounce taken apart: the words for people, the machine-readable fields, and what is left of the returned message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.channels.email.parse import Mail, Part, parse_lines
from runner.channels.email.parse_headers import Headers, parse_headers, split_headers

MAX_BLOCKS = 200
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = re.compile(
    r"""^[ \t>]*(?:
        -{2,}[ ]*(?:(?:this[ ]is[ ]a[ ]copy|below[ ]this[ ]line[ ]is[ ]a[ ]copy|original|returned|undelivered|unsent
            |the[ ](?:original|header|body|attached|following|unsent)|included[ ]is|enclosed|forwarded)\b[^\n]{0,120})
      | (?:the\ )?(?:original|returned|undelivered)\ (?:message|mail)\ (?:follows|headers?|header\ follows)[^\n]{0,80}
      | -{3,}[ ]*(?:message[ ](?:header|text|body))[^\n]{0,60}
      | (?:content-type:[ ]*(?:message/rfc822|text/rfc822-headers))[^\n]{0,100}
      | [*]{3,}[ ]?original[^\n]{0,60}
    )$""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_HEADERS_START = re.compile(
    r"^(?:Received: (?:from|by|\()|Return-Path: ?<|DKIM-Signature: |X-Originating-IP: )", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Report:
    """`words` is the text before the returned message, `blocks` the groups of delivery-status fields in order,
    `returned` the header of the returned message (empty when it is not there), `returned_text` all of it."""

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
            blocks += _blocks(part)
        elif part.embedded:
            returned = returned or _lines(part)
        elif part.content_type.startswith("text/"):
            words.append(part.text())
    text = "\n".join(words)
    if not returned and (cut := _RETURNED.search(text) or _HEADERS_START.search(text)):
        returned = text[cut.end() if cut.re is _RETURNED else cut.start() :]
        text = text[: cut.start()]
    head, _ = split_headers(returned.lstrip().encode("utf-8", "replace"))
    return Report(mail, text, tuple(blocks[:MAX_BLOCKS]), parse_headers(head), returned)


def _blocks(part: Part) -> list[Headers]:
    text = _lines(part)
    groups = re.split(r"\n[ \t]*\n", text)[:MAX_BLOCKS]
    return [headers for group in groups if (headers := parse_headers(group.encode("utf-8", "replace"))).fields]


def _lines(part: Part) -> str:
    text = part.data()[:200_000].decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def returned_mail(report: Report) -> Mail | None:
    """The returned message itself, where enough of it is there to be read."""
    if not report.returned.fields:
        return None
    return parse_lines(report.returned_text.lstrip().encode("utf-8", "replace"))
