"""Mail that comes back to a sender: bounces, complaints, replies and auto-replies, built as real servers build them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, message_from_string
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, parseaddr

POSTMASTER = "Mail Delivery System <MAILER-DAEMON@mx.sandbox.example>"


@dataclass(frozen=True, slots=True)
class Original:
    """The message that is answered, as the sink accepted it."""

    sender: str
    recipient: str
    content: bytes
    at: datetime

    @property
    def headers(self) -> Message:
        """The parsed message."""
        return message_from_bytes(self.content)

    def header(self, name: str) -> str:
        """One header as text, empty where it is missing."""
        return str(self.headers.get(name, ""))

    @property
    def reply_address(self) -> str:
        """Where an answer goes: Reply-To, else From."""
        return parseaddr(self.header("Reply-To") or self.header("From"))[1]


def bounce(original: Original, at: datetime, status: str, diagnostic: str, action: str = "failed") -> bytes:
    """A delivery report (RFC 3464) with the original's headers, from the null sender."""
    report = MIMEMultipart("report", report_type="delivery-status")
    report["Return-Path"] = "<>"
    report["From"] = POSTMASTER
    report["To"] = original.sender
    report["Subject"] = "Undelivered Mail Returned to Sender" if action == "failed" else "Delayed Mail"
    report["Date"] = format_datetime(at)
    report["Message-ID"] = f"<{_stamp(at)}.{_local(original.recipient)}.dsn@mx.sandbox.example>"
    report["Auto-Submitted"] = "auto-replied"
    words = "could not be delivered" if action == "failed" else "has not been delivered yet; no action is needed"
    report.attach(MIMEText(f"Your message to <{original.recipient}> {words}.\n\n{diagnostic}\n"))
    report.attach(_fields("delivery-status", [
        ("Reporting-MTA", "dns; mx.sandbox.example"), ("Arrival-Date", format_datetime(original.at)),
    ], [
        ("Final-Recipient", f"rfc822; {original.recipient}"), ("Action", action), ("Status", status),
        ("Diagnostic-Code", f"smtp; {diagnostic}"),
    ]))  # fmt: skip
    report.attach(_returned(original))
    return _bytes(report)


def complaint(original: Original, at: datetime) -> bytes:
    """An abuse report (ARF, RFC 5965), as a feedback loop sends it."""
    report = MIMEMultipart("report", report_type="feedback-report")
    report["From"] = "Feedback loop <fbl@mx.sandbox.example>"
    report["To"] = original.sender
    report["Subject"] = f"FW: {original.header('Subject')}"
    report["Date"] = format_datetime(at)
    report["Message-ID"] = f"<{_stamp(at)}.{_local(original.recipient)}.arf@mx.sandbox.example>"
    report.attach(MIMEText("This is an email abuse report for a message received from you.\n"))
    report.attach(_fields("feedback-report", [
        ("Feedback-Type", "abuse"), ("User-Agent", "Sandbox/1"), ("Version", "1"),
        ("Original-Rcpt-To", original.recipient), ("Arrival-Date", format_datetime(original.at)),
    ]))  # fmt: skip
    report.attach(_returned(original))
    return _bytes(report)


def reply(original: Original, at: datetime, text: str) -> bytes:
    """A person's answer over a quote of our text, in the same thread."""
    answer = _answer(original, at, f"Re: {original.header('Subject').removeprefix('Re: ')}", "reply")
    answer.set_payload(f"{text}\n\nOn {original.at:%a, %d %b %Y at %H:%M} {original.header('From')} wrote:\n"
                       f"{_quoted(original)}\n", "utf-8")  # fmt: skip
    return _bytes(answer)


def auto_reply(original: Original, at: datetime, away: timedelta) -> bytes:
    """An out-of-office answer (RFC 3834) that names the day of return."""
    answer = _answer(original, at, f"Automatic reply: {original.header('Subject')}", "auto")
    answer["Auto-Submitted"] = "auto-replied"
    answer["X-Auto-Response-Suppress"] = "All"
    back = at + away
    answer.set_payload(f"Thank you for your message. I am out of the office and will be back on {back:%d %B %Y}.\n"
                       "I have no access to my e-mail until then.\n", "utf-8")  # fmt: skip
    return _bytes(answer)


def _answer(original: Original, at: datetime, subject: str, kind: str) -> Message:
    answer = Message()
    answer["From"] = original.header("To") or original.recipient
    answer["To"] = original.header("Reply-To") or original.header("From")
    answer["Subject"] = subject
    answer["Date"] = format_datetime(at)
    answer["Message-ID"] = f"<{_stamp(at)}.{_local(original.recipient)}.{kind}@{original.recipient.rpartition('@')[2]}>"
    answer["In-Reply-To"] = original.header("Message-ID")
    answer["References"] = " ".join(filter(None, (original.header("References"), original.header("Message-ID"))))
    answer["MIME-Version"] = "1.0"
    return answer


def _fields(kind: str, *groups: list[tuple[str, str]]) -> Message:
    """A part of type message/KIND: groups of fields with an empty line between them."""
    text = "\n".join("".join(f"{name}: {value}\n" for name, value in group) for group in groups)
    return message_from_string(f"Content-Type: message/{kind}\n\n{text}")


def _returned(original: Original) -> MIMEBase:
    part = MIMEBase("text", "rfc822-headers")
    block = original.content.partition(b"\r\n\r\n")[0]
    part.set_payload(block.decode("utf-8", "replace").replace("\r\n", "\n") + "\n")
    return part


def _quoted(original: Original) -> str:
    parts = [part for part in original.headers.walk() if part.get_content_type() == "text/plain"]
    payload = parts[0].get_payload(decode=True) if parts else b""
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _local(address: str) -> str:
    return "".join(char for char in address.partition("@")[0] if char.isalnum() or char in ".-") or "x"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S%f}"


def _bytes(message: Message) -> bytes:
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
