"""What a person of the LinkedIn stand-in does, read from the public id: the vocabulary of linkedin.com/in/NAME.

A public id starts with one or more of these, joined by hyphens, and ends as it likes: `accepts-later-3`,
`already-replies-later-ada`, `once-timeout-after-send-7`.

How the person behaves (the default is `accepts-later`):
    accepts-now           accepts an invitation at once
    accepts-later         accepts after `accept_after` (an hour)
    never-accepts         leaves the invitation open
    already               is a connection from the start; the rest of the name says how it goes on
    pending               has an open invitation from the start, and leaves it open
    replies-later         accepts later, and answers a message after `reply_after` (two hours)
    opts-out              as replies-later, and the answer is `unsubscribe`
    refuses-message       accepts later; a message gets 403 "This profile can't be accessed"

What LinkedIn answers to an invitation or message for the person (reading is not touched):
    401 403 404 406 410 500 999 429
                          that status, as LinkedIn words it
    429note               429 CUSTOM_INVITE_LIMIT_REACHED to an invitation with a note; without one it goes out
    weekly-limit          429 CANT_INVITE_CONNECTION_LIMIT_REACHED
    retry-after           429 with `Retry-After: 7200`
    challenge             302 to /checkpoint/challenge
    checkpoint            403 with a page that asks for a CAPTCHA
    html                  200 with the login page
    redirect              302 to the same address
    ends-session          302 to the login page, and the session cookie is deleted
    garbage               200 with text that is no JSON
    huge                  5 MB of JSON with the success status
    timeout-after-send    takes it, never answers, and closes the connection after `hold`
    lost-before-send      closes the connection without taking it
    drips                 takes it, and answers one byte at a time without end
    once                  in front of another: only the first POST for the person meets it
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import Enum


class Temper(Enum):
    """How a person behaves."""

    ACCEPTS_NOW = "accepts-now"
    ACCEPTS_LATER = "accepts-later"
    NEVER_ACCEPTS = "never-accepts"
    REPLIES_LATER = "replies-later"
    OPTS_OUT = "opts-out"
    REFUSES_MESSAGE = "refuses-message"


class Fault(Enum):
    """What LinkedIn answers for a person."""

    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    NOT_ACCEPTABLE = "406"
    GONE = "410"
    SERVER_ERROR = "500"
    DENIED = "999"
    NOTE_LIMIT = "429note"
    TOO_MANY = "429"
    WEEKLY_LIMIT = "weekly-limit"
    RETRY_AFTER = "retry-after"
    CHALLENGE = "challenge"
    CHECKPOINT = "checkpoint"
    LOGIN_PAGE = "html"
    REDIRECT = "redirect"
    ENDS_SESSION = "ends-session"
    GARBAGE = "garbage"
    HUGE = "huge"
    TIMEOUT_AFTER_SEND = "timeout-after-send"
    LOST_BEFORE_SEND = "lost-before-send"
    DRIPS = "drips"


TAKEN = frozenset({Fault.HUGE, Fault.TIMEOUT_AFTER_SEND, Fault.DRIPS})
"""The faults under which the invitation or message is taken all the same."""

_ONCE, _CONNECTED, _INVITED = "once", "already", "pending"
_WORDS: dict[str, Temper | Fault] = {item.value: item for item in (*Temper, *Fault)}


@dataclass(frozen=True, slots=True)
class Fate:
    """What a public id says. `connected` and `invited` are how things stand from the start."""

    temper: Temper = Temper.ACCEPTS_LATER
    fault: Fault | None = None
    once: bool = False
    connected: bool = False
    invited: bool = False


def fate_of(public_id: str) -> Fate:
    """Read the words at the start of a public id, longest first."""
    temper: Temper | None = None
    fault: Fault | None = None
    words: set[str] = set()
    rest = public_id.lower()
    while rest:
        word = next((word for word in _LONGEST_FIRST if rest == word or rest.startswith(f"{word}-")), None)
        if word is None:
            break
        rest = rest[len(word) + 1 :]
        words.add(word)
        match _WORDS.get(word):
            case Temper() as found:
                temper = found
            case Fault() as fault:
                pass
    invited = _INVITED in words
    temper = temper or (Temper.NEVER_ACCEPTS if invited else Temper.ACCEPTS_LATER)
    return Fate(temper, fault, _ONCE in words, _CONNECTED in words, invited)


_LONGEST_FIRST = sorted((*_WORDS, _ONCE, _CONNECTED, _INVITED), key=len, reverse=True)
_ID_START = "ACoAA"


def profile_id(public_id: str) -> str:
    """The id in a person's profile URN; the public id can be read back from it."""
    return _ID_START + base64.urlsafe_b64encode(public_id.encode()).decode().rstrip("=")


def public_id(profile: str) -> str:
    """The public id behind a profile id; an id that was not made here stands for itself."""
    coded = profile.removeprefix(_ID_START)
    try:
        return base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return profile
