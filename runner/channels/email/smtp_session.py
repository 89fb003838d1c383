"""One SMTP connection: greeted, encrypted, logged in, and ready for messages up to the final dot (RFC 5321)."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import NoReturn

from runner.channels.email.config import Deadlines, Security, SmtpSettings
from runner.channels.email.replies import Phase
from runner.channels.email.smtp_wire import Reply, Wire, WireError, dial

DOT = b".\r\n"


class Refusal(Exception):
    """The server said no in `phase`; `reply` is its answer."""

    def __init__(self, phase: Phase, reply: Reply) -> None:
        super().__init__(str(reply))
        self.phase = phase
        self.reply = reply


class Lost(Exception):
    """The connection failed in `phase` before anything irrevocable."""

    def __init__(self, phase: Phase, why: str) -> None:
        super().__init__(why)
        self.phase = phase


class Misfit(Exception):
    """Server and settings do not fit, such as STARTTLS required but not offered; `slug` names it."""

    def __init__(self, slug: str, why: str) -> None:
        super().__init__(why)
        self.slug = slug


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whom a message goes to and what it asks of the server; `content` is dot-stuffed and ends with CRLF."""

    sender: str
    recipient: str
    content: bytes
    size: int
    eight_bit: bool = False
    utf8: bool = False


