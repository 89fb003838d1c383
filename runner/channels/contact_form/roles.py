"""What each control of a form is for, judged by its autocomplete, type, name, label and the words around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.channels.contact_form.forms import TEXT_TYPES, Control, Form
from runner.channels.contact_form.lexicon import compiled
from runner.channels.contact_form.text import plain, tokens
from runner.channels.contact_form.vocabulary import CAPTCHA, CONFIRM, OTHER_PERSON, Role, pattern

_AUTOCOMPLETE = {
    "name": Role.FULL_NAME, "given-name": Role.FIRST_NAME, "family-name": Role.LAST_NAME, "email": Role.EMAIL,
    "tel": Role.PHONE, "tel-national": Role.PHONE, "organization": Role.COMPANY, "url": Role.WEBSITE,
}  # fmt: skip
_TYPES = {"email": Role.EMAIL, "tel": Role.PHONE, "url": Role.WEBSITE}
_ONE_LINE = (
    Role.FULL_NAME, Role.FIRST_NAME, Role.LAST_NAME, Role.EMAIL, Role.PHONE, Role.COMPANY, Role.WEBSITE, Role.SUBJECT,
    Role.MESSAGE,
)  # fmt: skip
_NOT_A_NAME = compiled("controls", "not_a_name")
_NOT_EMAIL = compiled("controls", "not_email")
_ADDRESS = compiled("controls", "address")


@dataclass(frozen=True, slots=True)
class Field:
    """Controls that share a name, and the role they play together."""

    name: str
    role: Role
    controls: tuple[Control, ...]
    why: str = ""

    @property
    def first(self) -> Control:
        """The first of its controls, which speaks for all of them."""
        return self.controls[0]

    @property
    def required(self) -> bool:
        """Whether the page asks for it."""
        return any(control.required for control in self.controls)


def fields_of(form: Form) -> tuple[Field, ...]:
    """The form's fields with their roles, in order."""
    groups: dict[str, list[Control]] = {}
    for number, control in enumerate(form.entries):
        groups.setdefault(control.name or control.id or f"#{number}", []).append(control)
    shared = _shared_prefix([key for key in groups if not key.startswith("#")])
    found = [_field(name, tuple(controls), shared) for name, controls in groups.items()]
    return tuple(_settle(found))


def _field(name: str, controls: tuple[Control, ...], shared: int) -> Field:
    first = controls[0]
    role, why = _special(name, first)
    if role is None:
        if first.is_choice or first.kind == "select":
            role, why = _choice(name, controls, shared)
        elif first.kind in TEXT_TYPES:
            role, why = _typed(name, first, shared)
        else:
            role, why = Role.OTHER, first.kind
    return Field(name, role, controls, why)


def _special(name: str, control: Control) -> tuple[Role | None, str]:
    """CAPTCHA answers and traps, which come before everything else."""
    words = control.words
    said = plain(f"{' '.join(tokens(name))} {control.id} {words.label} {words.aria} {words.placeholder} {words.title}")
    near = "" if words.label or control.kind == "textarea" else plain(words.before[-100:] or words.after[:40])
    if control.kind in {"text", "number", "tel", "textarea", "password"}:
        if CAPTCHA.search(said) or CAPTCHA.search(near) or re.search(r"captcha", plain(words.classes)):
            return Role.CAPTCHA, "asks for a proof of being human"
        if re.fullmatch(r"(?:vv?code|code|scode|seccode|verif\w*|security|answer|quiz|captcha\w*)", name.lower()):
            return Role.CAPTCHA, "name"
    if control.hidden:
        return Role.HONEYPOT, f"hidden: {control.hidden}"
    return None, ""


def _typed(name: str, control: Control, shared: int) -> tuple[Role, str]:
    hint = _AUTOCOMPLETE.get(control.autocomplete.split()[-1] if control.autocomplete else "")
    scores = _scores(name, control, shared)
    if hint is not None:
        scores[hint] = scores.get(hint, 0.0) + 8
    if control.kind in _TYPES:
        kind = _TYPES[control.kind]
        scores[kind] = scores.get(kind, 0.0) + 7
    if control.kind == "textarea":
        scores[Role.MESSAGE] = scores.get(Role.MESSAGE, 0.0) + 5
    best = max(scores, key=lambda role: scores[role], default=Role.OTHER)
    if scores.get(best, 0.0) < 2:
        return Role.OTHER, "no known words"
    return best, f"{best.value} {scores[best]:.0f}"


def _scores(name: str, control: Control, shared: int) -> dict[Role, float]:
    words = control.words
    own = _own_words(name, shared)
    sources = [
        (own, 4.0), (" ".join(tokens(control.id)), 1.0), (plain(words.label), 5.0), (plain(words.aria), 4.0),
        (plain(words.placeholder), 4.0), (plain(words.title), 3.0),
    ]  # fmt: skip
    if not words.label:
        sources.append((plain(words.before)[-50:], 3.5))
        if not words.before:
            sources.append((plain(words.after)[:40], 2.5))
    scores: dict[Role, float] = {}
    for text, weight in sources:
        for role, share in _matches(text).items():
            scores[role] = scores.get(role, 0.0) + weight * share
    return scores


