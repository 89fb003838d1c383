"""The email channel: everything that can be undone, then the gate, then the final dot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.channels.email import verdicts
from runner.channels.email.check import check_account
from runner.channels.email.config import EmailAccount, account_of
from runner.channels.email.dkim import SigningTrouble, signed
from runner.channels.email.message import Built, build
from runner.channels.email.message_files import FileTrouble
from runner.channels.email.message_headers import Unsafe
from runner.channels.email.oauth import ConsentNeeded, TokenSource
from runner.channels.email.replies import Phase
from runner.channels.email.sent_copies import SentCopies
from runner.channels.email.smtp_auth import Credentials
from runner.channels.email.smtp_pool import Pool
from runner.channels.email.smtp_session import Envelope, Lost, Misfit, Refusal, Session
from runner.channels.email.smtp_wire import WireError
from runner.channels.email.tokens import WebLinks
from runner.engine.outcomes import AccountTrouble, Failed, Outcome, Permit, Sent, Trouble
from runner.engine.ports import Clock, Gate, Job
from runner.errors import ChannelUnavailable, MissingSecret
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig, SecretRef
from runner.model.senders import unknown_sender
from runner.secrets import Secret

SentCopy = Callable[[ChannelConfig, bytes], None]


class EmailChannel:
    """Sends over SMTP. Built once for every email account; `prepare` and `fire` may run in several threads.

    `web` makes unsubscribe and tracking links where the job brings none, or gives at each message what makes them;
    `root` is the project's folder, where a step's attachments are found; `sent_copy` is told of each accepted message
    after the answer to its dot, in place of filing it into the Sent folder where the account wants that.
    """

    def __init__(
        self,
        secrets: Callable[[SecretRef], Secret],
        clock: Clock,
        *,
        web: WebLinks | Callable[[], WebLinks | None] | None = None,
        tokens: TokenSource | None = None,
        sent_copy: SentCopy | None = None,
        root: Path | None = None,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._web = web if callable(web) else lambda: web
        self._tokens = tokens or TokenSource(secrets)
        self._copies = SentCopies(secrets, self._tokens)
        self._sent_copy = sent_copy or self._copies
        self._root = root
        self._pool = Pool(self._credentials)
        self._accounts: dict[str, tuple[ChannelConfig, EmailAccount]] = {}

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """What is wrong with an account's file that the schema cannot say. No network."""
        return check_account(config)

    def prepare(self, job: Job) -> PreparedEmail | Outcome:
        """Build the message and bring it up to its dot, or say why not. Nothing is sent yet."""
        if not job.lead.email:
            return Failed("no_address", "the lead has no e-mail address")
        if unknown := unknown_sender(job.account, job.lead):
            return Failed("unknown_sender", unknown)
        account = self._account(job.account)
        built = self._built(job, account)
        if not isinstance(built, Built):
            return built
        try:
            session = self._begun(account, _envelope(built))
        except (Refusal, Lost, Misfit, MissingSecret, ConsentNeeded, ChannelUnavailable) as trouble:
            return verdicts.before_the_dot(trouble)
        return PreparedEmail(self, job.account, account, session, built)

    def log_in(self, config: ChannelConfig) -> Outcome | None:
        """Connect and log in without sending anything, with a new connection; None when all is well."""
        account = self._account(config)
        try:
            session = self._pool.borrow(account, reuse=False)
        except (Refusal, Lost, Misfit, MissingSecret, ConsentNeeded, ChannelUnavailable) as trouble:
            return verdicts.before_the_dot(trouble)
        self._pool.give_back(account, session)
        return None

    def close(self) -> None:
        """Close what is kept open between jobs, and file the copies that wait."""
        self._pool.close()
        self._copies.close()

    def settled(self, config: ChannelConfig, account: EmailAccount, session: Session, built: Built | None) -> None:
        """Take a session back; `built` is the message when it was accepted."""
        self._pool.give_back(account, session)
        if built is not None:
            self._sent_copy(config, built.content)

    def _built(self, job: Job, account: EmailAccount) -> Built | Outcome:
        try:
            built = build(job, account, self._web(), self._root)
            if account.dkim is None:
                return built
            key = self._secrets(account.dkim.key)
            return replace(built, content=signed(built.content, account.dkim, key, built.domain))
        except Unsafe as error:
            return Failed("unsafe_content", str(error))
        except ValueError as error:
            return Failed("unsendable_content", str(error))
        except (FileTrouble, SigningTrouble, MissingSecret) as error:
            return AccountTrouble(Trouble.CONFIG, "message_parts", str(error))

    def _begun(self, account: EmailAccount, envelope: Envelope) -> Session:
        """A session past the body. A kept connection that proves stale before the recipient was named is replaced."""
        session = self._pool.borrow(account)
        used = session.used > 0
        try:
            return self._begin(account, session, envelope)
        except (Refusal, Lost) as trouble:
            if not (used and session.dead and _is_stale(trouble)):
                raise
        session = self._pool.borrow(account, reuse=False)
        return self._begin(account, session, envelope)

    def _begin(self, account: EmailAccount, session: Session, envelope: Envelope) -> Session:
        try:
            session.begin(envelope)
        except BaseException:
            self._pool.give_back(account, session)
            raise
        return session

    def _account(self, config: ChannelConfig) -> EmailAccount:
        known = self._accounts.get(config.name)
        if known is None or (known[0] is not config and known[0] != config):
            known = (config, account_of(config))
            self._accounts[config.name] = known
        return known[1]

    def _credentials(self, account: EmailAccount) -> Credentials | None:
        smtp = account.smtp
        if not smtp.username:
            return None
        if smtp.oauth is not None:
            oauth = smtp.oauth
            return Credentials(smtp.username, token=lambda fresh: self._tokens.token(oauth, fresh))
        return Credentials(smtp.username, password=self._secrets(smtp.password) if smtp.password else None)


@dataclass(frozen=True, slots=True)
class PreparedEmail:
    """A message of which the server has everything but the final dot."""

    channel: EmailChannel
    config: ChannelConfig
    account: EmailAccount
    session: Session
    built: Built

    def fire(self, gate: Gate) -> Outcome:
        """Pass the gate, write the dot, read the answer. A refusal by the gate hangs up: the server forgets it."""
        try:
            answer = gate()
        except BaseException:
            self.abandon()
            raise
        if not isinstance(answer, Permit):
            self.abandon()
            return answer
        try:
            reply = self.session.finish()
        except (Refusal, Lost) as trouble:
            outcome: Outcome = verdicts.before_the_dot(trouble)
        except WireError as error:
            outcome = verdicts.lost_after_the_dot(error, self.built.message_id)
        else:
            outcome = verdicts.after_the_dot(reply, self.built.message_id, self.account.smtp.host)
        accepted = self.built if isinstance(outcome, Sent) else None
        self.channel.settled(self.config, self.account, self.session, accepted)
        return outcome

    def abandon(self) -> None:
        """Hang up before the dot; the message was never accepted (RFC 5321 section 4.1.1.10)."""
        self.session.close()
        self.channel.settled(self.config, self.account, self.session, None)


def _envelope(built: Built) -> Envelope:
    content = b"\r\n" + built.content
    stuffed = content.replace(b"\r\n.", b"\r\n..")[2:] if b"\r\n." in content else built.content
    return Envelope(
        sender=str(built.sender),
        recipient=str(built.recipient),
        content=stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n",
        size=len(built.content),
        eight_bit=not built.content.isascii(),
        utf8=built.utf8,
    )


def _is_stale(trouble: Refusal | Lost) -> bool:
    return trouble.phase in (Phase.RESET, Phase.MAIL)
