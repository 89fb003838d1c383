"""An SMTP server on loopback that really receives mail, and whose recipients' addresses decide what happens to it.

The fate is the first word of the local part, up to a dot or plus, so that many people can share one:

    bounce550   550 5.1.1 at RCPT                      closeafterdot  accepted, and the connection closed without a word
    nodomain    550 5.1.2 at RCPT                      lostafterdot   dropped, and the connection closed without a word
    policy      550 5.7.1 at RCPT                      latebounce     accepted, then a bounce 5.1.1 in the inbox
    full        452 4.2.2 at RCPT                      softbounce     accepted, then a bounce 5.2.2
    tempfail    451 4.3.0 at the first RCPT, then ok   delayed        accepted, then a report of delay
    limited     421 4.7.28 at the first RCPT, then ok  reply          accepted, then a person's reply
    rejectdot   554 5.7.1 at the final dot             outofoffice    accepted, then an auto-reply with a date
    tempdot     451 4.3.0 at the first dot, then ok    optout         accepted, then a reply that asks to be removed
    unseen      accepted, and nothing to show for it  complain       accepted, then an abuse report
    greylist    451 4.7.1 at the first RCPT, then ok

A word in front of a fate and a hyphen say how the final dot is answered instead of `250 2.0.0 Ok: queued`:

    close-   the connection is closed without a word  garbage-  words that are no reply
    reset-   the same with a TCP reset                split-    the 250 in two packets
    silent-  nothing, until the sender gives up       half-     half of the 250, then the connection is closed

So `reset-latebounce.p7@` is accepted, its 250 lost, and bounced later; `half-lost` was dropped. Only what is `ok`
then has a copy in Sent: of the others nobody knows but by what comes back.

Every other address accepts. What comes back goes into the sender's mailbox at `Delays` after acceptance, by the clock;
a copy of each accepted message goes into the sender's Sent folder, as Gmail does it.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from runner.engine.ports import Clock
from runner.sandbox import answers
from runner.sandbox.ledger import Ledger
from runner.sandbox.mailbox import INBOX, SENT, Mailboxes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one recipient: `accepted`, `refused` (at RCPT or the dot) or `lost`; `reply` is what was said."""

    at: datetime
    verdict: str
    sender: str
    recipient: str
    reply: str
    message_id: str = ""
    key: str = ""
    subject: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Delays:
    """How long after acceptance something comes back."""

    bounce: timedelta = timedelta(seconds=10)
    reply: timedelta = timedelta(seconds=20)
    auto_reply: timedelta = timedelta(seconds=5)
    away: timedelta = timedelta(days=7)


_AT_RCPT = {
    "bounce550": "550 5.1.1 <{}>: Recipient address rejected: User unknown",
    "nodomain": "550 5.1.2 <{}>: Recipient address rejected: Domain not found",
    "policy": "550 5.7.1 <{}>: Recipient address rejected: not accepted by policy",
    "full": "452 4.2.2 <{}>: mailbox full",
}
_ONCE_AT_RCPT = {
    "tempfail": "451 4.3.0 <{}>: Temporary lookup failure",
    "greylist": "451 4.7.1 <{}>: Greylisted, please come back later",
    "limited": "421 4.7.28 Unusual rate of mail from your account, closing connection",
}
_AT_DOT = {"rejectdot": "554 5.7.1 Message taken for spam"}
_ONCE_AT_DOT = {"tempdot": "451 4.3.0 Temporary system problem"}
_OLD_WORDS = {"closeafterdot": ("close", "ok"), "lostafterdot": ("close", "lost")}
_ODD_ANSWERS = frozenset({"close", "reset", "silent", "garbage", "split", "half"})
_UNFILED = frozenset({"latebounce", "softbounce", "reply", "unseen"})
SPLIT_SECONDS = 0.02
_REPLIES = {
    "reply": "Thanks, that sounds interesting. Could you call me on Thursday?",
    "optout": "Please remove me from your list, I am not interested.",
}


