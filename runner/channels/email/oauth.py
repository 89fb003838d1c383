"""Access tokens for XOAUTH2, fetched with a refresh token (RFC 6749 section 6) and kept until shortly before they end.

SMTP and IMAP share one `TokenSource`.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import cast

import requests

from runner.channels.email.config import OAuthSettings
from runner.channels.email.refresh_tokens import RefreshTokens
from runner.errors import ChannelUnavailable, RunnerError
from runner.model.channel import SecretRef
from runner.secrets import Secret

EARLY = 120.0
DEFAULT_LIFE = 3600.0
TIMEOUT = (10.0, 20.0)
WHOLE = 30.0
"""Seconds for connecting and for each read, and for all of it: a server that drips is left, too."""
MAX_ANSWER = 65_536
FINAL_ERRORS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope"})


class ConsentNeeded(RunnerError):
    """The refresh token is no longer good: a person has to consent again."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: Secret
    until: float


class TokenSource:
    """Gives access tokens, one refresh at a time an account; a token the server refused is not given again.

    `refreshing` says what the refresh tokens are and takes those that replace them; `whole` bounds the seconds of one
    refresh.
    """

    def __init__(
        self, secrets: Callable[[SecretRef], Secret], post: Callable[..., requests.Response] | None = None,
        whole: float = WHOLE, refreshing: RefreshTokens | None = None,
    ) -> None:  # fmt: skip
        self._secrets = secrets
        self._refreshing = refreshing or RefreshTokens(secrets)
        self._post = post or _post
        self._whole = whole
        self._locks: defaultdict[tuple[str, SecretRef], threading.Lock] = defaultdict(threading.Lock)
        self._tokens: dict[OAuthSettings, _Token] = {}

    def token(self, settings: OAuthSettings, fresh: bool = False) -> Secret:
        """An access token; `fresh` skips the kept one. Raises ConsentNeeded, MissingSecret or ChannelUnavailable."""
        with self._locks[settings.token_url, settings.refresh_token]:  # SMTP and IMAP may share one, by other scopes
            kept = self._tokens.get(settings)
            if kept is None or fresh or kept.until <= time.monotonic():
                kept = self._refresh(settings)
                self._tokens[settings] = kept
            return kept.value

    def _refresh(self, settings: OAuthSettings) -> _Token:
        used = self._refreshing.current(settings)
        form = {"grant_type": "refresh_token", "client_id": settings.client_id, "refresh_token": used.reveal()}
        if settings.client_secret is not None:
            form["client_secret"] = self._secrets(settings.client_secret).reveal()
        if settings.scope:
            form["scope"] = settings.scope
        try:
            answer = self._asked(settings.token_url, form)
            content = _json(answer)
        except (requests.RequestException, ValueError) as error:
            raise ChannelUnavailable(f"no access token from {settings.token_url}: {type(error).__name__}") from None
        token = _read(settings, answer.status_code, content)
        self._refreshing.replaced(settings, used, content.get("refresh_token"))
        return token

    def _asked(self, url: str, form: Mapping[str, str]) -> requests.Response:
        """The answer, within the time for all of it. Raises what asking raises, and ReadTimeout."""
        asking: Future[requests.Response] = Future()

        def ask() -> None:
            try:
                asking.set_result(self._post(url, data=form, timeout=TIMEOUT))
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
                asking.set_exception(error)

        threading.Thread(target=ask, name="token", daemon=True).start()
        try:
            return asking.result(self._whole)
        except TimeoutError:
            raise requests.ReadTimeout(f"no whole answer within {self._whole:g} s") from None


def _read(settings: OAuthSettings, status: int, content: Mapping[str, object]) -> _Token:
    if status == 200 and isinstance(content.get("access_token"), str):
        life = _life(content.get("expires_in"))
        return _Token(Secret(str(content["access_token"])), time.monotonic() + max(0.0, life - EARLY))
    slug = str(content.get("error", f"HTTP {status}"))[:80]
    if slug in FINAL_ERRORS:
        raise ConsentNeeded(f"{settings.token_url} refuses the refresh token: {slug}", help="consent again, store it")
    raise ChannelUnavailable(f"no access token from {settings.token_url}: {slug}")


def _life(value: object) -> float:
    """The seconds that a token lives: optional (RFC 6749 section 5.1), and with Microsoft also written as a text."""
    try:
        return float(cast(float, value or DEFAULT_LIFE))
    except (TypeError, ValueError):
        return DEFAULT_LIFE


def _json(answer: requests.Response) -> Mapping[str, object]:
    if len(answer.content) > MAX_ANSWER:
        raise ValueError("the answer is too long")
    content = answer.json()
    return content if isinstance(content, Mapping) else {}


def _post(url: str, **options: object) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, allow_redirects=False, **options)  # type: ignore[arg-type]
