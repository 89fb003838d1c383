"""From a job to the bytes of its message: headers, a text part and an HTML part, the same at every try.

What was written is read again, header by header, before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from runner.channels.email import footer as footers
from runner.channels.email import message_files
from runner.channels.email.config import EmailAccount, Sender, sender_from
from runner.channels.email.markdown import Body, Link, document, from_html, from_markdown
from runner.channels.email.markdown_text import flowed
from runner.channels.email.message_headers import (
    Address,
    Unsafe,
    has_control,
    mailbox,
    safe_address,
    safe_header,
    safe_id,
    safe_key,
)
from runner.channels.email.message_parts import Part, header_block, parts_of
from runner.channels.email.message_text import defused
from runner.channels.email.tokens import WebLinks
from runner.engine.ports import Job, ThreadRef
from runner.model.senders import message_id_of, sender_of

KEY_HEADER = "X-Runner-Key"
MAX_REFERENCES = 20
_LEADING_RE = re.compile(r"\s*re\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Built:
    """A finished message: its bytes with CRLF ends, its id, and the two addresses of the envelope.

    `domain` is the one that stands in From, which is not always that of the envelope.
    """

    content: bytes
    message_id: str
    domain: str
    sender: Address
    recipient: Address

    @property
    def utf8(self) -> bool:
        """Whether the server must have SMTPUTF8."""
        return self.recipient.utf8 or self.sender.utf8


def build(job: Job, account: EmailAccount, web: WebLinks | None = None, root: Path | None = None) -> Built:
    """Build the message of a job.

    Raises Unsafe where lead data must not come into a header or command, ValueError for HTML that mail must not
    carry, FileTrouble for a file that cannot be attached. `root` is where a step's files are looked for.
    """
    author = sender_from(sender_of(job.account, job.lead))
    sender = safe_address(author.address)
    recipient = safe_address(job.lead.email or "")
    own_id = message_id_of(safe_key(job.key), job.account, job.lead)
    choice = footers.opt_out(account, job.unsubscribe_url or (web.unsubscribe(job.key) if web else None), job.key)
    body = _body(job, account, web, footers.closing(account, choice, author))
    headers = [
        ("From", mailbox(author.name, sender)),
        ("To", mailbox(_name_of(job), recipient)),
        ("Subject", _subject(job)),
        ("Date", _date(job.now)),
        ("Message-ID", own_id),
        *_thread(job.thread),
        *_reply_to(account, author, job.key),
        *choice.headers(),
        *((name, safe_header(value)) for name, value in account.headers.items()),
        (KEY_HEADER, job.key),
    ]
    settings, where = job.body.settings, root or Path()
    files = message_files.attachments(settings, where)
    part = parts_of(body, message_files.images(settings, where), files, job.key)
    envelope = _return_path(account, sender, job.key)
    return Built(serialise(headers, part), own_id, sender.domain, envelope, recipient)


def serialise(headers: Sequence[tuple[str, str]], part: Part) -> bytes:
    """The bytes of a message; its header block is read again and must say what was meant. Raises Unsafe."""
    whole = [*headers, ("MIME-Version", "1.0"), *part.headers]
    block = header_block(whole)
    fields = [line for line in block[:-2].split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    names = [field.partition(b":")[0].decode("ascii", "replace") for field in fields]
    if names != [name for name, _ in whole] or not block.count(b"\n") == block.count(b"\r") == block.count(b"\r\n"):
        raise Unsafe("the headers do not read back as they were written")
    return block + b"\r\n" + part.content


def _body(job: Job, account: EmailAccount, web: WebLinks | None, closing: Body) -> Body:
    main = _main(job, _tracked(job.key, web) if account.track_clicks and web else None)
    pixel = ""
    if account.track_opens and web is not None:
        pixel = f'<img src="{web.opened(job.key)}" width="1" height="1" alt="">'
    text = flowed(f"{main.text}\n\n{closing.text}".strip()) + "\n"
    head, close, tail = main.html.rpartition("</body>")
    end = closing.html + pixel
    fragment = head + end + close + tail if close else main.html + end
    return Body(text, document(fragment, job.content.preheader, account.css) + "\n")


def _main(job: Job, link: Link | None) -> Body:
    html = job.body.settings.get("format") == "html"
    source = defused(job.content.body, job.lead.values(), html=html)
    return (from_html if html else from_markdown)(source, link)


def _date(now: datetime) -> str:
    """The date of RFC 5322, section 3.3, in UTC. `strftime`, which the usual way calls, looks for the zone's file."""
    return format_datetime(now.astimezone(UTC), usegmt=True).removesuffix("GMT") + "+0000"


def _tracked(key: str, web: WebLinks) -> Link:
    return lambda target: web.clicked(key, target)


def _name_of(job: Job) -> str:
    name = " ".join(filter(None, (job.lead.first_name, job.lead.last_name))).strip()
    return "" if has_control(name) else name


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


def _reply_to(account: EmailAccount, author: Sender, key: str) -> list[tuple[str, str]]:
    if account.reply_to is None and not account.plus_address:
        return []
    target = account.reply_to or author
    address = safe_address(target.address)
    return [("Reply-To", mailbox(target.name, address.tagged(key) if account.plus_address else address))]


def _return_path(account: EmailAccount, sender: Address, key: str) -> Address:
    address = safe_address(account.return_path) if account.return_path else sender
    return address.tagged(key) if account.verp else address
