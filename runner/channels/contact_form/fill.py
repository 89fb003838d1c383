"""Values for a form's fields: what the sender may honestly say, and what stands in the way of sending."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.channels.contact_form.forms import Control
from runner.channels.contact_form.inspection import would_fill
from runner.channels.contact_form.lexicon import compiled
from runner.channels.contact_form.roles import Field
from runner.channels.contact_form.settings import Sender
from runner.channels.contact_form.text import plain
from runner.channels.contact_form.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said, and by whom. `answers` are values by field name, from a recipe or
    the account; `kept` are the fields that a recipe leaves as the page has them.
    """

    sender: Sender
    subject: str
    message: str
    answers: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A field that cannot be filled honestly: `reason` is a slug."""

    field: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Filling:
    """The values chosen by field name, the boxes ticked (name, value), and what stands in the way."""

    values: Mapping[str, str]
    ticked: frozenset[tuple[str, str]]
    unticked: frozenset[str]
    obstacles: tuple[Obstacle, ...]


class _Draft:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.ticked: set[tuple[str, str]] = set()
        self.unticked: set[str] = set()
        self.obstacles: list[Obstacle] = []

    def block(self, target: Field, reason: str, text: str) -> None:
        self.obstacles.append(Obstacle(target.name, reason, text))


def fill(fields: Sequence[Field], letter: Letter) -> Filling:
    """Choose a value for every field that gets one. Traps and optional extras stay as the page has them."""
    draft = _Draft()
    for item in fields:
        if item.name in letter.kept:
            continue
        if item.name in letter.answers:
            _answer(draft, item, letter.answers[item.name])
        elif item.role is Role.HONEYPOT or all(c.disabled or c.readonly for c in item.controls):
            continue
        elif item.role is Role.NEWSLETTER and item.first.kind == "checkbox":
            _newsletter(draft, item)
        elif item.first.is_choice or item.first.kind == "select":
            _choose(draft, item, letter.sender)
        elif would_fill(item):
            _write(draft, item, _value(item.role, letter))
        elif item.required and not item.first.value:
            draft.block(item, "required_field", f"the form requires `{_called(item)}`, which nothing is known for")
    if not any(item.role is Role.MESSAGE or letter.message in draft.values.get(item.name, "") for item in fields):
        draft.obstacles.append(Obstacle("", "no_message_field", "the form has no place for a message"))
    return Filling(draft.values, frozenset(draft.ticked), frozenset(draft.unticked), tuple(draft.obstacles))


def _value(role: Role, letter: Letter) -> str:
    sender = letter.sender
    values = {
        Role.FULL_NAME: sender.full, Role.FIRST_NAME: sender.given, Role.LAST_NAME: sender.family,
        Role.EMAIL: sender.email, Role.EMAIL_CONFIRMATION: sender.email, Role.PHONE: sender.phone,
        Role.COMPANY: sender.company, Role.WEBSITE: sender.website, Role.SUBJECT: letter.subject,
        Role.MESSAGE: letter.message,
    }  # fmt: skip
    return values.get(role, "")


def _write(draft: _Draft, item: Field, value: str) -> None:
    control = item.first
    if not value:
        if item.required:
            draft.block(item, "required_field", f"the form requires `{_called(item)}`, which the sender does not give")
        return
    if control.maxlength is not None and len(value.replace("\n", "\r\n")) > control.maxlength:
        draft.block(item, "too_long", f"`{_called(item)}` takes {control.maxlength} characters, not {len(value)}")
        return
    if control.minlength is not None and len(value) < control.minlength:
        draft.block(item, "too_short", f"`{_called(item)}` wants at least {control.minlength} characters")
        return
    if not _fits(control, value):
        if item.required or item.role is Role.MESSAGE:
            draft.block(item, "pattern", f"`{_called(item)}` wants the form {control.pattern or control.kind}")
        return
    draft.values[item.name] = value


def _fits(control: Control, value: str) -> bool:
    if control.kind == "number" and not re.fullmatch(r"-?\d+(?:\.\d+)?", value):
        return False
    if control.kind == "url" and not re.match(r"https?://", value):
        return False
    if control.pattern is None or control.kind == "textarea" or len(control.pattern) > 500 or len(value) > 500:
        return True
    try:
        return re.fullmatch(f"(?:{control.pattern})", value) is not None
    except (re.error, OverflowError):
        return True


def _answer(draft: _Draft, item: Field, value: str) -> None:
    if item.first.is_choice:
        chosen = next((c for c in item.controls if value in {c.value, c.words.label, c.words.after}), None)
        if chosen is not None:
            draft.ticked.add((item.name, chosen.value))
            return
    elif item.first.kind == "select":
        option = next((o for o in item.first.options if value in {o.value, o.text}), None)
        if option is not None:
            draft.values[item.name] = option.value
            return
    else:
        draft.values[item.name] = value
        return
    draft.block(item, "recipe", f"`{item.name}` has no choice `{value}`")


def _newsletter(draft: _Draft, item: Field) -> None:
    draft.unticked.add(item.name)
    if item.required:
        draft.block(item, "required_field", f"the form requires a subscription: `{_called(item)}`")


def _choose(draft: _Draft, item: Field, sender: Sender) -> None:
    first = item.first
    if first.kind == "select":
        _choose_option(draft, item, sender)
        return
    if not item.required or any(control.checked for control in item.controls):
        return
    if item.role is Role.CONSENT and first.kind == "checkbox":
        if sender.consent:
            draft.ticked.add((item.name, first.value))
        else:
            draft.block(item, "required_field", f"the form requires consent: `{_called(item)}`")
        return
    usable = [c for c in item.controls if not c.disabled and not c.hidden]
    texts = [c.words.label or c.words.after or c.value for c in usable]
    number = _general(texts, sender.topic) if item.role is Role.TOPIC else None
    if number is None:
        draft.block(item, "required_field", f"the form requires a choice that is not ours to make: `{_called(item)}`")
    else:
        draft.ticked.add((item.name, usable[number].value))


def _choose_option(draft: _Draft, item: Field, sender: Sender) -> None:
    options = [o for o in item.first.options if o.value.strip() and not o.disabled and not _is_prompt(o.text)]
    preset = next((o for o in item.first.options if o.selected), None)
    if preset is not None and preset in options and not sender.topic:
        return
    wanted = item.required or item.role is Role.TOPIC
    number = _general([o.text for o in options], sender.topic) if item.role is Role.TOPIC else None
    if number is not None and wanted:
        draft.values[item.name] = options[number].value
    elif item.required and item.role is Role.TOPIC and len(options) == 1:
        draft.values[item.name] = options[0].value
    elif item.required and (preset is None or preset not in options) and _first_is_prompt(item.first):
        draft.block(item, "required_field", f"the form requires a choice that is not ours to make: `{_called(item)}`")


_GENERAL = tuple(compiled("topics", name) for name in ("partnership", "general", "other", "commercial"))
_PROMPT = compiled("topics", "prompt", r"(?:[-–—.\s]+|\W*", r"\b.*)$")


def _general(texts: Sequence[str], wanted: str) -> int | None:
    """The choice that commits to least: the sender's own words first, then general ones."""
    folded = [plain(text) for text in texts]
    own = (re.compile(re.escape(plain(wanted))),) if wanted else ()
    for expression in (*own, *_GENERAL):
        for number, text in enumerate(folded):
            if expression.search(text):
                return number
    return None


def _is_prompt(text: str) -> bool:
    return not text.strip() or _PROMPT.match(plain(text)) is not None


def _first_is_prompt(control: Control) -> bool:
    first = control.options[0] if control.options else None
    return first is None or not first.value.strip() or _is_prompt(first.text)


def _called(item: Field) -> str:
    return (item.first.words.spoken or item.first.words.before or item.name).strip()[:80]
