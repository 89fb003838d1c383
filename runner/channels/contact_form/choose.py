"""Which form of a page is the contact form, and what the others are.

A small sum of plain evidence; every weight is here. A form with a sum of `THRESHOLD` or more is a contact form unless
it is recognised as another kind (log-in, search, comment, share ...) first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from runner.channels.contact_form.document import Document
from runner.channels.contact_form.forms import Form, forms_of
from runner.channels.contact_form.lexicon import compiled
from runner.channels.contact_form.roles import Field, fields_of
from runner.channels.contact_form.text import plain, tokens
from runner.channels.contact_form.vocabulary import OTHER_PERSON, Role

THRESHOLD = 5.0


class Kind(Enum):
    """What a form is for."""

    CONTACT = "contact"
    COMMENT = "comment_form"
    SHARE = "share_form"
    LOGIN = "login"
    SEARCH = "search"
    NEWSLETTER = "newsletter"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Judged:
    """A form with its fields, its kind, and the sum and reasons behind it."""

    form: Form
    fields: tuple[Field, ...]
    kind: Kind
    score: float
    why: tuple[str, ...]

    def with_role(self, role: Role) -> tuple[Field, ...]:
        """The fields that play a role."""
        return tuple(field for field in self.fields if field.role is role)


_COMMENT_NAMES = compiled("kinds", "comment_names")
_COMMENT_WORDS = compiled("kinds", "comment_words")
_CONTACT_NAMES = compiled("kinds", "contact_names")
_CONTACT_WORDS = compiled("kinds", "contact_words")
_SHARE = compiled("kinds", "share")
_LOGIN = compiled("kinds", "login")
_ORDER = compiled("kinds", "order")
_OTHER_PURPOSE = compiled("kinds", "other_purpose")
_CONTACT_PAGE = compiled("kinds", "contact_page")
_ADDRESSED = re.compile(r"contact|kontakt|contatt|contato|feedback|inquir|enquir")
_PLUGINS = compiled("kinds", "plugins")
_ACCOUNT = compiled("kinds", "account", r"(?<!\w)", r"(?!\w)")


def judge_page(document: Document) -> tuple[Judged, ...]:
    """Every form of a page, judged."""
    title = plain(f"{document.title} {document.address.rpartition('//')[2][:200]}")
    return tuple(judge(form, title) for form in forms_of(document))


def judge(form: Form, title: str = "") -> Judged:
    """One form, its fields and what it is for. `title` is the page's title and address, folded."""
    fields = fields_of(form)
    view = _View(form, fields, title)
    if view.is_search:
        return Judged(form, fields, Kind.SEARCH, 0.0, ("search",))
    if view.is_login:
        return Judged(form, fields, Kind.LOGIN, 0.0, ("asks for a password",))
    if view.is_share:
        return Judged(form, fields, Kind.SHARE, view.total, ("sends to a third person",))
    if view.is_comment:
        return Judged(form, fields, Kind.COMMENT, view.total, ("public comment",))
    kind = Kind.CONTACT if view.total >= THRESHOLD else Kind.OTHER
    return Judged(form, fields, kind, view.total, view.reasons)