class Session:
    """A connection past EHLO. `used` counts messages, `last` is when it was last used by `time.monotonic()`."""

    def __init__(self, wire: Wire, settings: SmtpSettings) -> None:
        self._wire = wire
        self._settings = settings
        self.extensions: dict[str, str] = {}
        self.used = 0
        self.last = time.monotonic()
        self.dead = False
        self._open_transaction = False

    @classmethod
    def open(cls, settings: SmtpSettings, context: ssl.SSLContext) -> Session:
        """Connect, greet and encrypt as the settings say. Raises Refusal, Lost or Misfit."""
        waits = settings.deadlines
        try:
            wire = dial(settings.host, settings.port, waits.connect)
        except (OSError, UnicodeError) as error:
            raise Lost(Phase.CONNECT, f"cannot connect to {settings.host}:{settings.port}: {error}") from error
        session = cls(wire, settings)
        try:
            session._greet(waits, context)
        except BaseException:
            session.close()
            raise
        return session

    def begin(self, envelope: Envelope) -> None:
        """MAIL, RCPT, DATA and the body without its dot. Raises Refusal or Misfit, which it survives, or Lost."""
        if envelope.utf8 and "SMTPUTF8" not in self.extensions:
            raise Misfit("smtputf8", "the server cannot take an address with letters outside ASCII")
        self._check_size(envelope)
        if self.used and self._wire.spoke_early():
            self.close()
            raise Lost(Phase.RESET, "the kept connection is no longer good")
        self.used += 1
        self.last = time.monotonic()
        if "PIPELINING" in self.extensions:
            self._pipelined(envelope)
        else:
            self._one_by_one(envelope)
        self._body(envelope.content, self._settings.deadlines.body)

    def finish(self) -> Reply:
        """Write the final dot and read the answer. Raises WireError, after which nobody knows what happened.

        Raises Refusal or Lost when the server had ended it before: then no dot is written, and nothing was sent.
        """
        if self._wire.spoke_early():
            self._last_words(WireError("the server did not wait for the end of the message"))
        deadline = time.monotonic() + self._settings.deadlines.dot
        try:
            self._wire.send(DOT, deadline)
            reply = self._wire.reply(deadline)
        except WireError:
            self.close()
            raise
        self._open_transaction = not 200 <= reply.code < 300
        self.last = time.monotonic()
        if reply.code == 421:
            self.close()
        return reply

    def ask(self, phase: Phase, line: bytes, seconds: float) -> Reply:
        """Send one command and read its answer. Raises Lost."""
        self._send(phase, line, seconds)
        return self._reply(phase, seconds)

    def quit(self) -> None:
        """Say goodbye where that is quick, and close."""
        if not self.dead:
            try:
                self._wire.send(b"QUIT\r\n", time.monotonic() + 1.0)
            except WireError:
                self.dead = True
        self.close()

    def close(self) -> None:
        """Close without a word: the server forgets a message whose dot it did not see (RFC 5321 4.1.1.10)."""
        self.dead = True
        self._wire.close()

    @property
    def encrypted(self) -> bool:
        """Whether TLS is on."""
        return self._wire.encrypted

    def _greet(self, waits: Deadlines, context: ssl.SSLContext) -> None:
        if self._settings.security is Security.TLS:
            self._encrypt(context, waits.connect)
        self._accept(Phase.GREETING, self._reply(Phase.GREETING, waits.greeting))
        self._hello(waits)
        if self._settings.security not in (Security.STARTTLS, Security.OPPORTUNISTIC):
            return
        if "STARTTLS" in self.extensions:
            self._start_tls(waits, context)
        elif self._settings.security is Security.STARTTLS:
            raise Misfit("no_starttls", f"{self._settings.host} does not offer STARTTLS, which the account requires")

    def _start_tls(self, waits: Deadlines, context: ssl.SSLContext) -> None:
        self._accept(Phase.STARTTLS, self.ask(Phase.STARTTLS, b"STARTTLS\r\n", waits.command))
        if self._wire.pending:
            raise Misfit("starttls_injection", "the server sent more before TLS began, as an attacker would")
        self._encrypt(context, waits.connect)
        self._hello(waits)

    def _encrypt(self, context: ssl.SSLContext, seconds: float) -> None:
        try:
            self._wire.encrypt(context, self._settings.host, time.monotonic() + seconds)
        except ssl.SSLCertVerificationError as error:
            raise Misfit("certificate", f"the certificate of {self._settings.host}: {error.verify_message}") from error
        except (ssl.SSLError, OSError, WireError) as error:
            raise Lost(Phase.STARTTLS, f"TLS with {self._settings.host} failed: {error}") from error

    def _hello(self, waits: Deadlines) -> None:
        name = (self._settings.ehlo_name or "[127.0.0.1]").encode("ascii", "ignore")
        reply = self._accept(Phase.EHLO, self.ask(Phase.EHLO, b"EHLO " + name + b"\r\n", waits.command))
        lines = reply.lines[1:]
        self.extensions = {word.upper(): rest for word, _, rest in (line.partition(" ") for line in lines)}

    def _check_size(self, envelope: Envelope) -> None:
        limit = self.extensions.get("SIZE", "")
        if limit.isdigit() and 0 < int(limit) < envelope.size:
            raise Misfit("message_too_large", f"{envelope.size:,} bytes are more than the {int(limit):,} it takes")

    def _pipelined(self, envelope: Envelope) -> None:
        """The whole dialogue in one write (RFC 2920); a 354 without a recipient leaves nothing but to hang up."""
        waits = self._settings.deadlines
        phases = (Phase.RESET,) * self._open_transaction + (Phase.MAIL, Phase.RCPT, Phase.DATA)
        commands = self._commands(envelope)
        self._send(Phase.MAIL, b"".join(commands[phase] for phase in phases), waits.command)
        self._open_transaction = True
        refused: Refusal | None = None
        for phase in phases:
            reply = self._reply(phase, waits.data)
            if refused is None and not _fits(phase, reply):
                refused = Refusal(phase, reply)
            if reply.code == 421 or (refused is not None and reply.code == 354):
                self.close()
                break
        if refused is not None:
            raise refused

    def _one_by_one(self, envelope: Envelope) -> None:
        waits = self._settings.deadlines
        phases = (Phase.RESET,) * self._open_transaction + (Phase.MAIL, Phase.RCPT, Phase.DATA)
        commands = self._commands(envelope)
        self._open_transaction = True
        for phase in phases:
            seconds = waits.data if phase is Phase.DATA else waits.command
            self._accept(phase, self.ask(phase, commands[phase], seconds))

    def _commands(self, envelope: Envelope) -> dict[Phase, bytes]:
        encoding = "utf-8" if envelope.utf8 else "ascii"
        extras = f" SIZE={envelope.size}" if "SIZE" in self.extensions else ""
        extras += " BODY=8BITMIME" if envelope.eight_bit and "8BITMIME" in self.extensions else ""
        extras += " SMTPUTF8" if envelope.utf8 else ""
        return {
            Phase.RESET: b"RSET\r\n",
            Phase.MAIL: f"MAIL FROM:<{envelope.sender}>{extras}\r\n".encode(encoding),
            Phase.RCPT: f"RCPT TO:<{envelope.recipient}>\r\n".encode(encoding),
            Phase.DATA: b"DATA\r\n",
        }

    def _body(self, content: bytes, seconds: float) -> None:
        try:
            self._wire.send(content, time.monotonic() + seconds)
        except WireError as error:
            self._last_words(error)

    def _last_words(self, error: Exception) -> NoReturn:
        """Read a refusal that came while the body was still on its way, as Postfix sends it."""
        try:
            reply = self._wire.reply(time.monotonic() + 1.0)
        except WireError:
            self.close()
            raise Lost(Phase.BODY, str(error)) from error
        self.close()
        raise Refusal(Phase.BODY, reply) from error

    def _send(self, phase: Phase, data: bytes, seconds: float) -> None:
        try:
            self._wire.send(data, time.monotonic() + seconds)
        except WireError as error:
            self.close()
            raise Lost(phase, str(error)) from error

    def _reply(self, phase: Phase, seconds: float) -> Reply:
        try:
            return self._wire.reply(time.monotonic() + seconds)
        except WireError as error:
            self.close()
            raise Lost(phase, str(error)) from error

    def _accept(self, phase: Phase, reply: Reply) -> Reply:
        if _fits(phase, reply):
            return reply
        if reply.code == 421:
            self.close()
        raise Refusal(phase, reply)


def _fits(phase: Phase, reply: Reply) -> bool:
    match phase:
        case Phase.DATA:
            return reply.code == 354
        case Phase.GREETING | Phase.STARTTLS:
            return reply.code == 220
        case _:
            return 200 <= reply.code < 300
