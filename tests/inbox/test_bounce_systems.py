"""Bounces as many mail systems write them: whom they name, and whether the address is dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.channels.email.bounce_reasons import HARD, OF_STATUS
from runner.channels.email.classify import classify
from runner.channels.email.judgement import MailKind, Verdict
from runner.channels.email.wordlists import pairs

DATA = Path(__file__).parents[1] / "data" / "bounce_replies"
GRACE = "grace@navy.example"


def rows(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def report(words: str, status: str, diagnostic: str) -> bytes:
    said = f"Diagnostic-Code: {diagnostic}\n" if diagnostic else ""
    return (
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.net>\nTo: ada@lumen.example\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n"
        f"--B\n\n{words}\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
        f"Final-Recipient: rfc822; {GRACE}\nAction: failed\nStatus: {status}\n{said}\n--B\n"
        "Content-Type: text/rfc822-headers\n\nFrom: ada@lumen.example\n"
        f"To: {GRACE}\nMessage-ID: <k@lumen.example>\n--B--\n"
    ).encode()


def assert_judged(verdict: Verdict, expected: str) -> None:
    assert verdict.kind is MailKind.BOUNCE
    [recipient] = verdict.recipients
    assert recipient.address == GRACE
    assert ("dead" if recipient.hard else "alive") == expected, recipient


@pytest.mark.parametrize("row", rows("replies.tsv"), ids=lambda row: row[3][:60])
def test_a_reply_says_whether_the_address_is_dead(row: list[str]) -> None:
    expected, command, status, reply = row
    words = (
        f"This is the mail system at host mx.example.net.\n\n<{GRACE}>: host mx.navy.example[192.0.2.1] said: {reply}"
        f" (in reply to {command} command)"
    )
    assert_judged(classify(report(words, status, f"smtp; {reply}")), expected)


@pytest.mark.parametrize("row", rows("providers.tsv"), ids=lambda row: row[3][:60])
def test_what_a_provider_answers_says_whether_the_address_is_dead(row: list[str]) -> None:
    expected, command, status, reply = row
    named = f" (in reply to {command} command)" if command.isupper() and command != "CONN" else ""
    words = f"<{GRACE}>: host mx.navy.example[192.0.2.1] said: {reply}{named}" if command != "-" else ""
    typed = ";" in reply.partition(" ")[0]
    assert_judged(classify(report(words, status, reply if typed else f"smtp; {reply}")), expected)


def test_a_reply_counts_and_not_what_the_reporting_system_made_of_it() -> None:
    text = (
        "From: MAILER-DAEMON@mx.example.net\nTo: ada@lumen.example\nSubject: Returned mail: see transcript\n\n"
        "   ----- The following addresses had permanent fatal errors -----\n"
        f"{GRACE}\n    (reason: 553 Sender Policy Framework (SPF) fail)\n\n"
        "   ----- Transcript of session follows -----\n... while talking to mx.navy.example.:\n"
        f">>> DATA\n<<< 553 Sender Policy Framework (SPF) fail\n550 5.1.1 {GRACE}... User unknown\n"
    )
    [recipient] = classify(text.encode()).recipients
    assert (recipient.hard, recipient.reason) == (False, "authfailure")


@pytest.mark.parametrize("row", rows("fields.tsv"), ids=lambda row: f"{row[1]} {row[2][:60]}")
def test_fields_say_whether_the_address_is_dead(row: list[str]) -> None:
    expected, status, diagnostic = row
    assert_judged(classify(report("", status, diagnostic)), expected)


@pytest.mark.parametrize("text", (DATA / "texts.txt").read_text(encoding="utf-8").split("=====\n")[1:])
def test_words_alone_say_whether_the_address_is_dead(text: str) -> None:
    assert_judged(classify(text.encode()), text.partition("X-Expected: ")[2].split()[0])


def test_a_later_reply_is_not_taken_for_an_earlier_recipient() -> None:
    text = (
        "From: MAILER-DAEMON@mx.example.net\nTo: ada@lumen.example\nSubject: failure notice\n\n"
        "<a@navy.example>:\nRemote host said: 552 5.2.2 Mailbox full\n\n"
        "<b@navy.example>:\nRemote host said: 550 5.1.1 User unknown\n"
    )
    assert [(each.address, each.hard) for each in classify(text.encode()).recipients] == [
        ("a@navy.example", False),
        ("b@navy.example", True),
    ]


def test_every_reason_of_the_lists_is_a_known_word() -> None:
    words = {reason for reason, _ in pairs("bounce_reasons")} | set(OF_STATUS.values())
    assert words > HARD
    assert all(word.isalpha() and word.islower() for word in words)


def test_a_notification_of_amazon_ses_is_read() -> None:
    body = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General",'
        f'"bouncedRecipients":[{{"emailAddress":"{GRACE}","action":"failed","status":"5.1.1",'
        '"diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},'
        '"mail":{"messageId":"0100-abc"}}'
    )
    verdict = classify(f"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{body}".encode())
    assert_judged(verdict, "dead")
    assert verdict.message_id == "<0100-abc>"


def test_a_suppressed_recipient_of_amazon_ses_is_dead() -> None:
    body = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"Suppressed",'
        f'"bouncedRecipients":[{{"emailAddress":"{GRACE}"}}]}},"mail":{{}}}}'
    )
    assert_judged(classify(f"From: no-reply@sns.amazonaws.com\n\n{body}".encode()), "dead")


def test_each_recipient_of_a_report_is_judged_by_the_command_that_refused_them() -> None:
    people = ("ada", "bob")
    words = "".join(
        f"<{name}@navy.example>: host mx.navy.example said: 550 User unknown (in reply to {command} command)\n\n"
        for name, command in zip(people, ("RCPT TO", "end of DATA"), strict=True)
    )
    fields = "".join(
        f"Final-Recipient: rfc822; {name}@navy.example\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp; 550 User unknown\n\n"
        for name in people
    )
    text = report(words, "5.0.0", "").decode()
    head, _, tail = text.partition(f"Final-Recipient: rfc822; {GRACE}\nAction: failed\nStatus: 5.0.0\n")
    found = classify(f"{head}{fields}{tail}".encode()).recipients
    assert [(each.hard, each.reason) for each in found] == [(True, "userunknown"), (False, "filtered")]