class _View:
    """The evidence of one form, gathered once."""

    def __init__(self, form: Form, fields: Sequence[Field], title: str) -> None:
        self.form = form
        self.fields = fields
        self.roles = [field.role for field in fields]
        self.signature = plain(form.signature)
        self.names = " ".join(" ".join(tokens(field.name)) for field in fields)
        self.heading = plain(form.heading)
        self.text = plain(form.text[:1500])
        self.buttons = plain(" ".join(f"{c.value} {c.words.title}" for c in form.controls if c.is_button))
        self.title = title
        self.seen = [f for f in fields if f.role is not Role.HONEYPOT]
        self.areas = [f for f in self.seen if f.first.kind == "textarea" and f.role is not Role.CAPTCHA]
        found = self._evidence()
        self.total = sum(weight for weight, _ in found)
        self.reasons = tuple(why for _, why in found)

    def _evidence(self) -> list[tuple[float, str]]:
        rules = (
            (3.0, "a message field", Role.MESSAGE in self.roles),
            (2.0, "a plugin made for it", bool(_PLUGINS.search(self.signature))),
            (-2.0, "nothing says contact", not self._says_contact),
            (
                -2.5,
                "it says another purpose",
                bool(_OTHER_PURPOSE.search(f"{self.heading} {self.title} {self.buttons}")),
            ),
            (-2.0, "an account to be made", bool(_ACCOUNT.search(self.names))),
            (-1.0, "many fields of other kinds", self.roles.count(Role.OTHER) > 8),
            (1.0, "a large text field", bool(self.areas)),
            (2.0, "an e-mail field", Role.EMAIL in self.roles),
            (1.0, "a name field", not {Role.FULL_NAME, Role.FIRST_NAME, Role.LAST_NAME}.isdisjoint(self.roles)),
            (1.0, "a subject or topic", not {Role.SUBJECT, Role.TOPIC}.isdisjoint(self.roles)),
            (2.0, "its name says contact", bool(_CONTACT_NAMES.search(self.signature))),
            (1.5, "its heading says contact", bool(_CONTACT_WORDS.search(self.heading))),
            (
                1.5,
                "the page says contact",
                bool(_CONTACT_WORDS.search(self.title) or _CONTACT_NAMES.search(self.title)),
            ),
            (0.5, "its words say contact", bool(_CONTACT_WORDS.search(f"{self.text[:300]} {self.buttons}"))),
            (-3.0, "no large text field", not self.areas),
            (
                -2.0,
                "neither e-mail nor name nor phone",
                not {Role.EMAIL, Role.FULL_NAME, Role.FIRST_NAME, Role.PHONE} & set(self.roles),
            ),
            (-2.0, "sent by GET", self.form.sends_query),
            (-3.0, "shop, registration or poll", bool(_ORDER.search(f"{self.signature} {self.names}"))),
            (-2.0, "very many fields", len(self.seen) > 25),
            (-2.0, "a file to upload", any(f.first.kind == "file" for f in self.seen) and not self._says_contact),
        )
        return [(weight, why) for weight, why, holds in rules if holds]

    @property
    def _says_contact(self) -> bool:
        return bool(
            _CONTACT_NAMES.search(self.signature)
            or _CONTACT_WORDS.search(f"{self.heading} {self.title} {self.text[:600]} {self.buttons}")
            or _CONTACT_NAMES.search(self.title)
        )

    @property
    def is_search(self) -> bool:
        if self.areas:
            return False
        kinds = {f.first.kind for f in self.seen}
        named = re.search(
            r"(?:^| )(?:q|s|search|query|keyword|keywords|suche|recherche|buscar|cerca)(?: |$)", self.names
        )
        return "search" in kinds or (named is not None and Role.EMAIL not in self.roles and len(self.seen) < 4)

    @property
    def is_login(self) -> bool:
        return any(field.first.kind == "password" for field in self.seen)

    @property
    def is_share(self) -> bool:
        others = [
            f for f in self.seen if OTHER_PERSON.search(" ".join(tokens(f.name))) and f.first.kind in {"text", "email"}
        ]
        return (len(others) > 0 and any(f.role in {Role.EMAIL, Role.FULL_NAME} for f in others)) or bool(
            _SHARE.search(self.signature)
        )

    @property
    def is_comment(self) -> bool:
        if not self.areas:
            return False
        strong = bool(_COMMENT_NAMES.search(self.signature)) and not _ADDRESSED.search(self.signature)
        words = bool(_COMMENT_WORDS.search(f"{self.heading} {self.text} {self.buttons}"))
        rating = any(
            re.search(r"rating|stars|criterion|bewertung|\brate\b", " ".join(tokens(f.name))) for f in self.fields
        )
        contact = bool(_CONTACT_WORDS.search(self.heading) or _CONTACT_PAGE.search(self.title))
        book = bool(
            re.search(
                r"guest ?book|gastebuch|гостевая|livre d'or|libro de visitas|vendegkonyv|ksiega gosci", self.title
            )
        )
        names = {field.name.lower() for field in self.fields}
        blog = {"author", "comment"} <= names or any(c.name == "comment_post_ID" for c in self.form.controls)
        return rating or book or strong or blog or (words and not contact)


def best_contact(judged: Sequence[Judged]) -> Judged | None:
    """The contact form of a page: the highest sum, the first of equals."""
    contacts = [item for item in judged if item.kind is Kind.CONTACT]
    return max(contacts, key=lambda item: (item.score, -item.form.index), default=None)
