"""What is wrong with an email account's file that its schema cannot say."""

from __future__ import annotations

from runner.channels.email.config import EmailAccount, Unsubscribe, account_of
from runner.channels.email.message_headers import Unsafe, safe_address, safe_header
from runner.lang.diagnostics import Diagnostic, Position, Severity, Span
from runner.model.channel import ChannelConfig
from runner.model.email_rules import Settings, in_clear_text, lacks_secret, part, unread_opt_out

Path = tuple[str | int, ...]


def check_account(config: ChannelConfig) -> list[Diagnostic]:
    """Every finding about one account; `path` says which setting each is about."""
    report = _Report(config.name)
    account = account_of(config)
    _check_addresses(account, report)
    _check_login(config.settings, report)
    _check_footer(account, config.settings, report)
    return report.found


class _Report:
    def __init__(self, name: str) -> None:
        self.found: list[Diagnostic] = []
        self._span = Span(f"channel_configs/{name}.yaml", Position(1, 1), Position(1, 1))

    def add(self, slug: str, summary: str, path: Path, help_: str, severity: Severity = Severity.ERROR) -> None:
        self.found.append(Diagnostic(slug, severity, summary, self._span, help=help_, path=path))


def _check_addresses(account: EmailAccount, report: _Report) -> None:
    named: dict[Path, str] = {("from", "address"): account.sender.address, ("return_path",): account.return_path}
    if account.reply_to is not None:
        named[("reply_to",)] = account.reply_to.address
    named[("footer", "mailto")] = account.footer.mailto
    for who, identity in account.send_as.identities.items() if account.send_as else ():
        named[("send_as", "identities", who)] = identity.address
    for path, text in named.items():
        try:
            if text or path[-1] == "address" or path[0] == "send_as":
                safe_address(text)
        except Unsafe:
            report.add("email-address", f"`{text}` is no e-mail address", path, "write it as name@domain.example")
    for name, value in account.headers.items():
        try:
            safe_header(value)
        except Unsafe as error:
            report.add("email-header", f"header {name}: {error}", ("headers", name), "write it on one line")


def _check_login(settings: Settings, report: _Report) -> None:
    smtp = part(settings, "smtp")
    if lacks_secret(smtp):
        report.add(
            "email-no-secret", f"{smtp['username']} has neither `password` nor `oauth`", ("smtp", "username"),
            "add `password: {env: NAME}` or an `oauth` block",
        )  # fmt: skip
    if in_clear_text(smtp):
        report.add(
            "email-clear-text", f"the log-in at {smtp['host']} would travel in clear text", ("smtp", "security"),
            "use `security: starttls` or `tls`",
        )  # fmt: skip


def _check_footer(account: EmailAccount, settings: Settings, report: _Report) -> None:
    if not account.footer.postal_address.strip():
        report.add(
            "email-no-postal-address", "no postal address in the footer", ("footer", "postal_address"),
            "CAN-SPAM (15 U.S.C. 7704(a)(5)) wants a valid physical postal address in every message",
        )  # fmt: skip
    problem = unread_opt_out(settings)
    if account.footer.unsubscribe is Unsubscribe.NONE:
        problem = "`unsubscribe: none` leaves readers no way out"
    if problem is not None:
        report.add("email-no-opt-out", problem, ("footer", "unsubscribe"), "every message must offer a way to opt out")
