"""By what a message in the inbox is tied to what we sent: our header, our plus address, Message-IDs, addresses.

Some relays replace the Message-ID (Amazon SES does, and the Date), so one key is not enough.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from runner.channels.email.bounce_report import Report
from runner.channels.email.config import account_of
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.parse import MAX_TEXT
from runner.channels.email.parse_headers import message_ids_in
from runner.model.channel import ChannelConfig
from runner.model.companies import FREE_MAIL

KEY = r"[A-Za-z0-9._-]{1,120}"
MAX_IDS = 50
_HEADER = re.compile(rf"(?im)^[ \t>]{{0,8}}X-Runner-Key:\s{{0,4}}({KEY})\s*$")
_SUBJECT = re.compile(rf"(?i)^\s*(?:re:\s*)?unsubscribe(?:\s|%20|\+)+({KEY})\s*$")
"""Some mail programs leave the space of a `mailto:` link encoded."""
_LINK = re.compile(rb"https?://[^\s\"'<>]{1,300}/u/[A-Za-z0-9]{1,16}\.([A-Za-z0-9_-]{1,200})\.[A-Za-z0-9_-]{22}")
"""Our opt-out link, as tokens.py makes it; its signature is not asked, since the key in it cannot be guessed either."""
_DELIVERED_TO = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to",
                 "apparently-to", "x-forwarded-to")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """Who we are in this mailbox: our addresses and their domains, lower case."""

    addresses: frozenset[str]

    @property
    def domains(self) -> frozenset[str]:
        """The domains that only we write from."""
        return frozenset(address.rpartition("@")[2] for address in self.addresses) - FREE_MAIL

    def is_own(self, address: str) -> bool:
        """Whether an address is one of ours, with or without a plus tag."""
        local, _, domain = address.lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self.addresses


@dataclass(frozen=True, slots=True)
class Ties:
    """The unguessable key of ours that a message carries, and the Message-IDs it names, the nearest first."""

    key: str | None
    message_ids: tuple[str, ...]


def own_of(account: ChannelConfig) -> Own:
    """Every address the account writes from or receives at, those of `send_as` among them."""
    typed, inbox = account_of(account), imap_settings(account)
    named = [typed.sender.address, typed.return_path, typed.smtp.username, inbox.username if inbox else ""]
    named += [typed.reply_to.address] if typed.reply_to else []
    named += [typed.footer.mailto]
    named += [each.address for each in typed.send_as.identities.values()] if typed.send_as else []
    return Own(frozenset(address.lower() for address in named if "@" in address))


def ties(report: Report, own: Own) -> Ties:
    """What ties a message to one of ours."""
    mail = report.mail
    ids = [
        *report.returned.message_ids("message-id"),
        *(found for block in report.blocks for found in message_ids_in(block.raw("x-original-message-id"))),
        *mail.headers.message_ids("in-reply-to"),
        *reversed(mail.headers.message_ids("references")),
        *reversed(report.returned.message_ids("references")),
    ]
    ids = list(dict.fromkeys(ids))[:MAX_IDS]
    return Ties(next(_keys(report, own, ids), None), tuple(ids))


def returns_foreign_mail(report: Report, own: Own) -> bool:
    """Whether a report returns a message that we did not send: backscatter of a forger who used our name."""
    authors = report.returned.addresses("from")
    if not authors or any(own.is_own(each) or each.rpartition("@")[2] in own.domains for each in authors):
        return False
    return _HEADER.search(report.returned_text[:20_000]) is None


def _keys(report: Report, own: Own, ids: list[str]) -> Iterator[str]:
    found = _HEADER.search(report.returned_text[:50_000]) or _HEADER.search(report.words[:50_000])
    if found:
        yield found[1]
    if asked := _SUBJECT.match(report.mail.headers.get("subject")):
        yield asked[1]
    yield from _linked(report)
    for address in sorted(own.addresses):
        local, _, domain = address.rpartition("@")
        tagged = re.compile(rf"(?i)(?<![\w.+-]){re.escape(local)}\+({KEY})@{re.escape(domain)}(?![\w-])")
        for name in _DELIVERED_TO:
            for value in report.mail.headers.all(name):
                if match := tagged.search(value):
                    yield match[1]
    for each in ids:
        local, _, domain = each.strip("<>").rpartition("@")
        if domain.lower() in own.domains and re.fullmatch(KEY, local):
            yield local


def _linked(report: Report) -> Iterator[str]:
    """The keys in opt-out links of ours that a mail quotes, in its text or behind the words of its HTML."""
    for part in report.mail.of_type("text/plain", "text/html"):
        for match in islice(_LINK.finditer(part.data()[:MAX_TEXT]), MAX_IDS):
            with suppress(binascii.Error, UnicodeDecodeError):
                key = base64.urlsafe_b64decode(match[1] + b"=" * (-len(match[1]) % 4)).decode("ascii")
                if re.fullmatch(KEY, key):
                    yield key
