"""Refresh tokens that a token server replaces (RFC 6749 section 6): the newest is used, and kept where it can be.

Microsoft gives another one at every refresh, and the first dies in the end; providers that follow RFC 9700 (section
4.14.2) end the old one at once. A file is written anew; what stands in the environment cannot be, so the new one lives
as long as the process, and a person is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runner.channels.email.config import OAuthSettings
from runner.model.channel import SecretRef
from runner.secrets import Secret

LONGEST = 16_384
"""Microsoft's are about 1,500 characters long; whoever sends more than this sends something else."""

Keep = Callable[[SecretRef, Secret, Secret], bool]
"""Puts a new secret where the old one is kept; False where that cannot be done."""
Tell = Callable[[SecretRef, bool], None]
"""Hears that a refresh token was replaced, and whether the new one could be kept."""


@dataclass(frozen=True, slots=True)
class _Unkept:
    """A token that only this process has, and what its source held when it came."""

    held: Secret
    newest: Secret


class RefreshTokens:
    """The refresh token of an account as it is now. One caller at a time for the same token, as `TokenSource` does."""

    def __init__(
        self, secrets: Callable[[SecretRef], Secret], keep: Keep | None = None, tell: Tell | None = None
    ) -> None:
        self._secrets = secrets
        self._keep = keep or (lambda ref, old, new: False)
        self._tell = tell or (lambda ref, kept: None)
        self._unkept: dict[tuple[str, SecretRef], _Unkept] = {}

    def current(self, settings: OAuthSettings) -> Secret:
        """The newest refresh token; a source that was changed by a person since counts more. Raises MissingSecret."""
        place, held = _place(settings), self._secrets(settings.refresh_token)
        unkept = self._unkept.get(place)
        if unkept is not None and _same(unkept.held, held):
            return unkept.newest
        self._unkept.pop(place, None)
        return held

    def replaced(self, settings: OAuthSettings, used: Secret, answer: object) -> None:
        """Take the `refresh_token` of an answer, if it is another one than was used."""
        if not isinstance(answer, str) or not 0 < len(answer) <= LONGEST or not _is_token(answer):
            return
        new, place, ref = Secret(answer), _place(settings), settings.refresh_token
        if _same(new, used):
            return
        before = self._unkept.get(place)
        held = before.held if before is not None else used
        if self._keep(ref, held, new):  # what its source holds has changed by that, which `current` notices
            self._tell(ref, True)
            return
        self._unkept[place] = _Unkept(held, new)
        if before is None:
            self._tell(ref, False)


def _place(settings: OAuthSettings) -> tuple[str, SecretRef]:
    return settings.token_url, settings.refresh_token


def _same(one: Secret, other: Secret) -> bool:
    return one.reveal() == other.reveal()


def _is_token(text: str) -> bool:
    """Whether a text is what RFC 6749 (appendix A.17) says a token is, and what a file gives back as it was."""
    return text.isascii() and text.isprintable() and " " not in text
