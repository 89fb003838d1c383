"""Mail made to break a reader: each is judged in well under two seconds, in little memory, without an exception."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from runner.channels.email.classify import classify
from runner.channels.email.judgement import MailKind
from runner.channels.email.parse import MAX_PARTS, parse

HEAD = b"From: g@navy.example\nTo: ada@lumen.example\nSubject: Re: x\n"
DAEMON = b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n"
STATUS = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\n\n"
)
AUTO = b"Auto-Submitted: auto-replied\nDate: Mon, 23 Nov 2026 09:00:00 +0000\n\n"

HOSTILE = {
    "an open quote in From": b'From: "\n\nx',
    "an open angle in From": b"From: <\n\nx",
    "an open literal in From": b"From: a@[\n\nx",
    "empty message ids": b"From: a@b.example\nMessage-ID: <>\nIn-Reply-To: <\n\nx",
    "parentheses": b"To: " + b"(" * 100_000 + b"\n\nx",
    "2,000 levels of nesting": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000)
    ),
    "100,000 parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
    "16,000 encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 16_000 + b"\n\nx",
    "16,000 parameters": b"Content-Type: text/plain; " + b"; ".join(b"p*%d=x" % n for n in range(16_000)) + b"\n\nx",
    "quotes": b"To: " + b'"' * 100_000 + b"\n\nx",
    "a codec that is not text": b"Content-Type: text/plain; charset=zip\n\nx",
    "a codec that is slow": b"Content-Type: text/plain; charset=idna\n\n" + b"x" * 200_000,
    "a transfer encoding of NUL": b"Content-Transfer-Encoding: \0\n\nx",
    "bad base64": b"Content-Transfer-Encoding: base64\n\n" + b"A" * 999_999,
    "60,000 headers": b"".join(b"X-%d: y\n" % n for n in range(60_000)) + b"\nx",
    "200 recipients with a page of words each": b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n"
    + STATUS
    + b"Reporting-MTA: dns; x\n\n"
    + b"".join(
        b"Final-Recipient: rfc822; u%d@x.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 %d "
        % (n, n)
        + b"host domain user " * 180
        + b"\n\n"
        for n in range(200)
    ),
    "200 recipients, and 1,500 lines about others": b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n"
    + b"".join(b"<u%d@x.example>: host said no thing %d user\n" % (n, n) for n in range(1500))
    + b"\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    + b"".join(
        b"Final-Recipient: rfc822; u%d@x.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 no%d\n\n"
        % (n, n)
        for n in range(200)
    ),
    "a line of a megabyte": HEAD + b"\n" + b"a" * 1_000_000,
    "open tags": HEAD + b"Content-Type: text/html\n\n" + b"<a " * 300_000,
    "open styles": HEAD + b"Content-Type: text/html\n\n" + b"<style>" * 100_000,
    "nested quotations": HEAD + b"Content-Type: text/html\n\n" + b"<blockquote>" * 50_000,
    "ampersands": HEAD + b"Content-Type: text/html\n\n" + b"&" * 500_000,
    "at signs": HEAD + b"\n" + b"a@" * 500_000,
    "an endless domain": HEAD + b"\n" + b"a@b" + b".c" * 400_000,
    "attribution lines": HEAD + b"\n" + b"On x wrote\n" * 80_000,
    "header lines in the text": HEAD + b"\n" + b"From: x\n" * 100_000,
    "60,000 recipients": DAEMON + b"<a@b.example>: 550 x\n" * 60_000,
    "a long diagnostic": STATUS
    + b"Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: smtp; 550 "
    + b"mailbox user " * 30_000,
    "20,000 status groups": STATUS + b"Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1\n\n" * 20_000,
    "dates": AUTO + b"until 1 January 2027 " * 40_000,
    "half dates": AUTO + b"12/" * 300_000,
    "nested JSON": b"From: no-reply@sns.amazonaws.com\n\n" + b'{"notificationType":' + b"[" * 200_000,
    "separators": DAEMON + b"----- Original message -----\n" * 40_000,
    "begging": HEAD + b"\n" + b"please " * 140_000,
    "carriage returns": HEAD + b"\n" + b"\r" * 900_000,
    "escape sequences": b"Content-Type: text/plain\n\n" + b"\x1b$B" * 200_000,
    "NULs": HEAD + b"\n" + b"\0" * 900_000,
    "nothing": b"",
    "one byte": b"\xff",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_mail_is_judged_quickly_in_little_memory(name: str) -> None:
    classify(HEAD + b"\n")  # the patterns are compiled once
    tracemalloc.start()
    started = time.process_time()
    classify(HOSTILE[name], own=frozenset({"ada@lumen.example"}))
    spent, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 10.0, f"{spent:.1f} s while memory is traced, which is slow itself"
    assert peak < 100_000_000


def test_no_more_parts_are_read_than_a_mail_has() -> None:
    assert len(parse(HOSTILE["100,000 parts"]).parts) <= MAX_PARTS


def test_deep_nesting_still_shows_the_text_before_it() -> None:
    content = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nYes.\n--b\n" + HOSTILE["2,000 levels of nesting"]
    assert parse(content).readable().startswith("Yes.")


def test_a_zip_bomb_is_never_opened() -> None:
    content = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee attachment.\n--b\n"
        b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\nUEsDBA==\n--b--\n"
    )
    verdict = classify(content)
    assert (verdict.kind, verdict.new_text) == (MailKind.REPLY, "See attachment.")


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-2022-jp", "はい、お願いします"),
        ("shift_jis", "はい"),
        ("euc-kr", "네"),
        ("gb2312", "好的"),
        ("koi8-r", "Да"),
        ("windows-1252", "Café – oui"),
    ],
)
def test_scripts_and_charsets_are_read(charset: str, text: str) -> None:
    content = HEAD + f"Content-Type: text/plain; charset={charset}\n\n".encode() + text.encode(charset)
    assert classify(content).new_text == text


def test_a_line_break_in_an_encoded_word_stays_in_its_header() -> None:
    subject = parse(b"Subject: =?utf-8?q?hi=0ABcc:_evil@x.example?=\n\nx").headers.get("subject")
    assert "\n" not in subject


def test_two_from_headers_and_a_group_do_not_matter() -> None:
    content = b"From: Team: a@navy.example, b@navy.example;\nFrom: x@y.example\nSubject: Re: x\n\nYes."
    assert classify(content).kind is MailKind.REPLY
