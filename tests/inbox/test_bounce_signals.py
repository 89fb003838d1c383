"""What bounces and complaints become for the engine, and which of them are not believed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.model.events import EventKind

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OURS = (
    "From: Ada <ada@lumen.example>\r\nTo: grace@navy.example\r\nMessage-ID: <k7@lumen.example>\r\nX-Runner-Key: k7\r\n"
)


def dsn(fields: str, returned: str = OURS, words: str = "Could not deliver.") -> bytes:
    parts = "".join(
        f"--B\r\nContent-Type: {kind}\r\n\r\n{text}\r\n"
        for kind, text in (
            ("text/plain", words),
            ("message/delivery-status", f"Reporting-MTA: dns; mx.navy.example\r\n\r\n{fields}"),
            ("text/rfc822-headers", returned),
        )
    )
    head = (
        "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.navy.example>\r\nTo: ada@lumen.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"
    )
    return f"{head}{parts}--B--\r\n".encode()


def failed(status: str, diagnostic: str, address: str = "grace@navy.example", action: str = "failed") -> str:
    return (
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\n"
        f"Status: {status}\r\nDiagnostic-Code: smtp; {diagnostic}\r\n"
    )


def test_an_unknown_user_is_a_hard_bounce_tied_by_our_header_and_message_id(inbox, account, box) -> None:
    box.add("INBOX", dsn(failed("5.1.1", "550 5.1.1 <grace@navy.example>: User unknown")))
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.kind, signal.permanent, signal.hard) == (EventKind.BOUNCED, True, True)
    assert (signal.key, signal.message_ids, signal.address) == ("k7", ("<k7@lumen.example>",), "grace@navy.example")
    assert (signal.data["reason"], signal.data["status"], signal.data["reply_code"]) == ("userunknown", "5.1.1", "550")


def test_a_report_of_where_mail_was_passed_on_to_means_the_address_we_wrote_to(inbox, account, box) -> None:
    box.add("INBOX", dsn(failed("5.1.1", "550 5.1.1 User unknown", "gh1906@internal.navy.example")))
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.address, signal.data["recipient"]) == ("grace@navy.example", "gh1906@internal.navy.example")


def test_a_full_mailbox_is_lost_but_not_dead(inbox, account, box) -> None:
    box.add("INBOX", dsn(failed("5.2.2", "552 5.2.2 Mailbox full")))
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.permanent, signal.hard, signal.data["reason"]) == (True, False, "mailboxfull")


def test_a_delay_is_no_event_but_is_kept(inbox, account, box) -> None:
    box.add("INBOX", dsn(failed("4.4.1", "connection timed out", action="delayed")))
    batch = inbox.read(account, {}, [], NOW)
    assert batch.signals == ()
    assert batch.raw[0].verdict == "bounce:delivery-status:delayed"


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_good_news_is_no_event(inbox, account, box, action: str) -> None:
    box.add("INBOX", dsn(failed("2.0.0", "250 ok", action=action)))
    assert inbox.read(account, {}, [], NOW).signals == ()


def test_a_message_passed_on_to_two_of_whom_one_was_reached_is_not_lost(inbox, account, box) -> None:
    fields = (
        failed("2.0.0", "250 ok", "a@navy.example", "delivered")
        + "\r\n"
        + failed("5.1.1", "550 5.1.1 unknown", "b@navy.example")
    )
    box.add("INBOX", dsn(fields))
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.data["recipient"], signal.permanent, signal.hard) == ("b@navy.example", False, False)


def test_backscatter_for_mail_we_never_sent_is_not_believed(inbox, account, box) -> None:
    foreign = "From: Rival <rival@other.example>\r\nTo: victim@navy.example\r\nMessage-ID: <x@other.example>\r\n"
    box.add("INBOX", dsn(failed("5.1.1", "550 5.1.1 unknown", "victim@navy.example"), returned=foreign))
    batch = inbox.read(account, {}, [], NOW)
    assert batch.signals == () and len(batch.raw) == 1


def test_a_relay_that_replaces_the_message_id_is_tied_by_our_header(inbox, account, box) -> None:
    replaced = OURS.replace("<k7@lumen.example>", "<010001-ses@email.amazonses.com>")
    box.add("INBOX", dsn(failed("5.1.1", "550 5.1.1 unknown"), returned=replaced))
    assert inbox.read(account, {}, [], NOW).signals[0].key == "k7"


def test_a_bounce_of_a_follow_up_whose_id_was_replaced_is_tied_by_its_references(inbox, account, box) -> None:
    """The relay dropped our header as well; what the follow-up answered is what we sent before."""
    replaced = (
        "From: Ada <ada@lumen.example>\r\nTo: grace@navy.example\r\nMessage-ID: <010001-ses@email.amazonses.com>\r\n"
        "References: <first@relay.example> <second@relay.example>\r\n"
    )
    box.add("INBOX", dsn(failed("5.1.1", "550 5.1.1 unknown"), returned=replaced))
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert signal.message_ids == (
        "<010001-ses@email.amazonses.com>", "<second@relay.example>", "<first@relay.example>",
    )  # fmt: skip


def test_a_bounce_without_the_message_is_tied_by_the_envelope_address(inbox, account, box) -> None:
    content = (
        b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.navy.example\r\nTo: ada+k7@lumen.example\r\n"
        b"Subject: failure notice\r\n\r\nHi. This is the qmail-send program at mx.navy.example.\r\n"
        b"I'm afraid I wasn't able to deliver your message.\r\n\r\n"
        b"<grace@navy.example>:\r\nRemote host said: 550 5.1.1 no such user\r\n"
    )
    box.add("INBOX", content)
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.key, signal.address, signal.hard) == ("k7", "grace@navy.example", True)


ARF = (
    "From: <feedback@isp.example>\r\nTo: ada@lumen.example\r\nSubject: complaint\r\n"
    "Content-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n--B\r\n\r\nA complaint.\r\n"
    "--B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n{rcpt}\r\n"
    "--B\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\nbody\r\n--B--\r\n"
)


def test_a_complaint_names_who_complained(inbox, account, box) -> None:
    box.add("INBOX", ARF.format(rcpt="Original-Rcpt-To: <grace@navy.example>\r\n", returned=OURS).encode())
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.kind, signal.address, signal.key) == (EventKind.COMPLAINED, "grace@navy.example", "k7")


def test_a_redacted_complaint_is_tied_by_our_key(inbox, account, box) -> None:
    returned = OURS.replace("grace@navy.example", "redacted@isp.example")
    box.add("INBOX", ARF.format(rcpt="", returned=returned).encode())
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.kind, signal.address, signal.key) == (EventKind.COMPLAINED, None, "k7")


def test_a_report_that_mail_was_not_spam_is_no_complaint(inbox, account, box) -> None:
    content = ARF.format(rcpt="", returned=OURS).replace("Feedback-Type: abuse", "Feedback-Type: not-spam")
    box.add("INBOX", content.encode())
    assert inbox.read(account, {}, [], NOW).signals == ()


def test_a_read_receipt_is_nothing(inbox, account, box) -> None:
    content = (
        b"From: grace@navy.example\r\nTo: ada@lumen.example\r\nSubject: Read: hello\r\nContent-Type: multipart/report;"
        b" report-type=disposition-notification; boundary=B\r\n\r\n--B\r\n\r\nYour message was read.\r\n--B--\r\n"
    )
    box.add("INBOX", content)
    assert inbox.read(account, {}, [], NOW).signals == ()