class SmtpSink:
    """The server. `ledger` lists every recipient's fate; `mailboxes` holds what came back.

    `users` turns log-in on (name -> password); `tokens` are the access tokens XOAUTH2 takes. With `tls_context` the
    server offers STARTTLS, or speaks TLS from the first byte where `implicit_tls` is set.
    """

    def __init__(
        self,
        clock: Clock,
        mailboxes: Mailboxes | None = None,
        *,
        ledger_path: Path | None = None,
        users: Mapping[str, str] | None = None,
        tokens: frozenset[str] = frozenset(),
        tls_context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        delays: Delays | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.mailboxes = mailboxes or Mailboxes(clock)
        self.ledger: Ledger[Delivery] = Ledger(ledger_path)
        self.port = 0
        self.host = host
        self._users = dict(users or {})
        self._needs_login = bool(users or tokens)
        self._handler = _Handler(clock, self.mailboxes, self.ledger, delays or Delays(), tokens, self._needs_login)
        self._tls = tls_context
        self._implicit = implicit_tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-smtp", daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> SmtpSink:
        """Listen on a free port, which is then in `port`."""
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        """Close the server and its connections."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.ledger.close()

    def accepted(self) -> list[Delivery]:
        """The messages that arrived, in order."""
        return [each for each in self.ledger.records() if each.verdict == "accepted"]

    def next_event_at(self) -> datetime | None:
        """When the next thing that comes back becomes visible."""
        return self.mailboxes.next_event_at()

    async def _listen(self) -> asyncio.Server:
        context = self._tls if self._implicit else None
        return await self._loop.create_server(self._protocol, self.host, 0, ssl=context)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _protocol(self) -> SMTP:
        return SMTP(
            self._handler,
            loop=self._loop,
            hostname="mx.sandbox.example",
            ident="sandbox",
            enable_SMTPUTF8=True,
            tls_context=None if self._implicit else self._tls,
            require_starttls=self._tls is not None and not self._implicit and self._needs_login,
            authenticator=self._authenticate,
            auth_require_tls=False,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: object
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and self._users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good or not self._needs_login, handled=False)


class _Handler:
    """The hooks that aiosmtpd calls, all in the server's thread."""

    def __init__(
        self,
        clock: Clock,
        mailboxes: Mailboxes,
        ledger: Ledger[Delivery],
        delays: Delays,
        tokens: frozenset[str],
        needs_login: bool,
    ) -> None:
        self._clock = clock
        self._mailboxes = mailboxes
        self._ledger = ledger
        self._delays = delays
        self._tokens = tokens
        self._needs_login = needs_login
        self._seen: set[tuple[str, str]] = set()

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        blob = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        text = blob.decode(errors="replace") if isinstance(blob, bytes) else ""
        return AuthResult(success=any(f"auth=Bearer {token}\1" in text for token in self._tokens), handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._needs_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fate = _fate(address)
        answer = _AT_RCPT.get(fate) or self._once(fate, address, _ONCE_AT_RCPT)
        if answer is not None:
            said = answer.format(address)
            self._note("refused", envelope, address, said, b"")
            return said
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        said = "250 2.0.0 Ok: queued"
        answer = ""
        for address in envelope.rcpt_tos:
            answer, fate = _answer_and_fate(address)
            refusal = _AT_DOT.get(fate) or self._once(fate, address, _ONCE_AT_DOT)
            if refusal is not None:
                self._note("refused", envelope, address, refusal, content)
                return refusal
            lost = fate == "lost"
            self._note("lost" if lost else "accepted", envelope, address, "" if answer else said, content)
            if not lost:
                original = answers.Original(envelope.mail_from or "", address, content, self._clock.now())
                self._deliver(fate, original, filed=fate != "unseen" and not (answer and fate in _UNFILED))
        return await _odd(answer, cast(asyncio.Transport, server.transport), said) if answer else said

    def _once(self, fate: str, address: str, table: Mapping[str, str]) -> str | None:
        if fate not in table or (fate, address) in self._seen:
            return None
        self._seen.add((fate, address))
        return table[fate]

    def _deliver(self, fate: str, mail: answers.Original, *, filed: bool) -> None:
        own = self._mailboxes.of(_untagged(parseaddr(mail.header("From"))[1] or mail.sender))
        if filed:
            own.add(SENT, mail.content, flags=("\\Seen",))
        delays = self._delays
        bounced, replied, automatic = (mail.at + each for each in (delays.bounce, delays.reply, delays.auto_reply))
        envelope_box = self._mailboxes.of(_untagged(mail.sender))
        reply_box = self._mailboxes.of(_untagged(mail.reply_address))
        match fate:
            case "latebounce":
                text = f"550 5.1.1 <{mail.recipient}>: Recipient address rejected: User unknown"
                envelope_box.add(INBOX, answers.bounce(mail, bounced, "5.1.1", text), bounced)
            case "softbounce":
                text = f"552 5.2.2 <{mail.recipient}>: mailbox full"
                envelope_box.add(INBOX, answers.bounce(mail, bounced, "5.2.2", text), bounced)
            case "delayed":
                text = "451 4.4.1 connection timed out"
                envelope_box.add(INBOX, answers.bounce(mail, bounced, "4.4.1", text, "delayed"), bounced)
            case "complain":
                envelope_box.add(INBOX, answers.complaint(mail, replied), replied)
            case "outofoffice":
                reply_box.add(INBOX, answers.auto_reply(mail, automatic, delays.away), automatic)
            case "reply" | "optout":
                reply_box.add(INBOX, answers.reply(mail, replied, _REPLIES[fate]), replied)

    def _note(self, verdict: str, envelope: Envelope, recipient: str, said: str, content: bytes) -> None:
        headers = message_from_bytes(content)
        self._ledger.append(
            Delivery(
                at=self._clock.now(),
                verdict=verdict,
                sender=envelope.mail_from or "",
                recipient=recipient,
                reply=said,
                message_id=str(headers.get("Message-ID", "")).strip(),
                key=str(headers.get("X-Runner-Key", "")).strip(),
                subject=str(headers.get("Subject", "")),
                content=content,
            )
        )


def _fate(address: str) -> str:
    return re.split(r"[.+@]", address.lower(), maxsplit=1)[0]


def _answer_and_fate(address: str) -> tuple[str, str]:
    """How the dot is answered (empty: as it should be), and what becomes of the message."""
    word = _fate(address)
    if word in _OLD_WORDS:
        return _OLD_WORDS[word]
    answer, _, fate = word.partition("-")
    return (answer, fate) if fate and answer in _ODD_ANSWERS else ("", word)


async def _odd(answer: str, transport: asyncio.Transport, said: str) -> str:
    """Answer the dot in an odd way. Returns what is left to say; on a closed connection nobody hears it."""
    match answer:
        case "garbage":
            return "queued, I think"
        case "silent":
            await asyncio.Event().wait()  # ended when the sender hangs up, or the server stops
        case "split":
            transport.write(said[:7].encode())
            await asyncio.sleep(SPLIT_SECONDS)
            return said[7:]
        case "half":
            transport.write(said[:7].encode())
            transport.close()
        case "reset":
            linger = struct.pack("ii", 1, 0)  # with no time to linger, closing sends RST instead of FIN
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        case _:
            transport.abort()
    return "421 4.0.0 gone"


def _untagged(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
