"""The whole way back: a message goes out by SMTP, its fate comes back by IMAP, and the inbox says what it was."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from runner.channels.email.reconcile import EmailReconciler
from runner.engine.ports import Doubt, Signal
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.sandbox.smtp import SmtpSink

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Comes = Callable[[str], list[Signal]]


@pytest.fixture
def sink(clock, server) -> Iterator[SmtpSink]:
    sink = SmtpSink(clock, server.mailboxes).start()
    yield sink
    sink.stop()


@pytest.fixture
def comes_back(sink: SmtpSink, inbox, account, clock) -> Comes:
    def send_and_read(local: str) -> list[Signal]:
        content = (
            f"From: Ada <ada@lumen.example>\r\nTo: {local}@navy.example\r\nSubject: A question\r\n"
            f"Message-ID: <k-{local}@lumen.example>\r\nX-Runner-Key: k-{local}\r\n\r\n"
            "Hello.\r\nReply stop or unsubscribe and I will not write again.\r\n"
        )
        with suppress(smtplib.SMTPServerDisconnected), smtplib.SMTP("127.0.0.1", sink.port, timeout=5) as smtp:
            smtp.sendmail("ada@lumen.example", [f"{local}@navy.example"], content)
        clock.advance(timedelta(minutes=5))
        return list(inbox.read(account, {}, [], clock.now()).signals)

    return send_and_read


@pytest.mark.parametrize(
    ("fate", "kind", "permanent", "hard"),
    [
        ("latebounce", EventKind.BOUNCED, True, True),
        ("softbounce", EventKind.BOUNCED, True, False),
        ("reply", EventKind.REPLIED, False, False),
        ("outofoffice", EventKind.AUTO_REPLIED, False, False),
        ("optout", EventKind.UNSUBSCRIBED, False, False),
        ("complain", EventKind.COMPLAINED, False, False),
    ],
)
def test_each_fate_comes_back_as_what_it_is(
    comes_back: Comes, fate: str, kind: EventKind, permanent: bool, hard: bool
) -> None:
    [signal] = comes_back(fate)
    assert (signal.kind, signal.permanent, signal.hard) == (kind, permanent, hard)
    assert (signal.key, signal.address) == (f"k-{fate}", f"{fate}@navy.example")


def test_a_delay_and_silence_bring_nothing(comes_back: Comes) -> None:
    assert comes_back("delayed") == []
    assert comes_back("nobody") == []


def test_the_absent_are_back_on_the_day_they_name(comes_back: Comes) -> None:
    [signal] = comes_back("outofoffice")
    assert signal.resume_at == datetime(2026, 11, 30, tzinfo=UTC)


def test_an_accepted_message_is_found_in_sent_and_a_lost_one_is_not(comes_back: Comes, inbox, account) -> None:
    comes_back("closeafterdot")
    comes_back("lostafterdot")
    found = Doubt("k-closeafterdot", account, Lead(1), "", Rendered("x"), "<k-closeafterdot@lumen.example>", NOW)
    lost = Doubt("k-lostafterdot", account, Lead(1), "", Rendered("x"), "<k-lostafterdot@lumen.example>", NOW)
    assert EmailReconciler(inbox).find(found) is not None
    assert EmailReconciler(inbox).find(lost) is None
