"""Logging in to a submission server: PLAIN (RFC 4616), LOGIN, XOAUTH2 (Google's and Microsoft's pages of that name).

A password goes out only over TLS; over clear text only to this machine, or where the account says `security: off`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from runner.channels.email.config import AuthMethod, Security, SmtpSettings
from runner.channels.email.replies import Phase
from runner.channels.email.smtp_session import Misfit, Refusal, Session
from runner.channels.email.smtp_wire import Reply
from runner.secrets import Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who we are: a password, or a way to get an access token (`fresh` asks for a new one)."""

    username: str
    password: Secret | None = None
    token: Callable[[bool], Secret] | None = None


def log_in(session: Session, settings: SmtpSettings, credentials: Credentials) -> None:
    """Log in by the best method both sides have. Raises Refusal, Lost or Misfit."""
    if not session.encrypted and settings.security is not Security.OFF:
        raise Misfit("login_in_clear", "the server offers no TLS, and a log-in would show the password")
    offered = session.extensions.get("AUTH", "").upper().split()
    method = _method(settings, credentials, offered)
    if method is None:
        shown = ", ".join(offered) or "none"
        raise Misfit("no_auth_method", f"{settings.host} offers no log-in method that fits the account ({shown})")
    _accept(_TALKS[method](session, settings, credentials))


def _method(settings: SmtpSettings, credentials: Credentials, offered: list[str]) -> AuthMethod | None:
    wanted = [settings.auth] if settings.auth is not AuthMethod.AUTO else [AuthMethod.PLAIN, AuthMethod.LOGIN]
    if settings.auth is AuthMethod.AUTO and credentials.token is not None:
        wanted = [AuthMethod.XOAUTH2]
    return next((method for method in wanted if method.value.upper() in offered), None)


def _plain(session: Session, settings: SmtpSettings, credentials: Credentials) -> Reply:
    return _ask(session, settings, b"AUTH PLAIN " + _encoded(f"\0{credentials.username}\0{_password(credentials)}"))


def _login(session: Session, settings: SmtpSettings, credentials: Credentials) -> Reply:
    reply = _ask(session, settings, b"AUTH LOGIN")
    for answer in (credentials.username, _password(credentials)):
        if reply.code != 334:
            return reply
        reply = _ask(session, settings, _encoded(answer))
    return reply


def _xoauth2(session: Session, settings: SmtpSettings, credentials: Credentials) -> Reply:
    reply = _with_token(session, settings, credentials, False)
    if 400 <= reply.code < 600 and not session.dead:
        return _with_token(session, settings, credentials, True)
    return reply


def _with_token(session: Session, settings: SmtpSettings, credentials: Credentials, fresh: bool) -> Reply:
    token = credentials.token(fresh).reveal() if credentials.token is not None else ""
    blob = _encoded(f"user={credentials.username}\1auth=Bearer {token}\1\1")
    reply = _ask(session, settings, b"AUTH XOAUTH2 " + blob)
    return _ask(session, settings, b"") if reply.code == 334 else reply


_TALKS = {AuthMethod.PLAIN: _plain, AuthMethod.LOGIN: _login, AuthMethod.XOAUTH2: _xoauth2}


def _ask(session: Session, settings: SmtpSettings, line: bytes) -> Reply:
    return session.ask(Phase.AUTH, line + b"\r\n", settings.deadlines.command)


def _accept(reply: Reply) -> None:
    if reply.code != 235:
        raise Refusal(Phase.AUTH, reply)


def _password(credentials: Credentials) -> str:
    return credentials.password.reveal() if credentials.password is not None else ""


def _encoded(text: str) -> bytes:
    return base64.b64encode(text.encode())
