"""What `runner doctor` says about an email account: does it log in, may it send, will its mail be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from runner.channels.email.channel import EmailChannel
from runner.channels.email.config import account_of
from runner.channels.email.doctor_caps import COLD_PER_DAY, cap_of
from runner.channels.email.imap import connect
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.inbox import EmailInbox
from runner.engine.outcomes import AccountTrouble, Failed, Outcome
from runner.errors import RunnerError
from runner.model.channel import ChannelConfig
from runner.model.rates import LimitSet

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Verdict(Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, how it is, and, unless it is fine, what to do about it."""

    name: str
    verdict: Verdict
    text: str
    remedy: str = ""


REMEDIES = {
    "no_starttls": "use the port and `security` that the provider's help page names (587 starttls, 465 tls)",
    "certificate": "correct `smtp.host`, or name the server's own certificate authority in `smtp.ca_file`",
    "login_refused": "check user name and secret; many providers want an app password",
    "app_password_needed": "create an app password in the provider's security settings",
    "oauth_needed": "set `smtp.oauth` (Google and Microsoft take no passwords from programs)",
    "consent_needed": "go through the provider's consent page again and store the new refresh token",
    "missing_secret": "set the environment variable or file that the account names",
    "connection": "check host, port and firewall; many networks close port 25",
}


def check_login(channel: EmailChannel, config: ChannelConfig) -> Check:
    """Log in to the submission server; nothing is sent."""
    trouble = channel.log_in(config)
    host = account_of(config).smtp.host
    if trouble is None:
        return Check("smtp", Verdict.OK, f"logged in to {host}")
    reason, words = _why(trouble)
    return Check("smtp", Verdict.FAILED, words, REMEDIES.get(reason, "see the provider's help page for this answer"))


def check_inbox(inbox: EmailInbox, config: ChannelConfig) -> Check:
    """Log in to the mailbox and open INBOX; nothing in it changes."""
    settings = imap_settings(config)
    if settings is None:
        remedy = "add `imap`: without an inbox, replies, bounces and opt-outs are not seen"
        return Check("imap", Verdict.WARNING, "no inbox is read", remedy)
    try:
        with connect(settings, inbox.credential(settings)) as connection:
            connection.open("INBOX")
    except RunnerError as error:
        return Check("imap", Verdict.FAILED, str(error), error.help or "check `imap` host, port, user name and secret")
    return Check("imap", Verdict.OK, f"opened INBOX on {settings.host}")


def check_limits(config: ChannelConfig) -> Check:
    """Compare the account's own limits with what its provider allows and with what cold outreach bears."""
    limits, cap = config.limits, cap_of(account_of(config).smtp.host)
    daily = [rate.count * (DAY / rate.per) for rate in limits.rates if rate.per <= DAY]
    most = min([*daily, *([limits.ramp.ceiling] if limits.ramp else [])], default=None)
    if most is None:
        return Check("limits", Verdict.WARNING, "no daily limit", f"set `limits.per_day`, at most {COLD_PER_DAY}")
    if cap is not None and most > cap.per_day:
        words = f"{most:.0f} a day are more than {cap.provider} allows ({cap.per_day:,})"
        return Check("limits", Verdict.FAILED, words, f"set `limits.per_day` below {cap.per_day:,}: {cap.source}")
    at_once = _in_a_minute(limits)
    if cap is not None and cap.per_minute and at_once > cap.per_minute:
        words = f"{at_once} may go out within a minute, more than {cap.provider} takes ({cap.per_minute})"
        return Check("limits", Verdict.WARNING, words, f"set `limits.min_gap`, such as 90s: {cap.source}")
    if most > COLD_PER_DAY:
        words = f"{most:.0f} a day is much for one mailbox"
        return Check("limits", Verdict.WARNING, words, f"at most {COLD_PER_DAY} a day keep a mailbox healthy")
    return Check("limits", Verdict.OK, f"{most:.0f} a day")


def _in_a_minute(limits: LimitSet) -> int:
    """The most that may go out within one minute: no limit but a gap spreads what it allows."""
    counts = [rate.count for rate in limits.rates] + ([limits.ramp.ceiling] if limits.ramp else [])
    return min([*counts, *([MINUTE // limits.min_gap + 1] if limits.min_gap else [])])


def check_unsubscribe(base_url: str, fetch: Callable[[str], tuple[int, str]]) -> Check:
    """Ask the public endpoints whether they live. `fetch` gives status and text of a GET; it may raise OSError."""
    if not base_url:
        remedy = "set `web.base_url` for one-click opt-out, which Gmail and Yahoo want of bulk senders"
        return Check("unsubscribe", Verdict.WARNING, "no public address for opt-out links", remedy)
    try:
        status, text = fetch(f"{base_url.rstrip('/')}/healthz")
    except OSError as error:
        remedy = "start `runner serve`, and check the proxy and the name's DNS entry"
        return Check("unsubscribe", Verdict.FAILED, f"{base_url} cannot be reached: {error}", remedy)
    if status != 200 or text.strip() != "ok":
        return Check("unsubscribe", Verdict.FAILED, f"{base_url} answers {status}", "something else answers there")
    if not base_url.startswith("https://"):
        remedy = "one-click opt-out works only over https (RFC 8058): put a proxy with a certificate in front"
        return Check("unsubscribe", Verdict.WARNING, f"{base_url} is reached without TLS", remedy)
    return Check("unsubscribe", Verdict.OK, f"{base_url} answers")


def worst(checks: Sequence[Check]) -> Verdict:
    """The worst verdict of several, skipped ones aside."""
    order = (Verdict.FAILED, Verdict.WARNING, Verdict.OK)
    return min((check.verdict for check in checks if check.verdict in order), key=order.index, default=Verdict.OK)


def _why(trouble: Outcome) -> tuple[str, str]:
    if isinstance(trouble, AccountTrouble | Failed):
        return trouble.reason, trouble.explanation or trouble.reason
    return "", "the server did not let the account in"
