"""Reading an account's settings, the checks that a schema cannot make, and the service on top."""

from __future__ import annotations

import datetime as dt

import pytest

from runner.channels.email.config import IMAP_SCOPES, Security, account_of, oauth_of, seconds
from runner.channels.email.message_headers import Unsafe, safe_address
from runner.channels.email.service import EmailOutreachService
from runner.engine.outcomes import NotNow, Permit
from runner.lang.durations import parse_duration
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.events import EventKind
from runner.store.guardrails import rails_of


def slugs(channel, config):
    return [(finding.slug, finding.path) for finding in channel.check(config)]


def test_a_good_account_has_no_findings(channel, account):
    assert slugs(channel, account(587, smtp={"username": "ada", "password": SecretRef(env="P")})) == []


@pytest.mark.parametrize(
    ("settings", "slug", "path"),
    [({"footer": {"unsubscribe": "reply"}}, "email-no-postal-address", ("footer", "postal_address")),
     ({"footer": {"postal_address": "Here", "unsubscribe": "none"}}, "email-no-opt-out", ("footer", "unsubscribe")),
     ({"footer": {"postal_address": "Here", "unsubscribe": "mailto"}, "imap": None}, "email-no-opt-out",
      ("footer", "unsubscribe")),
     ({"footer": {"postal_address": "Here", "unsubscribe": "reply"}, "imap": None}, "email-no-opt-out",
      ("footer", "unsubscribe")),
     ({"from": {"address": "ada"}}, "email-address", ("from", "address")),
     ({"reply_to": "a b@c.example"}, "email-address", ("reply_to",)),
     ({"footer": {"postal_address": "Here", "unsubscribe": "mailto", "mailto": "out@"}}, "email-address",
      ("footer", "mailto")),
     ({"send_as": {"field": "owner", "identities": {"bob": {"address": "bob@b..example"}}}}, "email-address",
      ("send_as", "identities", "bob")),
     ({"headers": {"X-A": "a\nb"}}, "email-header", ("headers", "X-A"))],
)  # fmt: skip
def test_what_the_schema_cannot_say_is_found(settings, slug, path, channel, account):
    assert (slug, path) in slugs(channel, account(25, **settings))


def test_a_log_in_needs_a_secret_and_a_protected_line(channel, account):
    assert slugs(channel, account(25, smtp={"username": "ada"})) == [("email-no-secret", ("smtp", "username"))]
    login = {"username": "ada", "password": SecretRef(env="P"), "host": "smtp.lumen.example"}
    assert slugs(channel, account(25, smtp=login)) == [("email-clear-text", ("smtp", "security"))]


def test_defaults_are_what_a_provider_expects():
    plain = {"from": "ada@lumen.example", "smtp": {"host": "smtp.lumen.example"}}
    account = account_of(ChannelConfig(ChannelType.EMAIL, "ada", settings=plain))
    assert (account.smtp.port, account.smtp.security) == (587, Security.STARTTLS)
    assert account.smtp.deadlines.dot == 600
    plain["smtp"] = {"host": "smtp.lumen.example", "security": "tls", "timeout": "20s"}
    account = account_of(ChannelConfig(ChannelType.EMAIL, "ada", settings=plain))
    assert account.smtp.port == 465
    assert (account.smtp.deadlines.connect, account.smtp.deadlines.dot) == (20, 600)


@pytest.mark.parametrize(
    ("provider", "url", "smtp_scope", "imap_scope"),
    [("google", "https://oauth2.googleapis.com/token", "", ""),
     ("microsoft", "https://login.microsoftonline.com/common/oauth2/v2.0/token",
      "https://outlook.office.com/SMTP.Send offline_access",
      "https://outlook.office.com/IMAP.AccessAsUser.All offline_access")],
)  # fmt: skip
def test_a_provider_says_where_tokens_come_from_and_what_to_ask_for(provider, url, smtp_scope, imap_scope):
    """Google, "Using OAuth 2.0"; Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth"."""
    block = {"provider": provider, "client_id": "c", "refresh_token": SecretRef(env="R")}
    smtp = oauth_of(block)
    assert smtp is not None
    assert (smtp.token_url, smtp.scope) == (url, smtp_scope)
    imap = oauth_of(block, IMAP_SCOPES)
    assert imap is not None
    assert imap.scope == imap_scope
    own = oauth_of(block | {"token_url": "https://login.lumen.example/token", "scope": "mail"})
    assert own is not None
    assert (own.token_url, own.scope) == ("https://login.lumen.example/token", "mail")


@pytest.mark.parametrize("value", ["90s", 90, 90.0, dt.timedelta(seconds=90), parse_duration("90s")])
def test_a_length_of_time_is_read_in_every_form(value):
    assert seconds(value, 1.0) == 90.0
    assert seconds(None, 1.0) == 1.0


@pytest.mark.parametrize("text", ["a@b.example", "A.B+c@Sub.Example", "o'neil@b.example", "a@xn--mller-kva.example"])
def test_usual_addresses_are_taken(text):
    assert str(safe_address(text)).lower() == text.lower()


@pytest.mark.parametrize("text", ["", "a", "a@", "@b", "a b@c", "a@b c", "a@b\n", "a\0@b", "a@b,c@d"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(Unsafe):
        safe_address(text)


def test_the_service_says_it_in_five_words(sink, account, job, channel):
    service = EmailOutreachService(channel)
    assert service.send(job(account(sink.port)), lambda: Permit(1)) == {
        "success": True, "channel": "email", "status": "sent", "message_id": "<k1@lumen.example>", "error": None,
    }  # fmt: skip
    failed = service.send(job(account(sink.port), to="bounce550@example.com"), lambda: Permit(1))
    assert (failed["success"], failed["status"]) == (False, "failed")
    assert "550 5.1.1" in failed["error"]
    deferred = service.send(job(account(sink.port)), lambda: NotNow(None, "paused", "the account is paused"))
    assert (deferred["success"], deferred["status"], deferred["error"]) == (False, "pending", "the account is paused")
    assert len(sink.accepted()) == 1


def test_the_rates_that_stop_an_account_can_be_set():
    def rails(**health):
        found = rails_of(health or None)
        return {rail.kind: (rail.rate, rail.floor) for rail in found}

    usual = rails()
    assert usual == {EventKind.BOUNCED: (0.05, 50), EventKind.COMPLAINED: (0.001, 100)}
    assert rails(bounce_rate=0.1, complaint_floor=500) == {
        EventKind.BOUNCED: (0.1, 50),
        EventKind.COMPLAINED: (0.001, 500),
    }