def _matches(text: str) -> Mapping[Role, float]:
    """How well each role's words fit a text; longer matches near its start weigh more."""
    if not text:
        return {}
    found: dict[Role, float] = {}
    for role in _ONE_LINE:
        match = pattern(role).search(text)
        if match is None:
            continue
        if role is Role.FULL_NAME and _NOT_A_NAME.search(text):
            continue
        if role is Role.EMAIL and _NOT_EMAIL.search(text):
            continue
        cover = len(match[0]) / max(len(text), 1)
        found[role] = 0.6 + 0.4 * cover + (0.2 if match.start() == 0 else 0.0)
    if _ADDRESS.search(text) and Role.EMAIL not in found:
        found = {role: share * 0.3 for role, share in found.items()}
    return found


def _choice(name: str, controls: Sequence[Control], shared: int) -> tuple[Role, str]:
    """Selects, radio buttons and boxes."""
    first = controls[0]
    words = first.words
    own = _own_words(name, shared)
    if first.kind == "checkbox":
        said = plain(f"{own} {words.label} {words.after} {words.aria} {words.title}")
        if pattern(Role.NEWSLETTER).search(said):
            return Role.NEWSLETTER, "newsletter words"
        if pattern(Role.CONSENT).search(said) and len(controls) == 1:
            return Role.CONSENT, "consent words"
    said = plain(
        f"{own} | {words.group} | {words.label if first.kind == 'select' else ''} | {words.before} | {words.aria}"
    )
    if _ADDRESS.search(said):
        return Role.OTHER, "not about the message"
    if pattern(Role.TOPIC).search(said) or pattern(Role.SUBJECT).search(said):
        return Role.TOPIC, "topic words"
    return Role.OTHER, "a choice of another kind"


def _settle(fields: list[Field]) -> list[Field]:
    """Make the roles of a form fit together: one message, one e-mail and its repetition, names that pair up."""
    fields = _emails(fields)
    fields = _names(fields)
    return _messages(fields)


def _emails(fields: list[Field]) -> list[Field]:
    seen = False
    for number, field in enumerate(fields):
        if field.role is not Role.EMAIL:
            continue
        words = field.first.words
        said = plain(f"{' '.join(tokens(field.name))} {words.spoken} {'' if words.label else words.before[-40:]}")
        if OTHER_PERSON.search(said):
            continue
        if (seen and CONFIRM.search(said)) or (
            CONFIRM.search(said) and any(f.role is Role.EMAIL for f in fields[number + 1 :])
        ):
            fields[number] = Field(field.name, Role.EMAIL_CONFIRMATION, field.controls, "e-mail once more")
        seen = True
    return fields


def _names(fields: list[Field]) -> list[Field]:
    roles = [field.role for field in fields]
    if Role.LAST_NAME in roles and Role.FIRST_NAME not in roles and Role.FULL_NAME in roles:
        number = roles.index(Role.FULL_NAME)
        fields[number] = Field(fields[number].name, Role.FIRST_NAME, fields[number].controls, "beside a last name")
    elif Role.FIRST_NAME in roles and Role.LAST_NAME not in roles and Role.FULL_NAME in roles:
        number = roles.index(Role.FULL_NAME)
        fields[number] = Field(fields[number].name, Role.LAST_NAME, fields[number].controls, "beside a first name")
    elif Role.FIRST_NAME in roles and Role.LAST_NAME not in roles:
        number = roles.index(Role.FIRST_NAME)
        first = fields[number].first
        if not re.search(r"first|given|vorname|prenom|fname", plain(f"{first.name} {first.words.spoken}")):
            fields[number] = Field(fields[number].name, Role.FULL_NAME, fields[number].controls, "the only name")
    return fields


def _messages(fields: list[Field]) -> list[Field]:
    """Of several message fields the best textarea keeps the role; one-line texts give it up."""
    number = [n for n, field in enumerate(fields) if field.role is Role.MESSAGE]
    areas = [n for n in number if fields[n].first.kind == "textarea"]
    if not number:
        spare = [
            n
            for n, f in enumerate(fields)
            if f.first.kind == "textarea" and f.role not in {Role.CAPTCHA, Role.HONEYPOT}
        ]
        if len(spare) == 1:
            field = fields[spare[0]]
            fields[spare[0]] = Field(field.name, Role.MESSAGE, field.controls, "the only large field")
        return fields
    keep = max(areas or number, key=lambda n: _strength(fields[n]))
    for n in number:
        if n != keep:
            fields[n] = Field(
                fields[n].name, _second_best(fields[n]), fields[n].controls, "another field is the message"
            )
    return fields


def _strength(field: Field) -> float:
    match = re.search(r"(\d+)$", field.why)
    return float(match[1]) if match else 0.0


def _second_best(field: Field) -> Role:
    scores = _scores(field.name, field.first, 0)
    scores.pop(Role.MESSAGE, None)
    best = max(scores, key=lambda role: scores[role], default=Role.OTHER)
    enough = 3 if field.first.kind == "textarea" else 2
    return best if scores.get(best, 0.0) >= enough else Role.OTHER


def _own_words(name: str, shared: int) -> str:
    """The words of a name without what it shares with all others, or with the parts ASP.NET puts before it."""
    words = tokens(name.rpartition("$")[2] or name) if "$" in name else tokens(name)[shared:]
    return " ".join(words or tokens(name))


def _shared_prefix(names: Sequence[str]) -> int:
    """How many leading words all names share, as in `contact[name]`, `contact[email]`."""
    split = [tokens(name) for name in names if len(tokens(name)) > 1]
    if len(split) < 3 or len(split) < len(names) - 1:
        return 0
    count = 0
    while all(len(words) > count + 1 and words[count] == split[0][count] for words in split):
        count += 1
    return count
