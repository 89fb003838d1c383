"""An account that sends under other names (`send_as`): mail from them is ours, and what comes back to them is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runner.model.channel import ChannelConfig
from runner.model.events import EventKind

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BOB = "bob@bytes.example"
RETURNED = f"From: Bob Byte <{BOB}>\r\nTo: grace@navy.example\r\nMessage-ID: <k7@bytes.example>\r\n"
DSN = (
    f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.navy.example\r\nTo: {BOB}\r\nSubject: Undelivered Mail\r\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"
    "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.navy.example\r\n\r\n"
    "Final-Recipient: rfc822; grace@navy.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n"
    f"--B\r\nContent-Type: text/rfc822-headers\r\n\r\n{RETURNED}\r\n--B--\r\n"
)  # fmt: skip


@pytest.fixture
def desk(account: ChannelConfig) -> ChannelConfig:
    """Ada's account, which also sends as Bob, whose domain is another one, and has an address for opt-outs."""
    send_as = {"field": "owner", "identities": {"bob": {"name": "Bob Byte", "address": BOB}}}
    footer = {"postal_address": "Here", "unsubscribe": "mailto", "mailto": "out@lumen.example"}
    return replace(account, settings={**account.settings, "send_as": send_as, "footer": footer})


@pytest.mark.parametrize("writer", [BOB, "Bob+tag@Bytes.example", "out@lumen.example"])
def test_mail_from_another_name_of_ours_is_never_a_reply(inbox, desk, box, make_mail, writer: str) -> None:
    box.add("INBOX", make_mail("a copy for Ada", **{"from": f"Bob <{writer}>"}))
    assert inbox.read(desk, {}, [], NOW).signals == ()


def test_a_bounce_that_returns_mail_of_another_name_is_believed_and_tied(inbox, desk, box) -> None:
    box.add("INBOX", DSN.encode())
    [signal] = inbox.read(desk, {}, [], NOW).signals
    assert (signal.kind, signal.key, signal.hard) == (EventKind.BOUNCED, "k7", True)


def test_a_plus_address_of_another_name_ties_what_comes_back(inbox, desk, box, make_mail) -> None:
    box.add("INBOX", make_mail("hello", to=BOB.replace("@", "+k9@"), **{"from": "Boss <boss@other.example>"}))
    [signal] = inbox.read(desk, {}, [], NOW).signals
    assert signal.key == "k9"
