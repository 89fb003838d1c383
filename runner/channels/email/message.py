"""From a job to the bytes of its message: headers, a text part and an HTML part, the same at every try.

The parts are encoded by hand and put together by the standard library's `email.message` with the compat32 policy: six
times as fast as `EmailMessage`, and what it wrote is read again, header by header, before anything is sent.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime
from io import BytesIO

from runner.channels.email import footer as footers
from runner.channels.email.config import EmailAccount, Sender
from runner.channels.email.markdown import Body, Link, document, from_html, from_markdown
from runner.channels.email.markdown_text import flowed
from runner.channels.email.message_headers import (
    Address,
    Unsafe,
    mailbox,
    message_id,
    safe_address,
    safe_header,
    safe_id,
)
from runner.channels.email.tokens import WebLinks
from runner.engine.ports import Job, ThreadRef

KEY_HEADER = "X-Runner-Key"
MAX_REFERENCES = 20
MAX_7BIT_LINE = 900
_POLICY = compat32.clone(linesep="\r\n", max_line_length=0)
_FIELD = re.compile(rb"([!-9;-~]+):")
_LEADING_RE = re.compile(r"\s*re\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Built:
    """A finished message: its bytes with CRLF ends, its id, and the two addresses of the envelope."""

    content: bytes
    message_id: str
    sender: Address
    recipient: Address

    @property
    def utf8(self) -> bool:
        """Whether the server must have SMTPUTF8."""
        return self.recipient.utf8 or self.sender.utf8


def build(job: Job, account: EmailAccount, web: WebLinks | None = None) -> Built:
    """Build the message of a job. Raises Unsafe where lead data must not come into a header or command."""
    sender = safe_address(account.sender.address)
    recipient = safe_address(job.lead.email or "")
    own_id = message_id(job.key, sender.domain)
    choice = footers.opt_out(account, job.unsubscribe_url or (web.unsubscribe(job.key) if web else None), job.key)
    body = _body(job, account, web, footers.closing(account, choice))
    headers = [
        ("From", mailbox(account.sender.name, sender)),
        ("To", mailbox(_name_of(job), recipient)),
        ("Subject", _subject(job)),
        ("Date", format_datetime(job.now)),
        ("Message-ID", own_id),
        *_thread(job.thread),
        *_reply_to(account, job.key),
        *choice.headers(),
        *((name, safe_header(value)) for name, value in account.headers.items()),
        (KEY_HEADER, job.key),
    ]
    message = _alternative(body, job.key)
    content = serialise(headers, message)
    return Built(content, own_id, _return_path(account, sender, job.key), recipient)


def serialise(headers: Sequence[tuple[str, str]], message: Message) -> bytes:
    """The bytes of headers and parts; the header block is read again and must say what was meant. Raises Unsafe."""
    whole = Message(_POLICY)
    for name, value in headers:
        whole[name] = value
    whole["MIME-Version"] = "1.0"
    for name, value in message.items():
        whole[name] = value
    whole.set_payload(message.get_payload())
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=_POLICY).flatten(whole)
    content = out.getvalue()
    block = content.partition(b"\r\n\r\n")[0]
    fields = [line for line in block.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    names = [match[1].decode() if (match := _FIELD.match(field)) else "" for field in fields]
    if names != whole.keys() or block.count(b"\n") != block.count(b"\r\n") or block.count(b"\r") != block.count(b"\n"):
        raise Unsafe("the headers do not read back as they were written")
    return content


def _body(job: Job, account: EmailAccount, web: WebLinks | None, closing: Body) -> Body:
    main = _main(job, _tracked(job.key, web) if account.track_clicks and web else None)
    pixel = ""
    if account.track_opens and web is not None:
        pixel = f'<img src="{web.opened(job.key)}" width="1" height="1" alt="">'
    text = flowed(f"{main.text}\n\n{closing.text}".strip()) + "\n"
    end = closing.html + pixel
    head, close, tail = main.html.rpartition("</body>")
    fragment = head + end + close + tail if close else main.html + end
    return Body(text, document(fragment, job.content.preheader, account.css) + "\n")


def _main(job: Job, link: Link | None) -> Body:
    if job.body.settings.get("format") == "html":
        return from_html(job.content.body)
    return from_markdown(job.content.body, link)


def _tracked(key: str, web: WebLinks) -> Link:
    return lambda target: web.clicked(key, target)


def _name_of(job: Job) -> str:
    name = " ".join(filter(None, (job.lead.first_name, job.lead.last_name))).strip()
    return name if name.isprintable() else ""


def _subject(job: Job) -> str:
    subject = job.content.subject
    if job.thread is not None:
        earlier = job.thread.subject.strip()
        subject = earlier if _LEADING_RE.match(earlier) else f"Re: {earlier}"
    return safe_header(subject)


def _thread(thread: ThreadRef | None) -> list[tuple[str, str]]:
    """In-Reply-To and References (RFC 5322 section 3.6.4); a long chain keeps its first id and the newest."""
    if thread is None:
        return []
    chain = [each for each in thread.references if each != thread.message_id]
    if len(chain) >= MAX_REFERENCES:
        chain = chain[:1] + chain[2 - MAX_REFERENCES :]
    chain = [safe_id(each) for each in (*chain, thread.message_id)]
    return [("In-Reply-To", chain[-1]), ("References", "\r\n ".join(chain))]


def _reply_to(account: EmailAccount, key: str) -> list[tuple[str, str]]:
    if account.reply_to is None and not account.plus_address:
        return []
    target: Sender = account.reply_to or account.sender
    address = safe_address(target.address)
    return [("Reply-To", mailbox(target.name, address.tagged(key) if account.plus_address else address))]


def _return_path(account: EmailAccount, sender: Address, key: str) -> Address:
    address = safe_address(account.return_path) if account.return_path else sender
    return address.tagged(key) if account.verp else address


def _alternative(body: Body, key: str) -> Message:
    boundary = "=_" + hashlib.sha256(key.encode()).hexdigest()[:32]
    whole = Message(_POLICY)
    whole["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
    parts = [_part(body.text, "text/plain", "; format=flowed"), _part(body.html, "text/html", "")]
    whole.set_payload(parts)
    return whole


def _part(text: str, kind: str, more: str) -> Message:
    """One text part: as it is where that is plain ASCII, else quoted-printable, or base64 where that is shorter."""
    part = Message(_POLICY)
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    plain = raw.isascii() and b"\0" not in raw and max(map(len, raw.split(b"\n"))) <= MAX_7BIT_LINE
    charset = "us-ascii" if plain else "utf-8"
    part["Content-Type"] = f"{kind}; charset={charset}{more}"
    if plain:
        encoding, payload = "7bit", raw.decode()
    elif sum(byte > 127 for byte in raw) * 6 > len(raw):
        encoding, payload = "base64", "\n".join(_wrapped(binascii.b2a_base64(_crlf(raw), newline=False).decode()))
    else:
        encoding, payload = "quoted-printable", binascii.b2a_qp(raw, istext=True).decode()
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(payload)
    return part


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


def _wrapped(text: str) -> list[str]:
    return [text[start : start + 76] for start in range(0, len(text), 76)]
