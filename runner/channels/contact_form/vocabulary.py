"""The words of forms in some twenty languages, folded as `text.plain` folds them.

A word matches whole; `word*` matches its beginning, `*word` its end. Names of controls are split into words first, so
`your-name` is `your name` here.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from runner.channels.contact_form.lexicon import compiled, section
from runner.channels.contact_form.text import plain


class Role(Enum):
    """What a control is for."""

    FULL_NAME = "full_name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    EMAIL_CONFIRMATION = "email_confirmation"
    PHONE = "phone"
    COMPANY = "company"
    WEBSITE = "website"
    SUBJECT = "subject"
    MESSAGE = "message"
    TOPIC = "topic"
    CONSENT = "consent"
    NEWSLETTER = "newsletter"
    CAPTCHA = "captcha"
    HONEYPOT = "honeypot"
    OTHER = "other"


CONFIRM = compiled("controls", "confirm")
OTHER_PERSON = compiled("controls", "other_person")
CAPTCHA = compiled("controls", "captcha")


@cache
def pattern(role: Role) -> re.Pattern[str]:
    """The pattern of a role's words, for texts that went through `plain`."""
    return re.compile("|".join(sorted((_word(word) for word in section("fields", role.value)), key=len, reverse=True)))


def _word(word: str) -> str:
    starts, ends = word.startswith("*"), word.endswith("*")
    inner = re.escape(plain(word.strip("*"))).replace(r"\*", r"\w*").replace(r"\?", "?")
    wide = any("\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" for char in word)
    before = "" if starts or wide else r"(?<!\w)"
    after = "" if ends or wide else r"(?!\w)"
    return f"{before}{inner}{after}"
